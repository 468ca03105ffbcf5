//! The two number types and what every part of the crate may ask of them.

use core::fmt::{Debug, Display};
use core::hint;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::functions::{self, Series};
use super::lanes::Square;
use super::product::Plain;
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

#[cfg(feature = "std")]
float!(f32, F32, f32::sqrt);
#[cfg(feature = "std")]
float!(f64, F64, f64::sqrt);

#[cfg(all(not(feature = "std"), not(all(target_arch = "arm", target_abi = "eabihf"))))]
float!(f32, F32, integer_root::sqrt_f32);
#[cfg(all(not(feature = "std"), target_arch = "arm", target_abi = "eabihf"))]
float!(f32, F32, vsqrt);
#[cfg(not(feature = "std"))]
float!(f64, F64, integer_root::sqrt_f64);

/// The square root of an Arm FPU, for which `core` has no function.
#[cfg(all(not(feature = "std"), target_arch = "arm", target_abi = "eabihf"))]
#[inline(always)]
fn vsqrt(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: computes from a register to a register. These are registers of integers, because the
    // compiler has no name for those of an FPU without double precision.
    unsafe {
        core::arch::asm!(
            "vmov s0, {bits}",
            "vsqrt.f32 s0, s0",
            "vmov {bits}, s0",
            bits = inout(reg) bits,
            out("s0") _,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    f32::from_bits(bits)
}

/// Square roots where `core` has none: the significand's integer root, with two bits more than
/// the result holds, the lowest of which says whether anything was cut off, so that the conversion
/// back rounds correctly.
#[cfg(any(test, not(feature = "std")))]
mod integer_root {
    #![cfg_attr(
        all(target_arch = "arm", target_abi = "eabihf"),
        expect(dead_code, reason = "the FPU has a root for `f32`")
    )]

    macro_rules! sqrt {
        ($name:ident, $t:ty, $bits:ty, $wide:ty, $mantissa:literal, $bias:literal) => {
            pub(super) fn $name(x: $t) -> $t {
                if !(x > 0.0 && x < <$t>::INFINITY) {
                    return if x < 0.0 { <$t>::NAN } else { x };
                }
                const UP: $t = (1u64 << ($mantissa + 1)) as $t;
                let subnormal = x < <$t>::MIN_POSITIVE;
                let bits = if subnormal { x * UP } else { x }.to_bits();
                let lift = if subnormal { $mantissa + 1 } else { 0 };
                // x = significand · 2^exponent
                let significand = (bits & ((1 << $mantissa) - 1)) | (1 << $mantissa);
                let exponent = (bits >> $mantissa) as i32 - ($bias + $mantissa) - lift;
                // So far that the root has two bits more than the result at least, and that half
                // of the exponent that is left is whole.
                let shift = $mantissa + 4 + ((exponent + $mantissa) & 1);
                let square = (significand as $wide) << shift;
                let root = square.isqrt();
                let inexact = <$bits>::from(root * root != square);
                let power = ((exponent - shift) / 2 + $bias) as $bits;
                (root as $bits | inexact) as $t * <$t>::from_bits(power << $mantissa)
            }
        };
    }
    sqrt!(sqrt_f32, f32, u32, u64, 23, 127);
    sqrt!(sqrt_f64, f64, u64, u128, 52, 1023);
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

    #[test]
    fn integer_roots_are_those_of_std() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let edges = [0.0, -0.0, 1.0, 2.0, 4.0, -1.0, 1e-45, f32::MAX, f32::INFINITY, f32::NAN];
        let random = (0..100_000).map(|_| f32::from_bits(rng.next_u32()));
        for x in edges.into_iter().chain(random) {
            let (root, expected) = (integer_root::sqrt_f32(x), x.sqrt());
            assert!(
                root.to_bits() == expected.to_bits() || root.is_nan() && expected.is_nan(),
                "{x}"
            );
        }
        for _ in 0..100_000 {
            let x = f64::from_bits(rng.next_u64()).abs();
            let (root, expected) = (integer_root::sqrt_f64(x), x.sqrt());
            assert!(
                root.to_bits() == expected.to_bits() || root.is_nan() && expected.is_nan(),
                "{x}"
            );
        }
    }
}
