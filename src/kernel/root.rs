//! Square roots, for which `core` has no function. Without `std` they are an instruction on x86-64, on
//! AArch64 and, of `f32`, on an Arm with an FPU; elsewhere they are computed by whole numbers.

pub(super) use found::{f32, f64};

mod found {
    cfg_select! {
        feature = "std" => {
            #[inline(always)]
            pub fn f32(x: f32) -> f32 {
                x.sqrt()
            }

            #[inline(always)]
            pub fn f64(x: f64) -> f64 {
                x.sqrt()
            }
        }
        all(target_arch = "x86_64", target_feature = "sse2") => {
            use core::arch::x86_64::*;

            #[inline(always)]
            pub fn f32(x: f32) -> f32 {
                // SAFETY: the target has the instruction.
                unsafe { _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))) }
            }

            #[inline(always)]
            pub fn f64(x: f64) -> f64 {
                // SAFETY: as above.
                unsafe {
                    let x = _mm_set_sd(x);
                    _mm_cvtsd_f64(_mm_sqrt_sd(x, x))
                }
            }
        }
        all(target_arch = "aarch64", target_feature = "neon") => {
            use core::arch::aarch64::*;

            #[inline(always)]
            pub fn f32(x: f32) -> f32 {
                // SAFETY: the target has the instruction.
                unsafe { vget_lane_f32::<0>(vsqrt_f32(vdup_n_f32(x))) }
            }

            #[inline(always)]
            pub fn f64(x: f64) -> f64 {
                // SAFETY: as above.
                unsafe { vget_lane_f64::<0>(vsqrt_f64(vdup_n_f64(x))) }
            }
        }
        all(target_arch = "arm", target_abi = "eabihf") => {
            pub use super::whole_numbers::f64;

            #[inline(always)]
            pub fn f32(x: f32) -> f32 {
                let mut bits = x.to_bits();
                // SAFETY: computes from a register to a register. These are registers of integers,
                // because the compiler has no name for those of an FPU without double precision.
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
        }
        _ => {
            pub use super::whole_numbers::{f32, f64};
        }
    }
}

/// The significand's integer root, with two bits more than the result holds, the lowest of which
/// says whether anything was cut off, so that the conversion back rounds correctly.
mod whole_numbers {
    macro_rules! root {
        ($t:ident, $bits:ty, $wide:ty, $mantissa:literal, $bias:literal) => {
            pub const fn $t(x: $t) -> $t {
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
                let inexact = (root * root != square) as $bits;
                let power = ((exponent - shift) / 2 + $bias) as $bits;
                (root as $bits | inexact) as $t * <$t>::from_bits(power << $mantissa)
            }
        };
    }
    root!(f32, u32, u64, 23, 127);
    root!(f64, u64, u128, 52, 1023);

    // Also where a target has roots of its own.
    const _: () = assert!(f32(2.0) == core::f32::consts::SQRT_2);
    const _: () = assert!(f64(2.0) == core::f64::consts::SQRT_2);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

    /// The target's and those by whole numbers: both are correctly rounded.
    #[test]
    fn all_roots_have_the_same_bits() {
        macro_rules! check {
            ($x:expr, $t:ident) => {
                let x = $x;
                let (root, by_whole_numbers) = (super::$t(x), whole_numbers::$t(x));
                assert!(
                    root.to_bits() == by_whole_numbers.to_bits()
                        || root.is_nan() && by_whole_numbers.is_nan(),
                    "√{x} is {root}, by whole numbers {by_whole_numbers}"
                );
            };
        }
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let edges = [0.0, -0.0, 1.0, 2.0, 4.0, -1.0, 1e-45, f32::MAX, f32::INFINITY, f32::NAN];
        for x in edges {
            check!(x, f32);
            check!(f64::from(x), f64);
        }
        for _ in 0..100_000 {
            check!(f32::from_bits(rng.next_u32()), f32);
            check!(f64::from_bits(rng.next_u64()).abs(), f64);
        }
    }
}
