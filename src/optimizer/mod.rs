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

use crate::{Layer, Zero};

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
