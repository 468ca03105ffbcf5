//! Training: forward, loss, backward and update, in memory of constant size.

use core::{array, fmt};

use crate::error::{LengthError, NonFinite};
use crate::kernel::{Aligned, SPARES_STACK, Task, dispatch, dispatch_made, elementwise};
use crate::optimizer::Update;
use crate::pass::{BackwardFirst, Infer};
use crate::{Clip, Float, Layer, Loss, Machine, Optimizer, Store, Tape, Visitor, Zero};

/// Trains a network in batches of `B`: holds the gradient, the tape and the optimizer's state.
///
/// Its size is a constant, part of [`RAM`](Self::RAM), and nothing else is allocated by it. A
/// large one belongs into a `static` or a box (`boxed!`), not on the stack.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, MeanSquaredError, Sgd, Tanh, Trainer, net};
/// use rand::SeedableRng;
///
/// type Net = net![Dense<2, 8, Tanh>, Dense<8, 1>];
///
/// let mut net = Net::ZERO;
/// net.init(&mut rand::rngs::SmallRng::seed_from_u64(1));
/// let mut trainer = Trainer::<Net, _, _, 4>::new(MeanSquaredError, Sgd::new(0.1).momentum(0.9));
///
/// let x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let xor = [[0.0], [1.0], [1.0], [0.0]];
/// for _ in 0..500 {
///     trainer.step(&mut net, &x, &xor);
/// }
/// assert!(trainer.evaluate(&net, &x, &xor)? < 0.01);
/// # Ok::<(), constgrad::LengthError>(())
/// ```
///
/// A batch of another size, a target of another type or another number of classes, or the wrong
/// network do not compile.
///
/// # Checkpoints
///
/// With the feature `serde` a trainer is written and read: its loss, optimizer, clipping and the
/// optimizer's state. Together with the network, the generator that shuffles and the number of
/// the epoch that is all of a training, which then goes on to the same bits.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// # use constgrad::prelude::*;
/// # use constgrad::{Adam, Dense, MeanSquaredError, Tanh, Trainer, net};
/// # use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
/// use serde::Deserialize;
/// # type Net = net![Dense<2, 8, Tanh>, Dense<8, 1>];
/// # let new = || Trainer::<Net, _, _, 4>::new(MeanSquaredError, Adam::new(0.1));
/// # let (mut net, mut trainer) = (Net::ZERO, new());
/// # let (mut rng, mut epoch) = (Xoshiro256PlusPlus::seed_from_u64(1), 0);
///
/// let checkpoint = postcard::to_stdvec(&(&net, &trainer, &rng, epoch))?;
///
/// // Each is read to where it is: by value they would be on the stack meanwhile.
/// let mut reader = postcard::Deserializer::from_bytes(&checkpoint);
/// Net::deserialize_in_place(&mut reader, &mut net)?;
/// Trainer::deserialize_in_place(&mut reader, &mut trainer)?;
/// (rng, epoch) = Deserialize::deserialize(&mut reader)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An error leaves what is read in place half read.
pub struct Trainer<N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize> {
    /// The loss.
    pub loss: L,
    /// The optimizer, whose learning rate may be set from a [schedule](crate::schedule).
    pub optimizer: O,
    /// How gradients are clipped before they are used, if they are.
    pub clip: Option<Clip>,
    gradient: N,
    state: O::State<N>,
    tape: Tape<N, B>,
}

impl<N, L, O, const B: usize> fmt::Debug for Trainer<N, L, O, B>
where
    N: Layer,
    L: Loss<N::Output> + fmt::Debug,
    O: Optimizer + fmt::Debug,
{
    /// Without the state, which is as large as the network: [`state`](Trainer::state) has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Trainer");
        debug.field("loss", &self.loss).field("optimizer", &self.optimizer);
        debug.field("clip", &self.clip).finish_non_exhaustive()
    }
}

impl<N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize> Trainer<N, L, O, B> {
    /// Bytes that training needs: the network, the trainer with its gradient, optimizer state,
    /// activations, derivatives by the largest two neighbours, and the [`Tape`] of one sample that a
    /// shorter batch ([`step_partial`](Self::step_partial)) has on the stack.
    /// [`evaluate`](Self::evaluate) needs no more than that tape. The data is the caller's. A step
    /// has up to 10 KiB of a kernel's own on the stack where there are vectors, and some hundred bytes
    /// where there are none.
    pub const RAM: usize = size_of::<N>() + size_of::<Self>() + size_of::<Tape<N, 1>>();

    /// A trainer before its first step, without gradient clipping.
    pub const fn new(loss: L, optimizer: O) -> Self {
        const { assert!(B > 0, "a batch of 0 samples trains nothing") };
        Trainer {
            loss,
            optimizer,
            clip: None,
            gradient: N::ZERO,
            state: Zero::ZERO,
            tape: Tape::ZERO,
        }
    }

    /// One training step on a batch. Returns its mean loss, from before the step.
    ///
    /// Nothing is allocated and nothing panics; `Level` says more of the first call with `std`. NaN
    /// and infinities go where arithmetic takes them, into the weights too:
    /// [`step_checked`](Self::step_checked) stops them.
    pub fn step(
        &mut self,
        net: &mut N,
        inputs: &[N::Input; B],
        targets: &[L::Target; B],
    ) -> L::Scalar {
        let (loss, _) = dispatch(Step::<_, _, _, B, false> { trainer: self, net, inputs, targets });
        loss
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
        match dispatch(Step::<_, _, _, B, true> { trainer: self, net, inputs, targets }) {
            (loss, true) => Ok(loss),
            (loss, false) => Err(NonFinite { loss }),
        }
    }

    /// One training step on a shorter batch, such as the last of an epoch: 1 to `B` samples.
    ///
    /// The gradient is the mean over the samples given, taken one by one: it differs from that of
    /// a full step by rounding only. A [`Tape`] for one sample is on the stack meanwhile.
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
        let share = L::Scalar::from_f64(1.0 / inputs.len() as f64);
        let Trainer { loss, optimizer, clip, gradient, state, .. } = self;
        let sum = one_by_one(net, loss, inputs, targets, share, gradient);
        dispatch(Update { optimizer, clip: *clip, net, gradient, state });
        Ok(sum * share)
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
        epoch(inputs, targets, B, |x, targets| match (x.as_array(), targets.as_array()) {
            (Some(x), Some(targets)) => Ok(self.step(net, x, targets)),
            _ => self.step_partial(net, x, targets),
        })
    }

    /// The mean loss of any number of samples, without training.
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
        let sum = dispatch(SumOfLosses { net, loss: &self.loss, inputs, targets });
        Ok(sum / L::Scalar::from_f64(inputs.len() as f64))
    }

    /// The gradient of the last step, after clipping.
    pub fn gradient(&self) -> &N {
        &self.gradient
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

/// [`Trainer::step`], or if `CHECKED`, [`Trainer::step_checked`]. Gives the mean loss, and whether
/// the network was changed.
struct Step<'a, N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize, const CHECKED: bool> {
    trainer: &'a mut Trainer<N, L, O, B>,
    net: &'a mut N,
    inputs: &'a [N::Input; B],
    targets: &'a [L::Target; B],
}

impl<N, L, O, const B: usize, const CHECKED: bool> Task for Step<'_, N, L, O, B, CHECKED>
where
    N: Layer,
    L: Loss<N::Output>,
    O: Optimizer,
{
    type Output = (L::Scalar, bool);

    #[inline(always)]
    fn run<M: Machine>(self) -> (L::Scalar, bool) {
        let Step { trainer, net, inputs: x, targets } = self;
        let Trainer { loss, gradient, tape, .. } = &mut *trainer;
        let sum = if SPARES_STACK {
            // Beside the update, not above it on the stack.
            M::run_made(Pass::of_batch, tape, &*net, loss, x, targets, gradient)
        } else {
            Pass::of_batch(tape, &*net, loss, x, targets, gradient).run::<M>()
        };
        let mean = sum * L::Scalar::from_f64(1.0 / B as f64);
        if CHECKED && !(mean.is_finite() && is_finite(&mut trainer.gradient)) {
            return (mean, false);
        }
        let Trainer { optimizer, clip, gradient, state, .. } = trainer;
        M::run_made(Update::of, &*optimizer, *clip, net, gradient, state, ());
        (mean, true)
    }
}

/// Forward, loss and backward of a batch. Gives the sum of its losses; derivatives are those of
/// `share` times this sum.
pub(crate) struct Pass<'a, N: Layer, L: Loss<N::Output>, const B: usize> {
    pub(crate) tape: &'a mut Tape<N, B>,
    pub(crate) net: &'a N,
    pub(crate) loss: &'a L,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) targets: &'a [L::Target; B],
    pub(crate) share: L::Scalar,
    pub(crate) gradient: &'a mut N,
    pub(crate) store: Store,
}

impl<'a, N: Layer, L: Loss<N::Output>, const B: usize> Pass<'a, N, L, B> {
    /// Of a batch by itself.
    #[inline(always)]
    fn of_batch(
        tape: &'a mut Tape<N, B>,
        net: &'a N,
        loss: &'a L,
        x: &'a [N::Input; B],
        targets: &'a [L::Target; B],
        gradient: &'a mut N,
    ) -> Self {
        let (share, store) = (L::Scalar::from_f64(1.0 / B as f64), Store::Overwrite);
        Pass { tape, net, loss, x, targets, share, gradient, store }
    }
}

impl<'a, N: Layer, L: Loss<N::Output>> Pass<'a, N, L, 1> {
    /// Of one sample of several, whose derivatives are those of a share of its loss.
    #[inline(always)]
    fn of_sample(
        tape: &'a mut Tape<N, 1>,
        net: &'a N,
        loss: &'a L,
        (x, target): (&'a N::Input, &'a L::Target),
        gradient: &'a mut N,
        (share, store): (L::Scalar, Store),
    ) -> Self {
        let (x, targets) = (array::from_ref(x), array::from_ref(target));
        Pass { tape, net, loss, x, targets, share, gradient, store }
    }
}

impl<N: Layer, L: Loss<N::Output>, const B: usize> Task for Pass<'_, N, L, B> {
    type Output = L::Scalar;

    #[inline(always)]
    fn run<M: Machine>(self) -> L::Scalar {
        let Pass { tape, net, loss, x, targets, share, gradient, store } = self;
        tape.forward_pass(net, x).run::<M>();
        let (tape, y, mut dy) = tape.for_backward();
        let loss = LossOfBatch { loss, y, targets, share, dy: dy.held_mut() };
        // That of a large batch is a function of its own: its stack is free again before backward.
        let sum = if const { B >= 16 } { M::run(loss) } else { loss.run::<M>() };
        BackwardFirst { net, x, tape, y, dy, dx: None, gradient, store }.run::<M>();
        sum
    }
}

/// [`Loss::gradient_batch`].
struct LossOfBatch<'a, Y, L: Loss<Y>, const B: usize> {
    loss: &'a L,
    y: &'a [Y; B],
    targets: &'a [L::Target; B],
    share: L::Scalar,
    dy: &'a mut [Y; B],
}

impl<Y, L: Loss<Y>, const B: usize> Task for LossOfBatch<'_, Y, L, B> {
    type Output = L::Scalar;

    #[inline(always)]
    fn run<M: Machine>(self) -> L::Scalar {
        self.loss.gradient_batch(self.y, self.targets, self.share, self.dy)
    }
}

/// As [`Pass`] for any number of samples but none, in passes of one.
///
/// The machine is found for each: in a function for all of them, which would be compiled for the
/// machine, there is more on the stack below a pass.
pub(crate) fn one_by_one<N: Layer, L: Loss<N::Output>>(
    net: &N,
    loss: &L,
    inputs: &[N::Input],
    targets: &[L::Target],
    share: L::Scalar,
    gradient: &mut N,
) -> L::Scalar {
    let mut tape = Tape::<N, 1>::ZERO;
    let mut store = Store::Overwrite;
    let mut sum = L::Scalar::ZERO;
    for (x, target) in inputs.iter().zip(targets) {
        let (sample, gradient) = ((x, target), &mut *gradient);
        sum +=
            dispatch_made(Pass::of_sample, &mut tape, net, loss, sample, gradient, (share, store));
        store = Store::Add;
    }
    sum
}

/// One pass over all samples in batches of `size`, the last of which may be shorter: what `step`
/// gives for each is the mean loss of its samples, and the mean of all samples is returned.
pub(crate) fn epoch<X, Y, T: Float>(
    inputs: &[X],
    targets: &[Y],
    size: usize,
    mut step: impl FnMut(&[X], &[Y]) -> Result<T, LengthError>,
) -> Result<T, LengthError> {
    LengthError::check_range("inputs", inputs.len(), 1, usize::MAX)?;
    LengthError::check("targets", targets.len(), inputs.len())?;
    let mut sum = T::ZERO;
    for (x, targets) in inputs.chunks(size).zip(targets.chunks(size)) {
        sum += step(x, targets)? * T::from_f64(x.len() as f64);
    }
    Ok(sum / T::from_f64(inputs.len() as f64))
}

/// The sum of the samples' losses, first to last.
pub(crate) struct SumOfLosses<'a, N: Layer, L: Loss<N::Output>> {
    pub(crate) net: &'a N,
    pub(crate) loss: &'a L,
    pub(crate) inputs: &'a [N::Input],
    pub(crate) targets: &'a [L::Target],
}

impl<N: Layer, L: Loss<N::Output>> Task for SumOfLosses<'_, N, L> {
    type Output = L::Scalar;

    #[inline(always)]
    fn run<M: Machine>(self) -> L::Scalar {
        let SumOfLosses { net, loss, inputs, targets } = self;
        let losses = inputs.iter().zip(targets).map(|(x, target)| {
            let mut y = Aligned(Zero::ZERO);
            M::run(Infer { net, x: array::from_ref(x), y: array::from_mut(&mut y.0) });
            loss.loss(&y.0, target)
        });
        losses.sum()
    }
}

/// Whether all parameters are finite.
#[inline(always)]
pub(crate) fn is_finite<N: Layer>(parameters: &mut N) -> bool {
    struct AllFinite(bool);

    impl Visitor<0> for AllFinite {
        #[inline(always)]
        fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
            self.0 &= elementwise::are_finite(parameters);
        }
    }

    let mut all = AllFinite(true);
    parameters.visit([], &mut all);
    all.0
}
