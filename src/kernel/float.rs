//! The two number types and what every part of the crate may ask of them.

use core::fmt::{Debug, Display};
use core::hint;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::functions::{self, Series};
use super::lanes::Square;
use super::product::Plain;
use super::root;
use super::rounding::Twice;
use crate::{Machine, Zero};

/// A floating-point number: `f32` or `f64`. Sealed.
///
/// It carries the functions that `core` lacks (`exp`, `tanh`, `ln`, `sqrt`, ...), so that the
/// same code runs with and without `std`. All of them take NaN to NaN and never panic; they are
/// free of data-dependent branches, so that a loop over them can be vectorised. An input gives the
/// same bits on every machine, except for `tanh` of `f32`, which is looked up in a table where there
/// are no vectors, and with the feature `unfused`. The crate's own activations, in a layer, use fused
/// multiply-add where there is one, and may differ from these in the last digit.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number type of a network: it must be `f32` or `f64`",
    label = "must be `f32` or `f64`"
)]
pub trait Float:
    Series
    + Plain
    + Zero
    + Copy
    + PartialOrd
    + Debug
    + Display
    + Default
    + Send
    + Sync
    + 'static
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
{
    /// The vectors of these numbers on a machine.
    #[doc(hidden)]
    type Lanes<M: Machine>: Square<Self>;

    /// One.
    const ONE: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;

    /// The nearest value to `x`.
    fn from_f64(x: f64) -> Self;
    /// The value as `f64`, exact.
    fn to_f64(self) -> f64;
    /// The absolute value.
    fn abs(self) -> Self;
    /// This magnitude with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Whether it is no number.
    fn is_nan(self) -> bool;
    /// The square root, correctly rounded; NaN below zero.
    fn sqrt(self) -> Self;

    /// `yes` if the condition holds, `no` if not, without a branch.
    ///
    /// Prefer it to `if` in functions of single numbers, also of your own: in a loop over many an
    /// `if` may become a branch, or a store of some of the numbers alone.
    #[inline(always)]
    fn select(condition: bool, yes: Self, no: Self) -> Self {
        hint::select_unpredictable(condition, yes, no)
    }
    /// The smaller of the two; NaN if `self` is NaN.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        Self::select(self > bound, bound, self)
    }
    /// The larger of the two; NaN if `self` is NaN.
    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        Self::select(self < bound, bound, self)
    }
    /// eˣ.
    #[inline(always)]
    fn exp(self) -> Self {
        functions::exp::<Twice, Self>(self)
    }
    /// eˣ − 1, accurate near 0.
    #[inline(always)]
    fn exp_m1(self) -> Self {
        functions::exp_m1::<Twice, Self>(self)
    }
    /// The natural logarithm: NaN below zero, −∞ at zero.
    #[inline(always)]
    fn ln(self) -> Self {
        functions::ln::<Twice, Self>(self)
    }
    /// ln(1 + x), accurate near 0: NaN below −1, −∞ at −1.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        functions::ln_1p::<Twice, Self>(self)
    }
    /// ln(1 + eˣ).
    #[inline(always)]
    fn softplus(self) -> Self {
        functions::softplus::<Twice, Self>(self)
    }
    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh(self) -> Self {
        functions::tanh::<Twice, Self>(self)
    }
    /// The logistic function 1 / (1 + e⁻ˣ).
    #[inline(always)]
    fn sigmoid(self) -> Self {
        functions::sigmoid::<Twice, Self>(self)
    }
    /// Φ(x) = ½ (1 + erf(x / √2)), the standard normal distribution function.
    #[inline(always)]
    fn normal_cdf(self) -> Self {
        functions::normal_cdf::<Twice, Self>(self)
    }
}

macro_rules! float {
    ($t:ident, $lanes:ident, $root:path) => {
        impl Zero for $t {
            const ZERO: Self = 0.0;
        }

        impl Float for $t {
            type Lanes<M: Machine> = M::$lanes;

            const ONE: Self = 1.0;
            const INFINITY: Self = <$t>::INFINITY;
            const NAN: Self = <$t>::NAN;

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                <$t>::copysign(self, sign)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $root(self)
            }
        }
    };
}

float!(f32, F32, root::f32);
float!(f64, F64, root::f64);
