//! Training: forward, loss, backward and update, in memory of constant size.

use core::array;

use crate::error::{LengthError, NonFinite};
use crate::kernel::{Task, dispatch};
use crate::tape::{Backward, Forward};
use crate::{Clip, Float, Layer, Loss, Machine, Network, Optimizer, Store, Tape, Visitor, Zero};

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

impl<N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize> Trainer<N, L, O, B> {
    /// Bytes that training needs: the network, the trainer with its gradient, optimizer state,
    /// activations and their derivatives, and the [`Tape`] of one sample that a shorter batch
    /// ([`step_partial`](Self::step_partial)) has on the stack. [`evaluate`](Self::evaluate) needs
    /// no more than that tape. The data is the caller's.
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
    /// Nothing is allocated and nothing panics. NaN and infinities go where arithmetic takes
    /// them, into the weights too: [`step_checked`](Self::step_checked) stops them.
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
        let (loss, stepped) =
            dispatch(Step::<_, _, _, B, true> { trainer: self, net, inputs, targets });
        if stepped { Ok(loss) } else { Err(NonFinite { loss }) }
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
        let mut tape = Tape::<N, 1>::ZERO;
        let mut store = Store::Overwrite;
        let mut loss = L::Scalar::ZERO;
        for (x, target) in inputs.iter().zip(targets) {
            let x = array::from_ref(x);
            dispatch(Forward { tape: &mut tape, net, x });
            let ([y], [dy]) = (&tape.y, &mut tape.dy);
            loss += self.loss.gradient(y, target, share, dy);
            let (tape, gradient) = (&mut tape, &mut self.gradient);
            dispatch(Backward { tape, net, x, dx: None, gradient, store });
            store = Store::Add;
        }
        dispatch(Update { trainer: self, net });
        Ok(loss * share)
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
        LengthError::check_range("inputs", inputs.len(), 1, usize::MAX)?;
        LengthError::check("targets", targets.len(), inputs.len())?;
        let (x_batches, x_rest) = inputs.as_chunks::<B>();
        let (target_batches, target_rest) = targets.as_chunks::<B>();
        let mut sum = L::Scalar::ZERO;
        for (x, target) in x_batches.iter().zip(target_batches) {
            sum += self.step(net, x, target) * L::Scalar::from_f64(B as f64);
        }
        if !x_rest.is_empty() {
            let loss = self.step_partial(net, x_rest, target_rest)?;
            sum += loss * L::Scalar::from_f64(x_rest.len() as f64);
        }
        Ok(sum / L::Scalar::from_f64(inputs.len() as f64))
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
        let losses = inputs.iter().zip(targets).map(|(x, y)| self.loss.loss(&net.predict(x), y));
        let sum: L::Scalar = losses.sum();
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
}

/// One training step; if `CHECKED`, a loss or a gradient that is not finite updates nothing.
/// Gives the loss, and whether the network was updated.
struct Step<'a, N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize, const CHECKED: bool> {
    trainer: &'a mut Trainer<N, L, O, B>,
    net: &'a mut N,
    inputs: &'a [N::Input; B],
    targets: &'a [L::Target; B],
}

impl<N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize, const CHECKED: bool> Task
    for Step<'_, N, L, O, B, CHECKED>
{
    type Output = (L::Scalar, bool);

    #[inline(always)]
    fn run<M: Machine>(self) -> (L::Scalar, bool) {
        let Step { trainer, net, inputs: x, targets } = self;
        let Trainer { loss, gradient, tape, .. } = trainer;
        Forward { tape, net, x }.run::<M>();
        let share = L::Scalar::from_f64(1.0 / B as f64);
        let mut sum = L::Scalar::ZERO;
        for ((y, dy), target) in tape.y.iter().zip(&mut tape.dy).zip(targets) {
            sum += loss.gradient(y, target, share, dy);
        }
        let mean = sum * share;
        Backward { tape, net, x, dx: None, gradient, store: Store::Overwrite }.run::<M>();
        let step = !CHECKED || (mean.is_finite() && is_finite(gradient));
        if step {
            Update { trainer, net }.run::<M>();
        }
        (mean, step)
    }
}

/// Whether all parameters are finite.
#[inline(always)]
fn is_finite<N: Layer>(parameters: &mut N) -> bool {
    struct AllFinite(bool);

    impl Visitor<0> for AllFinite {
        #[inline(always)]
        fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
            // Every number times 0 is 0, unless it is infinite or NaN.
            let zero: T = parameters.iter().map(|&parameter| parameter * T::ZERO).sum();
            self.0 &= zero == T::ZERO;
        }
    }

    let mut all = AllFinite(true);
    parameters.visit([], &mut all);
    all.0
}

/// Clips the gradient and changes the network.
struct Update<'a, N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize> {
    trainer: &'a mut Trainer<N, L, O, B>,
    net: &'a mut N,
}

impl<N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize> Task for Update<'_, N, L, O, B> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let Trainer { optimizer, clip, gradient, state, .. } = self.trainer;
        if let Some(clip) = clip {
            clip.apply(gradient);
        }
        optimizer.update(self.net, gradient, state);
    }
}
