//! Forward and backward by hand, for those who want to see the derivatives.

use crate::kernel::{Aligned, dispatch};
use crate::pass::{Backward, Descend, Forward};
use crate::{Layer, Store, Zero};

/// Everything that one forward and backward pass of a network over a batch of `B` leaves behind:
/// the activations h⁽¹⁾ .. h⁽ᴰ⁾ and their derivatives.
///
/// [`Trainer`](crate::Trainer) uses one for you. By hand it looks like the mathematics:
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Sgd, Optimizer, Tanh, Tape, net};
///
/// type Net = net![Dense<2, 3, Tanh>, Dense<3, 1>];
///
/// let mut net = Net::ZERO;
/// net.init(&mut rand::rngs::SmallRng::seed_from_u64(1));
/// let x = [[0.5, -1.0], [1.0, 2.0]];
///
/// let mut tape = Tape::<Net, 2>::ZERO;
/// let y = tape.forward(&net, &x);
/// let g = [[y[0][0] - 1.0], [y[1][0] + 1.0]];      // ∂J/∂y of a loss of your own
///
/// let mut gradient = Net::ZERO;                    // a network's gradient is a network
/// tape.backward(&net, &x, &g, &mut gradient);
/// Sgd::new(0.1).update(&mut net, &mut gradient, &mut ());
/// # use rand::SeedableRng;
/// ```
///
/// An input or a gradient of another shape than the network's does not compile.
pub struct Tape<N: Layer, const B: usize> {
    layers: N::Tape<B>,
    pub(crate) y: Aligned<[N::Output; B]>,
    pub(crate) dy: Aligned<[N::Output; B]>,
}

impl<N: Layer, const B: usize> Zero for Tape<N, B> {
    const ZERO: Self = Tape { layers: Zero::ZERO, y: Zero::ZERO, dy: Zero::ZERO };
}

impl<N: Layer, const B: usize> Tape<N, B> {
    /// y = net(x), keeping what backward needs.
    pub fn forward(&mut self, net: &N, x: &[N::Input; B]) -> &[N::Output; B] {
        dispatch(self.forward_pass(net, x));
        &self.y.0
    }

    /// Given g = ∂J/∂y, sets `gradient` to the derivatives of J by all parameters, summed over
    /// the batch. `net` and `x` are those of the last [`forward`](Self::forward).
    pub fn backward(&mut self, net: &N, x: &[N::Input; B], g: &[N::Output; B], gradient: &mut N) {
        self.dy.0 = *g;
        dispatch(self.backward_pass(net, x, None, gradient, Store::Overwrite));
    }

    /// As [`backward`](Self::backward), but adds to `gradient`: for a batch that is larger than
    /// memory, taken in parts.
    pub fn accumulate(&mut self, net: &N, x: &[N::Input; B], g: &[N::Output; B], gradient: &mut N) {
        self.dy.0 = *g;
        dispatch(self.backward_pass(net, x, None, gradient, Store::Add));
    }

    /// As [`backward`](Self::backward), and sets `dx` to g⁽¹⁾ = ∂J/∂x: how sensitive the loss is
    /// to each number of the input.
    pub fn backward_to_input(
        &mut self,
        net: &N,
        x: &[N::Input; B],
        g: &[N::Output; B],
        gradient: &mut N,
        dx: &mut [N::Input; B],
    ) {
        self.dy.0 = *g;
        dispatch(self.backward_pass(net, x, Some(dx), gradient, Store::Overwrite));
    }

    /// Forward.
    #[inline(always)]
    pub(crate) fn forward_pass<'a>(
        &'a mut self,
        net: &'a N,
        x: &'a [N::Input; B],
    ) -> Forward<'a, N, B> {
        Forward { net, x, tape: &mut self.layers, y: &mut self.y.0 }
    }

    /// Backward from ∂J/∂y in `dy`, which it uses up.
    #[inline(always)]
    pub(crate) fn backward_pass<'a>(
        &'a mut self,
        net: &'a N,
        x: &'a [N::Input; B],
        dx: Option<&'a mut [N::Input; B]>,
        gradient: &'a mut N,
        store: Store,
    ) -> Backward<'a, N, B> {
        let Tape { layers: tape, y: Aligned(y), dy: Aligned(dy) } = self;
        Backward { net, x, tape, y, dy, dx, gradient, store }
    }

    /// Backward from −lr · ∂J/∂y in `dy`, which it uses up, with what it gives added to the network.
    #[inline(always)]
    pub(crate) fn descend_pass<'a>(
        &'a mut self,
        net: &'a mut N,
        x: &'a [N::Input; B],
    ) -> Descend<'a, N, B> {
        let Tape { layers: tape, y: Aligned(y), dy: Aligned(dy) } = self;
        Descend { net, x, tape, y, dy, dx: None }
    }
}
