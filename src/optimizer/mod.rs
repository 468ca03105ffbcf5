//! Optimizers: how a gradient changes the weights.
//!
//! | optimizer | state, in networks | defaults besides the learning rate |
//! |---|---|---|
//! | [`Sgd`] | 0 | – |
//! | [`Sgd::momentum`] | 1 | – |
//! | [`Adam`] | 2 | β₁ = 0.9, β₂ = 0.999, ε = 1e-8 |
//! | [`AdamW`] | 2 | as Adam, weight decay 0.01 |
//! | [`RmsProp`] | 1 | α = 0.99, ε = 1e-8 |
//! | [`Adagrad`] | 1 | ε = 1e-10 |
//!
//! Update rules and defaults are PyTorch's. An optimizer is a handful of plain numbers with
//! public fields; set `lr` from a [schedule](crate::schedule) whenever you like. Its state has
//! the network's type and is kept by the caller: by the [`Trainer`](crate::Trainer), usually.

mod adagrad;
mod adam;
mod clip;
mod rms_prop;
mod sgd;

pub use adagrad::Adagrad;
pub use adam::{Adam, AdamState, AdamW};
pub use clip::Clip;
pub use rms_prop::RmsProp;
pub use sgd::{Momentum, Plain, Sgd};

use crate::kernel::{Task, dispatch};
use crate::{Float, Layer, Machine, Visitor, Zero};

/// An update rule.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no optimizer",
    note = "optimizers are `Sgd`, `Adam`, ... ; one of your own implements `constgrad::Optimizer`"
)]
pub trait Optimizer {
    /// What the rule remembers from step to step for a network `N`; `ZERO` before the first.
    type State<N: Layer>: Zero;

    /// Changes `net` by one step along `gradient`.
    fn update<N: Layer>(&self, net: &mut N, gradient: &mut N, state: &mut Self::State<N>);
}

/// What is done to every parameter by itself, given its gradient and its states.
pub(crate) trait Rule<const K: usize>: Sync {
    fn apply<T: Float>(&self, weights: &mut [T], others: [&mut [T]; K]);
}

/// Applies a rule to all parameters of a network.
#[inline(always)]
pub(crate) fn apply<const K: usize, N: Layer, R: Rule<K>>(
    rule: R,
    net: &mut N,
    others: [&mut N; K],
) {
    net.visit(others, &mut Each(rule));
}

/// A rule on its way through the tensors of a network.
struct Each<R>(R);

/// Parameters from which a tensor is a function call, the same for all layers: below, the call
/// would cost more than it saves.
const OUTLINE: usize = 64;

impl<R: Rule<K>, const K: usize> Visitor<K> for Each<R> {
    #[inline(always)]
    fn tensor<T: Float>(&mut self, weights: &mut [T], others: [&mut [T]; K]) {
        apply_to_tensor(&self.0, weights, others);
    }
}

/// Applies a rule to one tensor.
#[inline(always)]
fn apply_to_tensor<R: Rule<K>, T: Float, const K: usize>(
    rule: &R,
    weights: &mut [T],
    others: [&mut [T]; K],
) {
    if weights.len() < OUTLINE {
        return rule.apply(weights, others);
    }
    let tensor = Tensor { rule, weights, others };
    #[cfg(feature = "parallel")]
    if crate::parallel::splits() {
        return tensor.split();
    }
    dispatch(tensor);
}

/// A rule and one tensor to apply it to, or a part of one.
pub(crate) struct Tensor<'a, R, T, const K: usize> {
    pub(crate) rule: &'a R,
    pub(crate) weights: &'a mut [T],
    pub(crate) others: [&'a mut [T]; K],
}

impl<R: Rule<K>, T: Float, const K: usize> Task for Tensor<'_, R, T, K> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        self.rule.apply(self.weights, self.others);
    }
}
