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
//!
//! On a machine that rounds a product and its sum [once](crate::Machine::FUSED), a velocity or mean
//! below twice the smallest normal number, 2·10⁻³⁸ in `f32`, becomes 0. Soon it would be a subnormal
//! number, with which processors are slow: for MNIST, whose outer pixels are almost always black, a
//! step of Adam took twice as long from the fourth epoch on.

/// The steps of an optimizer, along a gradient and along the sum of two, by a rule and the networks of
/// its state.
macro_rules! steps {
    (|$optimizer:ident, $state:ident| $rule:expr, [$($network:expr),*]) => {
        #[inline(always)]
        fn step<M: Machine, N: Layer>(
            &self,
            net: &mut N,
            gradient: &mut N,
            $state: &mut Self::State<N>,
        ) {
            let $optimizer = self;
            let rule = $rule;
            super::apply::<M, N, _, _>(rule, net, [gradient, $($network),*]);
        }

        #[cfg(feature = "parallel")]
        #[inline(always)]
        fn step_along_sum<M: Machine, N: Layer>(
            &self,
            net: &mut N,
            gradient: &mut N,
            other: &mut N,
            $state: &mut Self::State<N>,
        ) {
            let $optimizer = self;
            let rule = super::AlongSum($rule);
            super::apply::<M, N, _, _>(rule, net, [other, gradient, $($network),*]);
        }
    };
}

mod adagrad;
mod adam;
mod clip;
mod rms_prop;
mod sgd;
#[cfg(feature = "parallel")]
mod sum;

pub use adagrad::Adagrad;
pub use adam::{Adam, AdamState, AdamW};
pub use clip::Clip;
pub use rms_prop::RmsProp;
pub use sgd::{Momentum, Plain, Sgd};

use core::marker::PhantomData;

use clip::Clipping;
#[cfg(feature = "parallel")]
pub(crate) use sum::{AlongSum, Sum};

use crate::kernel::{INLINES, Task, dispatch};
use crate::{Float, Layer, Machine, Visitor, Zero};

/// An update rule.
///
/// One of your own goes through the tensors of the network, its gradient and its states:
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Float, Layer, Machine, MeanSquaredError, Optimizer, Trainer, Visitor};
///
/// /// Steps of one size, in the direction of the gradient's signs.
/// struct SignSgd {
///     lr: f64,
/// }
///
/// impl Optimizer for SignSgd {
///     type State<N: Layer> = ();
///
///     #[inline(always)]
///     fn step<M: Machine, N: Layer>(&self, net: &mut N, gradient: &mut N, (): &mut ()) {
///         struct Signs(f64);
///
///         impl Visitor<1> for Signs {
///             #[inline(always)]
///             fn tensor<T: Float>(&mut self, weights: &mut [T], [gradient]: [&mut [T]; 1]) {
///                 for (w, g) in weights.iter_mut().zip(gradient) {
///                     *w -= T::from_f64(self.0).copysign(*g);
///                 }
///             }
///         }
///
///         net.visit([gradient], &mut Signs(self.lr));
///     }
/// }
///
/// let mut trainer = Trainer::<Dense<1, 1>, _, _, 1>::new(MeanSquaredError, SignSgd { lr: 0.5 });
/// let mut net = Dense::ZERO;
/// trainer.step(&mut net, &[[2.0]], &[[3.0]]);
/// assert_eq!(net.predict(&[2.0]), [1.5]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no optimizer",
    label = "not an optimizer",
    note = "optimizers are `Sgd`, `Adam`, ... ; one of your own implements `constgrad::Optimizer`"
)]
pub trait Optimizer {
    /// What the rule remembers from step to step for a network `N`; `ZERO` before the first.
    type State<N: Layer>: Zero;

    /// Changes `net` by one step along `gradient`, which may be changed too, on the machine that the
    /// caller's pass runs on. Mark it `#[inline(always)]`: what is not inlined is compiled without
    /// the machine's instructions.
    fn step<M: Machine, N: Layer>(&self, net: &mut N, gradient: &mut N, state: &mut Self::State<N>);

    /// [`step`](Self::step) along the sum of two gradients, which is left in the first. An optimizer
    /// keeps this default; this crate's add them up on their way through the tensors.
    #[cfg(feature = "parallel")]
    #[doc(hidden)]
    #[inline(always)]
    fn step_along_sum<M: Machine, N: Layer>(
        &self,
        net: &mut N,
        gradient: &mut N,
        other: &mut N,
        state: &mut Self::State<N>,
    ) {
        apply::<M, N, _, 1>(Sum, gradient, [other]);
        self.step::<M, N>(net, gradient, state);
    }

    /// [`step`](Self::step) by hand: a [`Trainer`](crate::Trainer) does it for you.
    fn update<N: Layer>(&self, net: &mut N, gradient: &mut N, state: &mut Self::State<N>)
    where
        Self: Sized,
    {
        dispatch(Update { optimizer: self, clip: None, net, gradient, state });
    }
}

/// Clips a gradient and changes the network.
pub(crate) struct Update<'a, N: Layer, O: Optimizer> {
    pub(crate) optimizer: &'a O,
    pub(crate) clip: Option<Clip>,
    pub(crate) net: &'a mut N,
    pub(crate) gradient: &'a mut N,
    pub(crate) state: &'a mut O::State<N>,
}

impl<'a, N: Layer, O: Optimizer> Update<'a, N, O> {
    /// For [`run_made`](Machine::run_made), to whose function the references are arguments: without
    /// knowing that nothing else refers to the same numbers, the compiler would not use vectors.
    #[inline(always)]
    pub(crate) fn of(
        optimizer: &'a O,
        clip: Option<Clip>,
        net: &'a mut N,
        gradient: &'a mut N,
        state: &'a mut O::State<N>,
        (): (),
    ) -> Self {
        Update { optimizer, clip, net, gradient, state }
    }
}

impl<N: Layer, O: Optimizer> Task for Update<'_, N, O> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let Update { optimizer, clip, net, gradient, state } = self;
        if let Some(clip) = clip {
            M::run(Clipping { clip, gradient });
        }
        optimizer.step::<M, N>(net, gradient, state);
    }
}

/// What is done to every parameter by itself, given its gradient and its states.
pub(crate) trait Rule<const K: usize>: Sync {
    fn apply<M: Machine, T: Float>(&self, weights: &mut [T], others: [&mut [T]; K]);
}

/// A mean of past gradients, or of their squares, but 0 where it is so small that its next decay
/// may make it a subnormal number: processors are slow with these. For a parameter that gets no
/// gradient any more, such as that of a pixel which is always black, all of them would be. Where
/// products are rounded by themselves nothing is left out, so that chips and PCs have the same bits.
#[inline(always)]
pub(crate) fn decayed<M: Machine, T: Float>(mean: T) -> T {
    if M::FUSED { T::select(mean.abs() < T::TINY, T::ZERO, mean) } else { mean }
}

/// Applies a rule to all parameters of a network.
#[inline(always)]
pub(crate) fn apply<M: Machine, N: Layer, R: Rule<K>, const K: usize>(
    rule: R,
    net: &mut N,
    others: [&mut N; K],
) {
    net.visit(others, &mut Each::<M, N, R> { rule, of: PhantomData });
}

/// A rule on its way through the tensors of a network `N`.
struct Each<M, N, R> {
    rule: R,
    of: PhantomData<(M, N)>,
}

impl<M: Machine, N: Layer, R: Rule<K>, const K: usize> Visitor<K> for Each<M, N, R> {
    #[inline(always)]
    fn tensor<T: Float>(&mut self, weights: &mut [T], others: [&mut [T]; K]) {
        apply_to_tensor::<M, N, R, T, K>(&self.rule, weights, others);
    }
}

/// Parameters below which a tensor of a small network is no function call, the same for all
/// layers: it would cost more than it saves.
const INLINE: usize = 64;

/// Layers up to which a network is small.
const SMALL: usize = 4;

/// Applies a rule to one tensor of a network `N`.
#[inline(always)]
fn apply_to_tensor<M: Machine, N: Layer, R: Rule<K>, T: Float, const K: usize>(
    rule: &R,
    weights: &mut [T],
    others: [&mut [T]; K],
) {
    if const { INLINES && N::LAYERS <= SMALL } && weights.len() < INLINE {
        return rule.apply::<M, T>(weights, others);
    }
    let tensor = Tensor { rule, weights, others };
    #[cfg(feature = "parallel")]
    return tensor.run_in_parts::<M>();
    #[cfg(not(feature = "parallel"))]
    M::run(tensor);
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
        self.rule.apply::<M, T>(self.weights, self.others);
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::{Dense, Inspector, Shape};

    type Net = Dense<4, 8>;

    /// A step along a gradient of ones, and then many along zeros: the state, and whether the machine
    /// rounds a product and its sum once.
    struct Forgotten<O>(O);

    impl<O: Optimizer> Task for Forgotten<O> {
        type Output = (O::State<Net>, bool);

        #[inline(always)]
        fn run<M: Machine>(self) -> Self::Output {
            let (mut net, mut state) = (Net::ZERO, O::State::<Net>::ZERO);
            let mut gradient = Net::new([[1.0; 4]; 8], [1.0; 8]);
            self.0.step::<M, Net>(&mut net, &mut gradient, &mut state);
            gradient = Net::ZERO;
            for _ in 0..20_000 {
                self.0.step::<M, Net>(&mut net, &mut gradient, &mut state);
            }
            (state, M::FUSED)
        }
    }

    /// The numbers of a state.
    #[derive(Default)]
    struct Numbers(Vec<f64>);

    impl Inspector for Numbers {
        fn tensor<T: Float>(&mut self, parameters: &[T]) {
            self.0.extend(parameters.iter().map(|x| x.to_f64()));
        }
    }

    #[test]
    fn what_is_forgotten_is_zero_not_subnormal() {
        let (velocity, fused) = dispatch(Forgotten(crate::Sgd::new(1e-3).momentum(0.9)));
        let (mean_square, _) = dispatch(Forgotten(crate::RmsProp::new(1e-3)));
        let (adam, _) = dispatch(Forgotten(crate::Adam { beta2: 0.99, ..crate::Adam::new(1e-3) }));
        for (what, state) in [
            ("the velocity", velocity),
            ("RMSprop's mean square", mean_square),
            ("Adam's mean", adam.mean),
            ("Adam's mean square", adam.mean_square),
        ] {
            let mut numbers = Numbers::default();
            state.inspect(&mut numbers);
            assert_eq!(numbers.0.len(), Net::PARAMS);
            for number in numbers.0 {
                if fused {
                    assert_eq!(number, 0.0, "{what}");
                } else {
                    assert!(number < f32::MIN_POSITIVE.into(), "{what} is {number:e}");
                }
            }
        }
    }
}
