//! Training on several threads.

use core::fmt;

use super::awake::awake;
use super::predict::sum_of_losses_by_halves;
use super::tensor::{Add, Part, Role};
use super::{AWAKE, PARAMETERS, STEP, STEP_PER_PARAMETER};
use crate::error::{LengthError, NonFinite};
use crate::kernel::{Task, dispatch};
use crate::optimizer::Update;
use crate::trainer::{Pass, epoch, is_finite, one_by_one};
use crate::{Clip, Float, Layer, Loss, Machine, Optimizer, Store, Tape, Zero};

/// A [`Trainer`](crate::Trainer) whose steps use several cores: batches of `B`, of which each of
/// `THREADS` threads takes an equal share, `PART` samples at a time.
///
/// It is used like a [`Trainer`](crate::Trainer) and gives the same results but for rounding:
/// `Trainer::<Net, _, _, 128>` becomes `ParallelTrainer::<Net, _, _, 128, 64, 2>`. `B` must be a
/// multiple of `PART · THREADS`. A smaller `PART` needs less memory and more passes over the
/// gradient; usually it is `B / THREADS`.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Adam, CrossEntropy, Class, Dense, ParallelTrainer, Relu, boxed, net};
///
/// type Net = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
/// type NetTrainer = ParallelTrainer<Net, CrossEntropy, Adam, 128, 64, 2>;
///
/// let mut net = boxed!(Net::ZERO);
/// net.init(&mut rand::rngs::SmallRng::seed_from_u64(1));
/// let mut trainer = boxed!(NetTrainer::new(CrossEntropy::new(), Adam::new(1e-3)));
///
/// let inputs = vec![[0.5; 784]; 1000];
/// let labels = vec![Class::new(7)?; 1000];
/// let before = trainer.evaluate(&net, &inputs, &labels)?;
/// trainer.epoch(&mut net, &inputs, &labels)?;
/// assert!(trainer.evaluate(&net, &inputs, &labels)? < before);
/// # use rand::SeedableRng;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Batches that cannot be shared out do not compile:
///
/// ```compile_fail
/// # use constgrad::{Dense, MeanSquaredError, ParallelTrainer, Sgd};
/// type Net = Dense<2, 1>;
/// // a batch must be a multiple of PART · THREADS samples
/// let trainer = ParallelTrainer::<Net, _, _, 100, 32, 2>::new(MeanSquaredError, Sgd::new(0.1));
/// ```
///
/// # Threads
///
/// The threads are those of the [rayon] pool that the caller is in, the global one by default.
/// `THREADS` says into how many shares a batch is split, each with a gradient of its own. The
/// gradients are added in an order that the types fix: a pool with more or fewer threads gives
/// the same bits.
///
/// Within the pool a step allocates nothing: do the whole training in [`rayon::ThreadPool::install`],
/// or in a pool built with [`rayon::ThreadPoolBuilder::use_current_thread`]. A thread outside
/// hands each call over to the pool and sleeps until it is done, which costs some microseconds and,
/// in rayon's queue, one allocation in 63 calls; [`epoch`](Self::epoch) is one such call.
///
/// In a pool of no more than `THREADS` threads those without a part of a step of 2²⁰ multiply-accumulates
/// or more look for one without sleeping. As wherever threads of rayon wait for each other, they do
/// whatever else the pool has to do meanwhile, and the step may wait for that: hold no lock during a step
/// that another job of the pool waits for. A pool of `THREADS` threads that does nothing else is the
/// quickest.
///
/// A batch of fewer multiply-accumulates ([`Shape::MACS`](crate::Shape::MACS) · `B`) than 2¹⁸ and
/// 24 for each parameter would not gain: it is taken on the caller's thread alone, which the
/// compiler decides ([`SPLITS`](Self::SPLITS)).
pub struct ParallelTrainer<
    N: Layer,
    L: Loss<N::Output>,
    O: Optimizer,
    const B: usize,
    const PART: usize,
    const THREADS: usize,
> {
    /// The loss.
    pub loss: L,
    /// The optimizer, whose learning rate may be set from a [schedule](crate::schedule).
    pub optimizer: O,
    /// How gradients are clipped before they are used, if they are.
    pub clip: Option<Clip>,
    state: O::State<N>,
    /// The gradient of the batch ends up in the first.
    shares: [Share<N, PART>; THREADS],
}

/// What one share of a batch is worked on with.
struct Share<N: Layer, const PART: usize> {
    gradient: N,
    tape: Tape<N, PART>,
}

impl<N: Layer, const PART: usize> Zero for Share<N, PART> {
    const ZERO: Self = Share { gradient: N::ZERO, tape: Tape::ZERO };
}

impl<N, L, O, const B: usize, const PART: usize, const THREADS: usize> fmt::Debug
    for ParallelTrainer<N, L, O, B, PART, THREADS>
where
    N: Layer,
    L: Loss<N::Output> + fmt::Debug,
    O: Optimizer + fmt::Debug,
{
    /// Without the state, which is as large as the network: [`state`](ParallelTrainer::state) has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ParallelTrainer");
        debug.field("loss", &self.loss).field("optimizer", &self.optimizer);
        debug.field("clip", &self.clip).finish_non_exhaustive()
    }
}

impl<N, L, O, const B: usize, const PART: usize, const THREADS: usize>
    ParallelTrainer<N, L, O, B, PART, THREADS>
where
    N: Layer,
    L: Loss<N::Output>,
    O: Optimizer,
{
    /// Bytes that training needs: the network, and the trainer with its gradients, optimizer
    /// state, activations, and derivatives by the largest two neighbours. A shorter batch
    /// ([`step_partial`](Self::step_partial)) has the activations of one sample on the stack of
    /// each thread too.
    pub const RAM: usize = size_of::<N>() + size_of::<Self>();

    /// Whether a step is split: whether there is enough to do.
    pub const SPLITS: bool = THREADS > 1 && Self::is_enough(B);

    /// Whether there is enough to do for so many samples.
    const fn is_enough(samples: usize) -> bool {
        let least = N::PARAMS.saturating_mul(STEP_PER_PARAMETER).saturating_add(STEP);
        N::MACS.saturating_mul(samples) >= least
    }

    /// A trainer before its first step, without gradient clipping.
    pub const fn new(loss: L, optimizer: O) -> Self {
        const {
            assert!(B > 0, "a batch of 0 samples trains nothing");
            assert!(
                PART > 0 && THREADS > 0 && B.is_multiple_of(PART * THREADS),
                "a batch must be a multiple of PART · THREADS samples"
            );
        }
        ParallelTrainer { loss, optimizer, clip: None, state: Zero::ZERO, shares: Zero::ZERO }
    }

    /// The gradient of the last step, after clipping.
    pub fn gradient(&self) -> &N {
        &self.shares[0].gradient
    }

    /// The state of the optimizer.
    pub fn state(&self) -> &O::State<N> {
        &self.state
    }

    /// The state of the optimizer, to be changed.
    pub fn state_mut(&mut self) -> &mut O::State<N> {
        &mut self.state
    }
}

impl<N, L, O, const B: usize, const PART: usize, const THREADS: usize>
    ParallelTrainer<N, L, O, B, PART, THREADS>
where
    N: Layer<Input: Sync, Output: Send, Tape<PART>: Send> + Send + Sync,
    L: Loss<N::Output, Target: Sync> + Send + Sync,
    O: Optimizer<State<N>: Send> + Send,
{
    /// One training step on a batch. Returns its mean loss, from before the step.
    ///
    /// As [`Trainer::step`](crate::Trainer::step).
    pub fn step(
        &mut self,
        net: &mut N,
        inputs: &[N::Input; B],
        targets: &[L::Target; B],
    ) -> L::Scalar {
        Self::awake_on_the_pool(|| {
            let loss = self.pass(net, inputs, targets);
            self.update(net, Self::SHARES);
            loss
        })
    }

    /// As [`step`](Self::step), but a loss or a gradient that is infinite or NaN changes nothing.
    ///
    /// # Errors
    /// [`NonFinite`] with the loss; the network and the optimizer's state are as before.
    pub fn step_checked(
        &mut self,
        net: &mut N,
        inputs: &[N::Input; B],
        targets: &[L::Target; B],
    ) -> Result<L::Scalar, NonFinite<L::Scalar>> {
        Self::awake_on_the_pool(|| {
            let loss = self.pass(net, inputs, targets);
            add_up(&mut self.shares[..Self::SHARES]);
            if !loss.is_finite() || !is_finite(&mut self.shares[0].gradient) {
                return Err(NonFinite { loss });
            }
            self.update(net, 1);
            Ok(loss)
        })
    }

    /// One training step on a shorter batch, such as the last of an epoch: 1 to `B` samples.
    ///
    /// The samples are shared out evenly, and each thread takes its own one by one: the gradient,
    /// the mean over the samples given, differs from that of a full step by rounding only. A
    /// [`Tape`] for one sample is on the stack of each thread meanwhile.
    ///
    /// # Errors
    /// [`LengthError`] if there are no samples or more than `B`, or more or fewer targets than
    /// inputs; the network is as before.
    pub fn step_partial(
        &mut self,
        net: &mut N,
        inputs: &[N::Input],
        targets: &[L::Target],
    ) -> Result<L::Scalar, LengthError> {
        LengthError::check_range("inputs", inputs.len(), 1, B)?;
        LengthError::check("targets", targets.len(), inputs.len())?;
        let scale = L::Scalar::from_f64(1.0 / inputs.len() as f64);
        let shares = if Self::is_enough(inputs.len()) { THREADS.min(inputs.len()) } else { 1 };
        Ok(Self::on_the_pool(|| {
            let (net_before, loss) = (&*net, &self.loss);
            let sum =
                share_out(0, &mut self.shares[..shares], inputs, targets, &|_, share, x, y| {
                    one_by_one(net_before, loss, x, y, scale, &mut share.gradient)
                });
            self.update(net, shares);
            sum * scale
        }))
    }

    /// One pass over all samples in batches of `B`, the last of which may be shorter. Returns the
    /// mean loss of the samples, each from before its step.
    ///
    /// # Errors
    /// [`LengthError`] if there are no samples, or more or fewer targets than inputs; the network
    /// is as before.
    pub fn epoch(
        &mut self,
        net: &mut N,
        inputs: &[N::Input],
        targets: &[L::Target],
    ) -> Result<L::Scalar, LengthError> {
        Self::on_the_pool(|| {
            epoch(inputs, targets, B, |x, targets| match (x.as_array(), targets.as_array()) {
                (Some(x), Some(targets)) => Ok(self.step(net, x, targets)),
                _ => self.step_partial(net, x, targets),
            })
        })
    }

    /// The mean loss of any number of samples, without training; on several threads if there are
    /// enough of them.
    ///
    /// # Errors
    /// [`LengthError`] if there are no samples, or more or fewer targets than inputs.
    pub fn evaluate(
        &self,
        net: &N,
        inputs: &[N::Input],
        targets: &[L::Target],
    ) -> Result<L::Scalar, LengthError> {
        LengthError::check_range("inputs", inputs.len(), 1, usize::MAX)?;
        LengthError::check("targets", targets.len(), inputs.len())?;
        let sum = sum_of_losses_by_halves(net, &self.loss, inputs, targets);
        Ok(sum / L::Scalar::from_f64(inputs.len() as f64))
    }

    /// Does `work` on a thread of the pool: at once if the caller's is one, or if nothing is to
    /// be split.
    fn on_the_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
        if Self::SPLITS { rayon::scope(|_| work()) } else { work() }
    }

    /// As [`on_the_pool`](Self::on_the_pool), for a full batch, whose splits threads are awake for if
    /// that is worth it.
    fn awake_on_the_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
        let is_worth_it = const { Self::SPLITS && N::MACS.saturating_mul(B) >= AWAKE };
        Self::on_the_pool(|| if is_worth_it { awake(THREADS, work) } else { work() })
    }

    /// Into how many shares a full batch is split.
    const SHARES: usize = if Self::SPLITS { THREADS } else { 1 };

    /// Forward, loss and backward. Gives the mean loss; the gradient is yet to be [added
    /// up](add_up).
    fn pass(&mut self, net: &N, inputs: &[N::Input; B], targets: &[L::Target; B]) -> L::Scalar {
        let scale = L::Scalar::from_f64(1.0 / B as f64);
        let (inputs, _) = inputs.as_chunks::<PART>();
        let (targets, _) = targets.as_chunks::<PART>();
        let loss = &self.loss;
        let network = [&raw const *net, (&raw const *net).wrapping_add(1)].map(<*const N>::addr);
        let work = |index, share: &mut Share<N, PART>, x: &[_], targets: &[_]| {
            let mut sum = L::Scalar::ZERO;
            let mut store = Store::Overwrite;
            let mut left = x.len();
            for (x, targets) in x.iter().zip(targets) {
                left -= 1;
                let Share { gradient, tape } = &mut *share;
                let pass = Pass { tape, net, loss, x, targets, share: scale, gradient, store };
                let last = Self::SPLITS && left == 0;
                let part = Part { index, of: THREADS };
                let role = if last { Role::LastPass { part, network } } else { Role::Alone };
                sum += role.play(|| dispatch(pass));
                store = Store::Add;
            }
            sum
        };
        let sum = share_out(0, &mut self.shares[..Self::SHARES], inputs, targets, &work);
        sum * scale
    }

    /// Adds up the gradients of so many shares, clips the sum and changes the network.
    fn update(&mut self, net: &mut N, shares: usize) {
        let ParallelTrainer { optimizer, clip, state, shares: all, .. } = self;
        let mut shares = &mut all[..shares];
        // Where no tensor is split it takes longer to add them up in the update's pass.
        if clip.is_some() || N::PARAMS < 2 * PARAMETERS {
            add_up(shares);
            shares = &mut shares[..1];
        }
        let role = if Self::SPLITS { Role::Update(THREADS) } else { Role::Alone };
        if let Some((gradient, other)) = halves(shares) {
            let update = UpdateAlongSum { optimizer, net, gradient, other, state };
            role.play(|| dispatch(update));
        } else {
            let gradient = &mut shares[0].gradient;
            let update = Update { optimizer, clip: *clip, net, gradient, state };
            role.play(|| dispatch(update));
        }
    }
}

/// Changes the network along the sum of two gradients, which is left in the first.
struct UpdateAlongSum<'a, N: Layer, O: Optimizer> {
    optimizer: &'a O,
    net: &'a mut N,
    gradient: &'a mut N,
    other: &'a mut N,
    state: &'a mut O::State<N>,
}

impl<N: Layer, O: Optimizer> Task for UpdateAlongSum<'_, N, O> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let UpdateAlongSum { optimizer, net, gradient, other, state } = self;
        optimizer.step_along_sum::<M, N>(net, gradient, other, state);
    }
}

/// The gradients of the two halves of the shares, unless there is one share alone.
fn halves<N: Layer, const PART: usize>(shares: &mut [Share<N, PART>]) -> Option<(&mut N, &mut N)> {
    let (first, second) = shares.split_at_mut(shares.len() / 2);
    Some((&mut first.first_mut()?.gradient, &mut second.first_mut()?.gradient))
}

/// Adds the gradient of the second half of the shares to that of the first.
fn add_up<N: Layer, const PART: usize>(shares: &mut [Share<N, PART>]) {
    let count = shares.len();
    if let Some((sum, other)) = halves(shares) {
        Role::Update(count).play(|| dispatch(Add { sum, other }));
    }
}

/// Gives each share, which are counted from `first`, an equal number of samples, or of parts of a
/// batch, for `work`, which sets its gradient and returns a sum of losses. Gives the sum of sums; the
/// gradients of the two halves of the shares are yet to be [added up](add_up). There are no fewer
/// samples than shares.
///
/// Sums are those of the first half of the shares plus those of the other half, whichever is
/// ready first.
fn share_out<N, X, Y, T, const PART: usize>(
    first: usize,
    shares: &mut [Share<N, PART>],
    x: &[X],
    y: &[Y],
    work: &(impl Fn(usize, &mut Share<N, PART>, &[X], &[Y]) -> T + Sync),
) -> T
where
    N: Layer<Output: Send, Tape<PART>: Send> + Send,
    X: Sync,
    Y: Sync,
    T: Float,
{
    if let [share] = shares {
        return work(first, share, x, y);
    }
    let count = shares.len();
    let half = count / 2;
    let samples = x.len() * half / count;
    let (shares, shares_b) = shares.split_at_mut(half);
    let ((x, x_b), (y, y_b)) = (x.split_at(samples), y.split_at(samples));
    let of_half = |first, shares: &mut _, x, y| {
        let sum = share_out(first, shares, x, y, work);
        add_up(shares);
        sum
    };
    let (sum, sum_b) =
        rayon::join(|| of_half(first, shares, x, y), || of_half(first + half, shares_b, x_b, y_b));
    sum + sum_b
}
