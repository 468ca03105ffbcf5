//! Activations: h = f(s), and the derivatives that go with them.
//!
//! | activation | f(s) | derivative computed from |
//! |---|---|---|
//! | [`Identity`] | s | – |
//! | [`Relu`] | max(0, s) | h |
//! | [`LeakyRelu`] | s, or 0.01 s below 0 | h |
//! | [`Elu`] | s, or eˢ − 1 below 0 | h |
//! | [`Selu`] | λ s, or λ α (eˢ − 1) below 0 | h |
//! | [`Gelu`] | s Φ(s) | s |
//! | [`GeluTanh`] | ½ s (1 + tanh(√(2/π) (s + 0.044715 s³))) | s |
//! | [`Silu`] | s σ(s) | s |
//! | [`Sigmoid`] | σ(s) = 1 / (1 + e⁻ˢ) | h |
//! | [`HardSigmoid`] | s/6 + ½, held in 0..1 | h |
//! | [`Tanh`] | tanh(s) | h |
//! | [`HardTanh`] | s, held in −1..1 | h |
//! | [`Softplus`] | ln(1 + eˢ) | s |
//! | [`Softsign`] | s / (1 + \|s\|) | h |
//! | [`Softmax`] | eˢⁱ / Σ eˢʲ | h |
//!
//! Constants are PyTorch's defaults, and so is the derivative at a kink: 0 for [`Relu`], the
//! slope of the flat side for its kin. NaN gives NaN; infinities give the limit, and NaN in
//! [`Softmax`]. A derivative computed from h is as exact as h: where h has reached its limit in
//! rounding, it is 0. One computed from s is computed by forward, together with h: most of the work
//! is the same.
//!
//! All of them compute both sides of a choice and select one, without a branch: on a chip with an
//! FPU a prediction takes the same instructions for every input, NaN, infinities and subnormal
//! numbers among them. `examples/firmware/run` counts them for 1,000 inputs of each activation on an
//! emulated Cortex-M4F. Without an FPU the time of a sum depends on its numbers.
//!
//! An activation of your own is a dozen lines: see [`Elementwise`]. With its formula it can be
//! exported too: see [`ExportActivation`](crate::export::ExportActivation).

use core::array;
use core::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};

use crate::init::Init;
use crate::kernel::elementwise::{self, Function};
use crate::kernel::functions::{exp, exp_m1, normal_cdf, sigmoid, softplus, tanh};
use crate::kernel::product;
use crate::kernel::rounding::{Rounding, Twice};
use crate::{Float, Machine, Store, Zero};

/// What turns the pre-activations s of a layer into its output h, a whole vector at a time.
///
/// Implement [`Elementwise`] for a function of one number; this trait is for those that, like
/// [`Softmax`], need all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no activation",
    label = "not an activation",
    note = "activations are `Relu`, `Tanh`, `Sigmoid`, `Softmax`, ... ; one of your own implements `constgrad::Elementwise`"
)]
pub trait Activation: 'static {
    /// How a layer in front of it is initialised unless told otherwise.
    const INIT: Init;
    /// How files and messages name it, and `_` if it has no name.
    const NAME: &'static str = "_";
    /// How many modules of PyTorch's `nn.Sequential` it is: 0 if files leave it out.
    const MODULES: usize = 1;
    /// Whether it is [`Relu`], which the products of a layer do in passing.
    #[doc(hidden)]
    const IS_RELU: bool = false;
    /// What backward needs and cannot see in the output.
    type Tape<T: Float, const N: usize>: Zero;

    /// h = f(s) in place.
    fn apply<T: Float, const N: usize>(s: &mut [T; N]);

    /// h = f(s) in place, keeping what backward needs.
    fn forward<T: Float, const N: usize>(s: &mut [T; N], tape: &mut Self::Tape<T, N>);

    /// From ∂J/∂h to ∂J/∂s in place: the product with the transposed Jacobian of f.
    fn backward<T: Float, const N: usize>(
        h: &[T; N],
        tape: &Self::Tape<T, N>,
        gradient: &mut [T; N],
    );

    /// [`apply`](Self::apply) for each sample of a batch. An activation keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn apply_batch<M: Machine, T: Float, const N: usize, const B: usize>(s: &mut [[T; N]; B]) {
        for s in s {
            Self::apply(s);
        }
    }

    /// [`forward`](Self::forward) for each sample of a batch. An activation keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn forward_batch<M: Machine, T: Float, const N: usize, const B: usize>(
        s: &mut [[T; N]; B],
        tape: &mut [Self::Tape<T, N>; B],
    ) {
        for (s, tape) in s.iter_mut().zip(tape) {
            Self::forward(s, tape);
        }
    }

    /// [`backward`](Self::backward) for each sample of a batch, and the sum of what it gives: the
    /// gradient of the bias. An activation keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn backward_batch<M: Machine, T: Float, const N: usize, const B: usize>(
        h: &[[T; N]; B],
        tape: &[Self::Tape<T, N>; B],
        gradient: &mut [[T; N]; B],
        sums: &mut [T; N],
        store: Store,
    ) {
        for ((h, tape), gradient) in h.iter().zip(tape).zip(gradient.iter_mut()) {
            Self::backward(h, tape, gradient);
        }
        product::sum_rows::<M, T, N, B>(gradient, sums, store);
    }
}

/// An activation that treats each number by itself.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Elementwise, Float, FromInput, Init, net};
///
/// /// f(s) = s², f′(s) = 2s.
/// struct Square;
///
/// impl Elementwise for Square {
///     const INIT: Init = Init::XavierUniform;
///     type Derivative = FromInput;
///
///     fn apply<T: Float>(s: T) -> T {
///         s * s
///     }
///     fn derivative<T: Float>(s: T) -> T {
///         s + s
///     }
/// }
///
/// type Squares = net![Dense<1, 3, Square>, Dense<3, 1>];
/// assert_eq!(Squares::ZERO.predict(&[2.0]), [0.0]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no activation",
    label = "not an activation",
    note = "activations are `Relu`, `Tanh`, `Sigmoid`, `Softmax`, ... ; one of your own implements `constgrad::Elementwise`"
)]
pub trait Elementwise: 'static {
    /// How a layer in front of it is initialised unless told otherwise.
    const INIT: Init;
    /// How files and messages name it, and `_` if it has no name.
    const NAME: &'static str = "_";
    /// How many modules of PyTorch's `nn.Sequential` it is: 0 if files leave it out.
    const MODULES: usize = 1;
    /// Whether it is [`Relu`], which the products of a layer do in passing.
    #[doc(hidden)]
    const IS_RELU: bool = false;
    /// What the derivative is computed from: [`FromOutput`], which costs no memory, or
    /// [`FromInput`], for which forward computes and keeps it.
    type Derivative: DerivativeSource;

    /// f(s).
    fn apply<T: Float>(s: T) -> T;

    /// f′(s), given h = f(s) with [`FromOutput`], or s itself with [`FromInput`].
    fn derivative<T: Float>(from: T) -> T;

    /// [`apply`](Self::apply) with a product and its sum rounded as `R` does. An activation keeps this
    /// default.
    #[doc(hidden)]
    #[inline(always)]
    fn apply_rounding<R: Rounding, T: Float>(s: T) -> T {
        Self::apply(s)
    }

    /// [`derivative`](Self::derivative) likewise. An activation keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn derivative_rounding<R: Rounding, T: Float>(from: T) -> T {
        Self::derivative(from)
    }
}

/// The derivative is computed from the output h, which the next layer keeps anyway.
#[derive(Debug)]
pub enum FromOutput {}

/// The derivative is computed from the input s, in the same pass as h: what the two have in common is
/// computed once. It is kept until backward multiplies by it.
#[derive(Debug)]
pub enum FromInput {}

/// [`FromOutput`] or [`FromInput`]. Sealed.
pub trait DerivativeSource: private::Source {}

impl DerivativeSource for FromOutput {}
impl DerivativeSource for FromInput {}

mod private {
    use super::{
        Activation, Derivative, Elementwise, Float, FromInput, FromOutput, Machine, Rounding,
        Value, Zero, elementwise,
    };

    pub trait Source {
        type Tape<T: Float, const N: usize>: Zero;

        /// [`Activation::forward`].
        fn forward<E: Elementwise, T: Float, const N: usize>(
            s: &mut [T; N],
            tape: &mut Self::Tape<T, N>,
        );

        /// [`Activation::forward_batch`].
        fn forward_batch<E, M: Machine, T: Float, const N: usize, const B: usize>(
            s: &mut [[T; N]; B],
            tape: &mut [Self::Tape<T, N>; B],
        ) where
            E: Elementwise<Derivative = Self>;

        /// What [`slope`](Self::slope) takes.
        fn of<'a, T: Float, const N: usize, const B: usize>(
            h: &'a [[T; N]; B],
            tape: &'a [Self::Tape<T, N>; B],
        ) -> &'a [[T; N]; B];

        /// f′.
        fn slope<E: Elementwise, R: Rounding, T: Float>(from: T) -> T;
    }

    impl Source for FromOutput {
        type Tape<T: Float, const N: usize> = ();

        #[inline(always)]
        fn forward<E: Elementwise, T: Float, const N: usize>(s: &mut [T; N], (): &mut ()) {
            <E as Activation>::apply(s);
        }

        #[inline(always)]
        fn forward_batch<E, M: Machine, T: Float, const N: usize, const B: usize>(
            s: &mut [[T; N]; B],
            _: &mut [(); B],
        ) where
            E: Elementwise<Derivative = Self>,
        {
            E::apply_batch::<M, T, N, B>(s);
        }

        #[inline(always)]
        fn of<'a, T: Float, const N: usize, const B: usize>(
            h: &'a [[T; N]; B],
            _: &'a [(); B],
        ) -> &'a [[T; N]; B] {
            h
        }

        #[inline(always)]
        fn slope<E: Elementwise, R: Rounding, T: Float>(h: T) -> T {
            E::derivative_rounding::<R, T>(h)
        }
    }

    impl Source for FromInput {
        type Tape<T: Float, const N: usize> = [T; N];

        #[inline(always)]
        fn forward<E: Elementwise, T: Float, const N: usize>(s: &mut [T; N], slopes: &mut [T; N]) {
            for (s, slope) in s.iter_mut().zip(slopes) {
                *slope = E::derivative(*s);
                *s = E::apply(*s);
            }
        }

        #[inline(always)]
        fn forward_batch<E, M: Machine, T: Float, const N: usize, const B: usize>(
            s: &mut [[T; N]; B],
            slopes: &mut [[T; N]; B],
        ) where
            E: Elementwise<Derivative = Self>,
        {
            let (s, slopes) = (s.as_flattened_mut(), slopes.as_flattened_mut());
            elementwise::map_both::<M, Value<E>, Derivative<E>, T>(s, slopes);
        }

        #[inline(always)]
        fn of<'a, T: Float, const N: usize, const B: usize>(
            _: &'a [[T; N]; B],
            slopes: &'a [[T; N]; B],
        ) -> &'a [[T; N]; B] {
            slopes
        }

        #[inline(always)]
        fn slope<E: Elementwise, R: Rounding, T: Float>(kept: T) -> T {
            kept
        }
    }
}

impl<E: Elementwise> Activation for E {
    const INIT: Init = E::INIT;
    const NAME: &'static str = E::NAME;
    const MODULES: usize = E::MODULES;
    const IS_RELU: bool = E::IS_RELU;
    type Tape<T: Float, const N: usize> = <E::Derivative as private::Source>::Tape<T, N>;

    #[inline(always)]
    fn apply<T: Float, const N: usize>(s: &mut [T; N]) {
        for s in s {
            *s = E::apply(*s);
        }
    }

    #[inline(always)]
    fn forward<T: Float, const N: usize>(s: &mut [T; N], tape: &mut Self::Tape<T, N>) {
        <E::Derivative as private::Source>::forward::<E, T, N>(s, tape);
    }

    #[inline(always)]
    fn backward<T: Float, const N: usize>(
        h: &[T; N],
        tape: &Self::Tape<T, N>,
        gradient: &mut [T; N],
    ) {
        let (h, tape) = (array::from_ref(h), array::from_ref(tape));
        let [from] = <E::Derivative as private::Source>::of(h, tape);
        for (gradient, &from) in gradient.iter_mut().zip(from) {
            *gradient *= Slope::<E>::of::<Twice, T>(from);
        }
    }

    #[inline(always)]
    fn apply_batch<M: Machine, T: Float, const N: usize, const B: usize>(s: &mut [[T; N]; B]) {
        elementwise::map::<M, Value<E>, T>(s.as_flattened_mut());
    }

    #[inline(always)]
    fn forward_batch<M: Machine, T: Float, const N: usize, const B: usize>(
        s: &mut [[T; N]; B],
        tape: &mut [Self::Tape<T, N>; B],
    ) {
        <E::Derivative as private::Source>::forward_batch::<E, M, T, N, B>(s, tape);
    }

    #[inline(always)]
    fn backward_batch<M: Machine, T: Float, const N: usize, const B: usize>(
        h: &[[T; N]; B],
        tape: &[Self::Tape<T, N>; B],
        gradient: &mut [[T; N]; B],
        sums: &mut [T; N],
        store: Store,
    ) {
        let from = <E::Derivative as private::Source>::of(h, tape);
        elementwise::scale_and_sum::<M, Slope<E>, T, N, B>(gradient, from, sums, store);
    }
}

/// f of an activation.
struct Value<E>(E);

impl<E: Elementwise> Function for Value<E> {
    #[inline(always)]
    fn of<R: Rounding, T: Float>(x: T) -> T {
        E::apply_rounding::<R, T>(x)
    }
}

/// f′ of an activation, from what its derivative is computed from.
struct Derivative<E>(E);

impl<E: Elementwise> Function for Derivative<E> {
    #[inline(always)]
    fn of<R: Rounding, T: Float>(x: T) -> T {
        E::derivative_rounding::<R, T>(x)
    }
}

/// f′ of an activation, from what backward has of it.
struct Slope<E>(E);

impl<E: Elementwise> Function for Slope<E> {
    #[inline(always)]
    fn of<R: Rounding, T: Float>(x: T) -> T {
        <E::Derivative as private::Source>::slope::<E, R, T>(x)
    }
}

/// Declares the elementwise activations: name, modules unless 1, initialisation, what the derivative
/// is computed from, f(s), and f′.
macro_rules! elementwise {
    ($(
        $(#[$doc:meta])*
        $name:ident $([$modules:literal])? $({ $is_relu:ident })?: $init:ident, $from:ident,
        |$s:ident| $apply:expr,
        |$x:ident| $derivative:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}

        impl Elementwise for $name {
            const INIT: Init = Init::$init;
            const NAME: &'static str = stringify!($name);
            $(const MODULES: usize = $modules;)?
            $(const $is_relu: bool = true;)?
            type Derivative = $from;

            #[inline(always)]
            fn apply<T: Float>(s: T) -> T {
                Self::apply_rounding::<Twice, T>(s)
            }
            #[inline(always)]
            fn derivative<T: Float>(from: T) -> T {
                Self::derivative_rounding::<Twice, T>(from)
            }
            #[inline(always)]
            fn apply_rounding<R: Rounding, T: Float>($s: T) -> T {
                $apply
            }
            #[inline(always)]
            fn derivative_rounding<R: Rounding, T: Float>($x: T) -> T {
                $derivative
            }
        }
    )*};
}

/// √(2/π)
pub(crate) const SQRT_2_PI: f64 = FRAC_2_SQRT_PI / SQRT_2;
/// The s³ in [`GeluTanh`].
pub(crate) const GELU_CUBE: f64 = 0.044715;
/// The slope of [`LeakyRelu`] below 0.
pub(crate) const LEAKY_SLOPE: f64 = 0.01;
pub(crate) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
pub(crate) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
/// How far [`HardSigmoid`] rises.
pub(crate) const HARD_SIGMOID_WIDTH: f64 = 6.0;

/// The argument of tanh in [`GeluTanh`], and its derivative.
#[inline(always)]
fn gelu_argument<R: Rounding, T: Float>(s: T) -> (T, T) {
    let (a, c) = (T::from_f64(SQRT_2_PI), T::from_f64(GELU_CUBE));
    let square = c * s * s;
    let argument = a * s * R::mul_add(c * s, s, T::ONE);
    (argument, a * R::mul_add(T::from_f64(3.0), square, T::ONE))
}

elementwise! {
    /// f(s) = s: a layer without activation, and the usual last layer of a network, whose outputs
    /// are then logits or plain numbers.
    Identity [0]: XavierUniform, FromOutput,
        |s| s,
        |_h| T::ONE;

    /// f(s) = max(0, s): the rectified linear unit.
    Relu {IS_RELU}: HeUniform, FromOutput,
        |s| s.relu(),
        |h| T::select(h > T::ZERO, T::ONE, T::ZERO);

    /// f(s) = s above 0, 0.01 s below.
    LeakyRelu: HeUniform, FromOutput,
        |s| s * T::select(s < T::ZERO, T::from_f64(LEAKY_SLOPE), T::ONE),
        |h| T::select(h > T::ZERO, T::ONE, T::from_f64(LEAKY_SLOPE));

    /// f(s) = s above 0, eˢ − 1 below: the exponential linear unit with α = 1.
    Elu: HeUniform, FromOutput,
        |s| T::select(s < T::ZERO, exp_m1::<R, T>(s.at_most(T::ZERO)), s),
        |h| T::select(h > T::ZERO, T::ONE, h + T::ONE);

    /// f(s) = λ s above 0, λ α (eˢ − 1) below: the scaled exponential linear unit, which keeps
    /// activations at mean 0 and variance 1 (Klambauer et al. 2017).
    Selu: LecunNormal, FromOutput,
        |s| {
            let low = T::from_f64(SELU_ALPHA) * exp_m1::<R, T>(s.at_most(T::ZERO));
            T::from_f64(SELU_SCALE) * T::select(s < T::ZERO, low, s)
        },
        |h| {
            let low = h + T::from_f64(SELU_SCALE * SELU_ALPHA);
            T::select(h > T::ZERO, T::from_f64(SELU_SCALE), low)
        };

    /// f(s) = s Φ(s), with Φ the normal distribution function: the Gaussian error linear unit,
    /// exact form.
    Gelu: HeUniform, FromInput,
        |s| limit_at_minus_infinity(s, s * normal_cdf::<R, T>(s)),
        |s| {
            // φ(s) = e^(−s²/2) / √(2π)
            let density = exp::<R, T>(s * s * T::from_f64(-0.5)) * T::from_f64(0.5 * SQRT_2_PI);
            R::mul_add(held(s), density, normal_cdf::<R, T>(s))
        };

    /// f(s) = ½ s (1 + tanh(√(2/π) (s + 0.044715 s³))): the usual approximation of [`Gelu`].
    GeluTanh: HeUniform, FromInput,
        |s| {
            let (argument, _) = gelu_argument::<R, T>(s);
            // ½ (1 + tanh u) = σ(2u), which does not cancel below zero.
            limit_at_minus_infinity(s, s * sigmoid::<R, T>(argument + argument))
        },
        |s| {
            let (argument, _) = gelu_argument::<R, T>(s);
            let double = argument + argument;
            let (high, low) = (sigmoid::<R, T>(double), sigmoid::<R, T>(-double));
            let s = held(s);
            let (_, slope) = gelu_argument::<R, T>(s);
            R::mul_add((s + s) * slope * high, low, high)
        };

    /// f(s) = s σ(s): the sigmoid linear unit, also called swish.
    Silu: HeUniform, FromInput,
        |s| limit_at_minus_infinity(s, s * sigmoid::<R, T>(s)),
        |s| {
            let (high, low) = (sigmoid::<R, T>(s), sigmoid::<R, T>(-s));
            R::mul_add(held(s) * high, low, high)
        };

    /// f(s) = σ(s) = 1 / (1 + e⁻ˢ): the logistic function, into 0..1.
    Sigmoid: XavierUniform, FromOutput,
        |s| sigmoid::<R, T>(s),
        |h| if R::FUSED { R::mul_add(-h, h, h) } else { h * (T::ONE - h) };

    /// f(s) = s/6 + ½, held in 0..1.
    HardSigmoid: XavierUniform, FromOutput,
        |s| {
            let line = s / T::from_f64(HARD_SIGMOID_WIDTH) + T::from_f64(0.5);
            line.at_least(T::ZERO).at_most(T::ONE)
        },
        |h| T::select(h > T::ZERO && h < T::ONE, T::from_f64(1.0 / HARD_SIGMOID_WIDTH), T::ZERO);

    /// f(s) = tanh(s), into −1..1.
    Tanh: XavierUniform, FromOutput,
        |s| tanh::<R, T>(s),
        |h| {
            // 1 − h², which would cancel with two roundings.
            if R::FUSED { R::mul_add(-h, h, T::ONE) } else { (T::ONE - h) * (T::ONE + h) }
        };

    /// f(s) = s, held in −1..1.
    HardTanh: XavierUniform, FromOutput,
        |s| s.at_least(-T::ONE).at_most(T::ONE),
        |h| T::select(h > -T::ONE && h < T::ONE, T::ONE, T::ZERO);

    /// f(s) = ln(1 + eˢ): a smooth [`Relu`].
    Softplus: HeUniform, FromInput,
        |s| softplus::<R, T>(s),
        |s| sigmoid::<R, T>(s);

    /// f(s) = s / (1 + |s|), into −1..1.
    Softsign: XavierUniform, FromOutput,
        |s| {
            let soft = s / (T::ONE + s.abs());
            T::select(s.abs() < T::INFINITY, soft, s.at_least(-T::ONE).at_most(T::ONE))
        },
        |h| {
            let rest = T::ONE - h.abs();
            rest * rest
        };
}

/// s, but no infinity, which times a factor that has reached 0 is no number.
#[inline(always)]
fn held<T: Float>(s: T) -> T {
    s.at_least(T::from_f64(-1e3)).at_most(T::from_f64(1e3))
}

/// `value`, but 0 at s = −∞, where s times a factor that has reached 0 is no number.
#[inline(always)]
fn limit_at_minus_infinity<T: Float>(s: T, value: T) -> T {
    T::select(s == -T::INFINITY, T::ZERO, value)
}

/// fᵢ(s) = eˢⁱ / Σⱼ eˢʲ: probabilities that sum to 1.
///
/// For training a classifier leave it out: [`CrossEntropy`](crate::CrossEntropy) takes logits,
/// which is quicker and exact where a probability is too small to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Softmax {}

impl Activation for Softmax {
    const INIT: Init = Init::XavierUniform;
    const NAME: &'static str = "Softmax";
    type Tape<T: Float, const N: usize> = ();

    #[inline(always)]
    fn apply<T: Float, const N: usize>(s: &mut [T; N]) {
        softmax(s);
    }

    #[inline(always)]
    fn forward<T: Float, const N: usize>(s: &mut [T; N], (): &mut ()) {
        softmax(s);
    }

    /// ∂J/∂sᵢ = hᵢ (gᵢ − Σⱼ gⱼ hⱼ)
    #[inline(always)]
    fn backward<T: Float, const N: usize>(h: &[T; N], (): &(), gradient: &mut [T; N]) {
        let mean: T = gradient.iter().zip(h).map(|(&g, &h)| g * h).sum();
        for (gradient, &h) in gradient.iter_mut().zip(h) {
            *gradient = h * (*gradient - mean);
        }
    }
}

/// Turns logits into probabilities. Nothing overflows, whatever the logits.
#[inline(always)]
fn softmax<T: Float, const N: usize>(s: &mut [T; N]) {
    subtract_largest(s);
    elementwise::map_here::<Twice, Exp, T>(s);
    let scale = T::ONE / elementwise::sum(s);
    for s in s {
        *s *= scale;
    }
}

/// s ← s − the largest of them, which it returns.
#[inline(always)]
pub(crate) fn subtract_largest<T: Float, const N: usize>(s: &mut [T; N]) -> T {
    let largest = elementwise::largest(s);
    for s in s {
        *s -= largest;
    }
    largest
}

/// eˣ.
pub(crate) struct Exp;

impl Function for Exp {
    #[inline(always)]
    fn of<R: Rounding, T: Float>(x: T) -> T {
        exp::<R, T>(x)
    }
}
