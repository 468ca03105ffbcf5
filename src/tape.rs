//! Forward and backward by hand, for those who want to see the derivatives.

use core::fmt;

use crate::kernel::{Aligned, Arena, Room, dispatch};
use crate::pass::{BackwardFirst, Forward};
use crate::{Layer, Shape, Store, Zero};

/// What one forward and backward pass of a network over a batch of `B` needs: the activations
/// h⁽¹⁾ .. h⁽ᴰ⁾, and the derivatives of two neighbours, which take turns from the last layer to the
/// first.
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
    y: Aligned<[N::Output; B]>,
    /// For ∂J/∂y, and then for the derivatives by h of one layer after the other.
    derivatives: Room<Derivatives<N, B>>,
}

/// As large as the derivatives by the outputs of the two neighbours for which they are largest.
type Derivatives<N, const B: usize> = [<N as Shape>::Live<(), <N as Shape>::Output>; B];

type ForBackward<'a, N, const B: usize> = (
    &'a mut <N as Layer>::Tape<B>,
    &'a [<N as Shape>::Output; B],
    Arena<'a, Derivatives<N, B>, [<N as Shape>::Output; B]>,
);

impl<N: Layer, const B: usize> Zero for Tape<N, B> {
    const ZERO: Self = Tape { layers: Zero::ZERO, y: Zero::ZERO, derivatives: Room::EMPTY };
}

impl<N: Layer, const B: usize> fmt::Debug for Tape<N, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape").finish_non_exhaustive()
    }
}

impl<N: Layer, const B: usize> Tape<N, B> {
    /// y = net(x), keeping what backward needs.
    pub fn forward(&mut self, net: &N, x: &[N::Input; B]) -> &[N::Output; B] {
        dispatch(self.forward_pass(net, x));
        &self.y.0
    }

    /// Given g = ∂J/∂y, sets `gradient` to the derivatives of J by all parameters, summed over
    /// the batch: for the gradient of a mean loss, as a [`Trainer`](crate::Trainer) takes it, divide
    /// g by B. `net` and `x` are those of the last [`forward`](Self::forward).
    pub fn backward(&mut self, net: &N, x: &[N::Input; B], g: &[N::Output; B], gradient: &mut N) {
        self.backward_from(net, x, g, None, gradient, Store::Overwrite);
    }

    /// As [`backward`](Self::backward), but adds to `gradient`: for a batch that is larger than
    /// memory, taken in parts.
    pub fn accumulate(&mut self, net: &N, x: &[N::Input; B], g: &[N::Output; B], gradient: &mut N) {
        self.backward_from(net, x, g, None, gradient, Store::Add);
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
        self.backward_from(net, x, g, Some(dx), gradient, Store::Overwrite);
    }

    fn backward_from(
        &mut self,
        net: &N,
        x: &[N::Input; B],
        g: &[N::Output; B],
        dx: Option<&mut [N::Input; B]>,
        gradient: &mut N,
        store: Store,
    ) {
        let Tape { layers: tape, y: Aligned(y), derivatives } = self;
        let dy = Arena::holding(derivatives, g);
        dispatch(BackwardFirst { net, x, tape, y, dy, dx, gradient, store });
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

    /// What backward takes: the tapes of the layers, y, and zeros that ∂J/∂y is to replace.
    #[inline(always)]
    pub(crate) fn for_backward(&mut self) -> ForBackward<'_, N, B> {
        (&mut self.layers, &self.y.0, Arena::new(&mut self.derivatives).with().done())
    }
}
