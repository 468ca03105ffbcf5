//! Training sample by sample, in place: without memory for a gradient.

use core::{array, fmt};

use crate::kernel::{Task, dispatch};
use crate::pass::DescendFirst;
use crate::{Float, Layer, Loss, Machine, Tape};

/// Stochastic gradient descent on one sample at a time: w ← w − lr · ∂J/∂w, in place.
///
/// Backward is linear in ∂J/∂y. From −lr · ∂J/∂y it computes −lr · ∂J/∂w, and adds it onto the
/// weights at once: for a dense layer
///
/// W ← W + δ hᵀ, b ← b + δ with δ = −lr · ∂J/∂s,
///
/// after g = Wᵀ δ has been computed for the layer below. So there is no gradient in memory: that
/// of a [`Trainer`](crate::Trainer) is as large as the network. It gives the weights of a
/// `Trainer<.., Sgd, 1>`, up to rounding.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, MeanSquaredError, OnlineSgd, Tanh, net};
/// use rand::SeedableRng;
///
/// type Net = net![Dense<2, 8, Tanh>, Dense<8, 1>];
///
/// let mut net = Net::ZERO;
/// net.init(&mut rand::rngs::SmallRng::seed_from_u64(1));
/// let mut online = OnlineSgd::<Net, _>::new(MeanSquaredError, 0.1);
///
/// let xor = [([0.0, 0.0], [0.0]), ([0.0, 1.0], [1.0]), ([1.0, 0.0], [1.0]), ([1.0, 1.0], [0.0])];
/// let mut losses = [0.0; 4];
/// for _ in 0..500 {
///     losses = xor.map(|(x, target)| online.step(&mut net, &x, &target));
/// }
/// assert!(losses.iter().all(|&loss| loss < 0.01));
/// ```
///
/// A sample of another shape, a target of another type, or the wrong network do not compile.
pub struct OnlineSgd<N: Layer, L: Loss<N::Output>> {
    /// The loss.
    pub loss: L,
    /// Learning rate, which may be set from a [schedule](crate::schedule).
    pub lr: f64,
    tape: Tape<N, 1>,
}

impl<N: Layer, L: Loss<N::Output> + fmt::Debug> fmt::Debug for OnlineSgd<N, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("OnlineSgd");
        debug.field("loss", &self.loss).field("lr", &self.lr).finish_non_exhaustive()
    }
}

impl<N: Layer, L: Loss<N::Output>> OnlineSgd<N, L> {
    /// Bytes that training needs: the network, the activations of one sample, and the derivatives by
    /// the largest two neighbours. A layer of your own that does not implement [`Layer::descend`] has
    /// its gradient on the stack meanwhile.
    pub const RAM: usize = size_of::<N>() + size_of::<Self>();

    /// Before the first step.
    pub const fn new(loss: L, lr: f64) -> Self {
        OnlineSgd { loss, lr, tape: crate::Zero::ZERO }
    }

    /// One step on one sample. Returns its loss, from before the step.
    ///
    /// Nothing is allocated and nothing panics; `Level` says more of the first call with `std`. NaN
    /// and infinities go where arithmetic takes them, into the weights too.
    pub fn step(&mut self, net: &mut N, x: &N::Input, target: &L::Target) -> L::Scalar {
        let scale = L::Scalar::from_f64(-self.lr);
        let OnlineSgd { loss, tape, .. } = self;
        dispatch(Step { tape, net, loss, x: array::from_ref(x), target, scale })
    }
}

struct Step<'a, N: Layer, L: Loss<N::Output>> {
    tape: &'a mut Tape<N, 1>,
    net: &'a mut N,
    loss: &'a L,
    x: &'a [N::Input; 1],
    target: &'a L::Target,
    /// −lr.
    scale: L::Scalar,
}

impl<N: Layer, L: Loss<N::Output>> Task for Step<'_, N, L> {
    type Output = L::Scalar;

    #[inline(always)]
    fn run<M: Machine>(self) -> L::Scalar {
        let Step { tape, net, loss, x, target, scale } = self;
        tape.forward_pass(net, x).run::<M>();
        let (tape, y, mut dy) = tape.for_backward();
        let ([sample], [derivative]) = (y, dy.held_mut());
        let loss = loss.gradient(sample, target, scale, derivative);
        DescendFirst { net, x, tape, y, dy, dx: None }.run::<M>();
        loss
    }
}
