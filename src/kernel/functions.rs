//! exp, ln, tanh and their kin, written once for both number types.
//!
//! Every function is one straight line of arithmetic: both sides of a choice are computed and one
//! is selected, so that a loop over an array vectorises on every target, and so that the time
//! does not depend on the numbers. Each is there for both ways of [`Rounding`]: rounded twice, as in
//! [`Float`]'s methods, an input gives the same bits on every machine; rounded once, as in the
//! activations of a layer where the machine can, it is quicker. The one exception is tanh in `f32`, which is
//! looked up in a table (`kernel::tanh`) where there are no vectors, and with the feature `unfused`, which
//! promises the bits of such machines.
//!
//! | function | method | largest error in `f32` |
//! |---|---|---|
//! | e^x | x = n ln 2 + r; a polynomial in r | 1.30 ulp |
//! | e^x − 1 | the same, with the 1 taken off before it is scaled | 1.31 |
//! | ln | x = 2^k (1 + f); a series in f / (f + 2) | 0.84 |
//! | ln(1+x) | ln of the sum, and what the sum's rounding left | 1.44 |
//! | ln(1+e^x) | max(x, 0) + ln(1 + e^−\|x\|) | 1.68 |
//! | tanh | x − x³ / q(x²) to 1; beyond it 1 − 2 / (e^2x + 1) | 1.49 |
//! | | by table: a polynomial for each of 53 intervals | 1.49 |
//! | σ | 1 / (1 + e^x), with e^x never scaled | 1.75 |
//! | Φ | ½ + x p(x²) to 1; beyond it e^(−x²/2) / (x + v(x)), with x² in two parts | 1.98 |
//!
//! in units of the last place, over all 2³² numbers, rounded twice; rounded once no error is larger.
//! `tests/functions.rs` measures them again. tanh is odd, and tanh and σ never fall where x grows; e^x
//! may, by one unit.
//!
//! The coefficients are minimax: `tests/functions/coefficients.py` computes them.
//!
//! A vector of a small network waits for each step of tanh, and over a long array the window in
//! which a processor reorders instructions holds few vectors: a short chain of dependent steps
//! counts twice. So polynomials are summed in pairs, x is reduced by as few roundings as the
//! result needs, and tanh has one division. On a Zen 4 of 3.6 GHz with AVX2 (with AVX-512 in
//! brackets), rounded twice, ns for each of 1024 numbers, and for a vector that waits for the one before:
//!
//! | | Horner's sums, tanh = c + (e − 2c − ce) / (e + 2) with e = e^2x − 1 | pairs, r² low + r⁴ high |
//! |---|---|---|
//! | e^x | 0.68 (0.41); 20.0 | 0.43 (0.31); 12.8 |
//! | e^x − 1 | 1.31 (0.78); 20.5 | 0.54 (0.36); 13.3 |
//! | tanh | 1.02 (0.59); 24.4 | 0.56 (0.36); 12.9 |
//! | σ | 0.83 (0.52); 23.6, 2.4 ulp | 0.60 (0.43); 16.2 |
//! | ln | 1.01 (0.58); 22.2 | 0.75 (0.48); 17.3 |
//! | ln(1+x) | 1.01 (0.65) | 0.90 (0.55); 19.0 |
//! | ln(1+e^x) | 2.67 (1.52) | 1.39 (0.81); 30 |
//! | Φ | 1.47 (0.89); 27, 70 ulp in the tail | 1.9 (1.1); 23 |
//!
//! Rounded once, on an Intel Xeon with AVX-512, e^x − 1 takes a third less, σ a fifth, tanh a seventh; a
//! sample of 4-16-16-2 tanh 4 % less, and a step of 2-16-1 5 %. All of these add
//! r² low + r⁴ high to 1 + r. As it is, r² (low + r² high) is added in one multiply-add, and tanh gets its
//! sign by one OR: on a Zen 3 by AVX2 tanh takes 15 % less, and a step of 2-16-1 5 to 9 %.
//!
//! The two formulas of tanh meet at 1, where the larger divisor is the right one: a minimum and a maximum
//! choose. With the two quotients selected by a comparison at 0.7, as in the table above, it erred by up to
//! 1.88 ulp, and on another Xeon by AVX2 took 0.55 ns instead of 0.45, a step of 2-16-1 4 to 7 % longer and a
//! sample of small networks 4 to 6 %. By AVX-512 it took as long, since the divider is what bounds there, and a
//! sample of small networks 0 to 3 % less.
//!
//! Tried for tanh, and left: one quotient of polynomials up to 9 takes 0.34 (0.29) and 10.1, but
//! its two sums and its division are three roundings near 1, where the unit is smallest;
//! 1 − p(x) / q(x) beyond 0.7, where p and q need 13 coefficients; its division beside the sums of the
//! next vector no gain; a polynomial for the small side 0.64 (0.42); steps of ½ ln 2 with a shorter
//! quotient no gain, 0.70 (0.49); e / (e + 2) with e = e^2x − 1 errs by up to 2.65 ulp, and falls in places;
//! e^2x as the fourth power of a polynomial, 2.65 ulp and no gain; minimum and maximum by whole numbers, no
//! gain. For e^x: Horner's sum of six terms 0.47 (0.32) and 16.8; carrying what
//! 1 + r loses 0.79 ulp, 0.53 (0.38).

use core::f64::consts::LOG2_E;
use core::hint::select_unpredictable as select;

use super::lanes::PLAIN;
use super::rounding::Rounding;
use super::{Float, tanh};

/// Whether tanh in `f32` is looked up.
pub const TANH_BY_TABLE: bool = PLAIN || cfg!(feature = "unfused");

/// The constants of one number type, and the steps that need its bits. A number type has
/// them by [`Float`], which is sealed.
pub trait Series: Sized + 'static {
    /// ln 2, short enough that n · `LN2_HI` is exact for every exponent n, and what is missing.
    const LN2_HI: Self;
    const LN2_LO: Self;
    /// Adding it rounds to an integer, and leaves n + bias − 1 (n + 2 bias) in the lowest bits.
    const ROUND_HALF: Self;
    const ROUND_TWICE: Self;
    /// Below `EXP_MIN` eˣ rounds to 0; above `EXP_MAX` it is infinite.
    const EXP_MIN: Self;
    const EXP_MAX: Self;
    /// Twice the smallest normal number.
    const TINY: Self;
    /// tanh(x) rounds to 1 from here.
    const TANH_ONE: Self;
    /// Φ(−x) rounds to 0 from here.
    const CDF_ZERO: Self;
    /// The pole of t in [`normal_cdf`].
    const CDF_POLE: Self;
    /// 1/√(2π) in two parts, of which the first has half a significand.
    const CDF_SLOPE: (Self, Self);

    /// 2ⁿ⁻¹ from n + `ROUND_HALF`, for normal 2ⁿ⁻¹.
    fn power(rounded: Self) -> Self;
    /// Two normal powers of two whose product is 2ⁿ, from n + `ROUND_TWICE`.
    fn powers(rounded: Self) -> (Self, Self);
    /// 1 / self, for a power of two.
    fn inverse_power(self) -> Self;
    /// The larger of this and 0, which is not −0; NaN of NaN.
    fn relu(self) -> Self;
    /// a · b + c in one rounding: only for machines that have the instruction.
    #[cfg(any(
        feature = "std",
        all(target_arch = "x86_64", target_feature = "fma"),
        all(target_arch = "aarch64", target_feature = "neon")
    ))]
    fn fused(a: Self, b: Self, c: Self) -> Self;
    /// (m, k) with self = m · 2ᵏ and m in [√½, √2), for finite positive self.
    fn split(self) -> (Self, Self);
    /// The upper half of the significand: its square is exact.
    fn upper(self) -> Self;
    /// This, which is NaN or no less than 0, with the sign of x.
    fn with_sign(self, x: Self) -> Self;

    /// The hyperbolic tangent.
    fn tanh_of<R: Rounding>(x: Self) -> Self;

    /// (r², p) with e^r = 1 + r + r² p, for |r| ≤ ½ ln 2.
    fn exp_tail<R: Rounding>(r: Self) -> (Self, Self);
    /// (c, f², p) with 2^f = 1 + c f + f² p, for |f| ≤ ½ and some c near ln 2.
    fn exp2_parts<R: Rounding>(f: Self) -> (Self, Self, Self);
    /// q with tanh(a) = a − a z / q, z = a² ≤ 1.
    fn tanh_divisor<R: Rounding>(z: Self) -> Self;
    /// ln((1+s)/(1−s)) = 2s + s z `ln_series`(z), z = s² ≤ 0.04.
    fn ln_series<R: Rounding>(z: Self) -> Self;
    /// (Φ(x) − ½) / x for z = x² ≤ 0.65².
    fn cdf_center<R: Rounding>(z: Self) -> Self;
    /// v(t) of [`normal_cdf`].
    fn cdf_tail<R: Rounding>(t: Self) -> Self;
}

/// c₀ + c₁ x + c₂ x² + ..., in as few dependent steps as there are doublings: pairs first, then
/// pairs of pairs.
macro_rules! polynomial {
    ($x:expr; $sum:expr) => { $sum };
    ($x:expr; $($c:expr),+) => {{
        let x = $x;
        polynomial!(@pairs x; []; $($c),+)
    }};
    (@pairs $x:ident; [$($done:expr),*]; $a:expr, $b:expr $(, $rest:expr)*) => {
        polynomial!(@pairs $x; [$($done,)* R::mul_add($b, $x, $a)]; $($rest),*)
    };
    (@pairs $x:ident; [$($done:expr),*]; $last:expr) => {
        polynomial!($x * $x; $($done,)* $last)
    };
    (@pairs $x:ident; [$($done:expr),*];) => {
        polynomial!($x * $x; $($done),*)
    };
}

/// The bits of [`Series::relu`]. As whole numbers, −0 to −∞ are below all others: three instructions
/// for a Cortex-M4F, where a comparison of its FPU and what follows it are five.
macro_rules! relu_of_bits {
    ($x:expr, $t:ty, $int:ty) => {{
        let bits = $x.to_bits() as $int;
        select(bits <= <$t>::NEG_INFINITY.to_bits() as $int, 0, bits)
    }};
}

macro_rules! series {
    (
        $t:ty, $int:ty, $uint:ty, $mantissa:literal, $bias:literal,
        $single:ident $fmadd:ident $first:ident, $splat:ident $fma:ident
    ) => {
        const ROUND_HALF: $t = 1.5 * (1u64 << $mantissa) as $t + ($bias - 1) as $t;
        const ROUND_TWICE: $t = Self::ROUND_HALF + ($bias + 1) as $t;

        #[inline(always)]
        fn power(rounded: Self) -> Self {
            <$t>::from_bits(rounded.to_bits() << $mantissa)
        }

        #[inline(always)]
        fn powers(rounded: Self) -> (Self, Self) {
            let bits = rounded.to_bits();
            let half = (bits >> 1) << $mantissa;
            (<$t>::from_bits(half), <$t>::from_bits((bits << $mantissa).wrapping_sub(half)))
        }

        #[inline(always)]
        fn inverse_power(self) -> Self {
            <$t>::from_bits(((2 * $bias as $uint) << $mantissa).wrapping_sub(self.to_bits()))
        }

        #[inline(always)]
        fn relu(self) -> Self {
            if PLAIN {
                return <$t>::from_bits(relu_of_bits!(self, $t, $int) as $uint);
            }
            // |·| changes −0 alone; without it LLVM stores the zeros with a mask, which is slow.
            select(self < 0.0, 0.0, self).abs()
        }

        #[cfg(feature = "std")]
        #[inline(always)]
        fn fused(a: Self, b: Self, c: Self) -> Self {
            a.mul_add(b, c)
        }

        #[cfg(all(not(feature = "std"), target_arch = "x86_64", target_feature = "fma"))]
        #[inline(always)]
        fn fused(a: Self, b: Self, c: Self) -> Self {
            use core::arch::x86_64::*;
            // SAFETY: the target has the instruction.
            unsafe { $first($fmadd($single(a), $single(b), $single(c))) }
        }

        #[cfg(all(not(feature = "std"), target_arch = "aarch64", target_feature = "neon"))]
        #[inline(always)]
        fn fused(a: Self, b: Self, c: Self) -> Self {
            use core::arch::aarch64::*;
            // SAFETY: the target has the instruction.
            unsafe { $fma::<0>(c, a, $splat(b)) }
        }

        #[inline(always)]
        fn split(self) -> (Self, Self) {
            const UP: $t = (1u64 << ($mantissa + 1)) as $t;
            let subnormal = self < <$t>::MIN_POSITIVE;
            let bits = select(subnormal, self * UP, self).to_bits();
            // Counted from √½, so that the fraction that is left lies in [√½, √2).
            let from = core::f64::consts::FRAC_1_SQRT_2 as $t;
            let k = (bits.wrapping_sub(from.to_bits()) as $int) >> $mantissa;
            let m = <$t>::from_bits(bits.wrapping_sub((k << $mantissa) as $uint));
            let shift = select(subnormal, $mantissa + 1, 0);
            (m, k.wrapping_sub(shift) as $t)
        }

        #[inline(always)]
        fn with_sign(self, x: Self) -> Self {
            <$t>::from_bits(self.to_bits() | x.to_bits() & (-0.0 as $t).to_bits())
        }

        #[inline(always)]
        fn upper(self) -> Self {
            const LOW: u32 = $mantissa / 2 + 1;
            <$t>::from_bits(self.to_bits() >> LOW << LOW)
        }
    };
}

impl Series for f32 {
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    const EXP_MIN: f32 = -105.0;
    const EXP_MAX: f32 = 89.0;
    const TINY: f32 = 2.0 * f32::MIN_POSITIVE;
    const TANH_ONE: f32 = 10.0;
    const CDF_ZERO: f32 = 14.5;
    const CDF_POLE: f32 = 3.0;
    const CDF_SLOPE: (f32, f32) = (0.398_925_78, 1.649_915e-5);

    series!(
        f32, i32, u32, 23, 127,
        _mm_set_ss _mm_fmadd_ss _mm_cvtss_f32, vdup_n_f32 vfmas_lane_f32
    );

    #[inline(always)]
    fn tanh_of<R: Rounding>(x: f32) -> f32 {
        if TANH_BY_TABLE { tanh::tanh(x) } else { arithmetic_tanh::<R, f32>(x) }
    }

    #[inline(always)]
    fn exp_tail<R: Rounding>(r: f32) -> (f32, f32) {
        let s = r * r;
        let low = R::mul_add(0.166_665_2, r, 0.499_999_94);
        let high = R::mul_add(0.001_381_457_4, s, R::mul_add(0.008_368_76, r, 0.041_668_393));
        (s, R::mul_add(s, high, low))
    }

    #[inline(always)]
    fn exp2_parts<R: Rounding>(f: f32) -> (f32, f32, f32) {
        let s = f * f;
        let low = R::mul_add(0.055_507_343, f, 0.240_222_41);
        let high = R::mul_add(0.001_326_463_7, f, 0.009_671_566);
        (f32::from_bits(0x3f317215), s, R::mul_add(s, high, low))
    }

    #[inline(always)]
    fn tanh_divisor<R: Rounding>(z: f32) -> f32 {
        let curve = R::mul_add(z, 0.000_226_968_68, -0.005_692_764);
        R::mul_add(z, R::mul_add(z, curve, 1.199_993_3), 3.000_000_7)
    }

    #[inline(always)]
    fn ln_series<R: Rounding>(z: f32) -> f32 {
        polynomial!(z; 0.666_666_6, 0.400_008_62, 0.285_069_97, 0.241_004_77)
    }

    #[inline(always)]
    fn cdf_center<R: Rounding>(z: f32) -> f32 {
        polynomial!(z;
            -0.066_490_35,
            0.009_973_23,
            -0.001_186_073_4,
            0.000_113_204_405,
            -7.545_604e-6
        )
    }

    #[inline(always)]
    fn cdf_tail<R: Rounding>(t: f32) -> f32 {
        let sum = polynomial!(t;
            -0.423_354_83,
            0.143_116_37,
            0.028_083_308,
            -0.035_171_885,
            -0.004_779_018_5,
            0.010_246_433,
            0.001_328_226,
            -0.002_654_165
        );
        R::mul_add(t, sum, 0.283_098_76)
    }
}

impl Series for f64 {
    const LN2_HI: f64 = 2_977_044_471.0 / 4_294_967_296.0;
    const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
    const EXP_MIN: f64 = -746.0;
    const EXP_MAX: f64 = 710.0;
    const TINY: f64 = 2.0 * f64::MIN_POSITIVE;
    const TANH_ONE: f64 = 22.0;
    const CDF_ZERO: f64 = 39.0;
    const CDF_POLE: f64 = 3.0;
    const CDF_SLOPE: (f64, f64) = (0.398_942_276_835_441_6, 3.565_991_088_584_477_4e-9);

    series!(
        f64, i64, u64, 52, 1023,
        _mm_set_sd _mm_fmadd_sd _mm_cvtsd_f64, vdup_n_f64 vfmad_lane_f64
    );

    #[inline(always)]
    fn tanh_of<R: Rounding>(x: f64) -> f64 {
        arithmetic_tanh::<R, f64>(x)
    }

    #[inline(always)]
    fn exp_tail<R: Rounding>(r: f64) -> (f64, f64) {
        let tail = polynomial!(r;
            0.500_000_000_000_001_1,
            0.166_666_666_666_664_1,
            0.041_666_666_666_529_51,
            0.008_333_333_333_495_218,
            0.001_388_888_894_382_647,
            0.000_198_412_695_054_036,
            2.480_149_287_313_089e-5,
            2.755_758_699_331_811e-6,
            2.763_033_592_973_801_5e-7,
            2.500_000_492_365_677e-8
        );
        (r * r, tail)
    }

    #[inline(always)]
    fn exp2_parts<R: Rounding>(f: f64) -> (f64, f64, f64) {
        let tail = polynomial!(f;
            0.240_226_506_959_101_3,
            0.055_504_108_664_820_08,
            0.009_618_129_107_593_985,
            0.001_333_355_814_677_605_4,
            0.000_154_035_304_572_994_93,
            1.525_273_349_214_132_2e-5,
            1.321_543_518_150_636_2e-6,
            1.017_819_982_336_809_7e-7,
            7.073_801_700_127_523e-9,
            4.434_756_533_892_623e-10
        );
        (core::f64::consts::LN_2, f * f, tail)
    }

    #[inline(always)]
    fn tanh_divisor<R: Rounding>(z: f64) -> f64 {
        polynomial!(z;
            3.000_000_000_000_000_4,
            1.199_999_999_999_974_9,
            -0.005_714_285_713_926_277,
            0.000_253_968_251_463_150_46,
            -1.220_365_948_921_443_9e-5,
            5.987_428_922_786_762e-7,
            -2.953_076_533_288_044e-8,
            1.432_205_922_738_473_2e-9,
            -5.703_083_014_251_045e-11
        )
    }

    #[inline(always)]
    fn ln_series<R: Rounding>(z: f64) -> f64 {
        polynomial!(z;
            0.666_666_666_666_666,
            0.400_000_000_000_563_4,
            0.285_714_285_559_129_03,
            0.222_222_242_867_216_62,
            0.181_816_664_651_593_77,
            0.153_910_926_068_142_44,
            0.131_739_250_794_019_4,
            0.138_408_331_194_279_17
        )
    }

    #[inline(always)]
    fn cdf_center<R: Rounding>(z: f64) -> f64 {
        polynomial!(z;
            -0.066_490_380_066_905_44,
            0.009_973_557_010_035_817,
            -0.001_187_328_215_480_447_8,
            0.000_115_434_687_616_089_63,
            -9.444_656_259_108_643e-6,
            6.659_693_500_782_283e-7,
            -4.122_666_999_140_699e-8,
            2.273_522_109_730_206e-9,
            -1.130_017_713_457_900_1e-10,
            5.103_675_103_259_802e-12,
            -2.071_234_146_403_717_5e-13,
            6.390_250_308_395_959_4e-15
        )
    }

    #[inline(always)]
    fn cdf_tail<R: Rounding>(t: f64) -> f64 {
        let sum = polynomial!(t;
            -0.423_355_120_711_608_5,
            0.143_116_990_243_549_7,
            0.028_089_405_523_967_697,
            -0.035_189_055_092_489_44,
            -0.004_867_309_219_020_907,
            0.010_389_728_015_116_085,
            0.001_788_577_167_983_078,
            -0.003_229_017_941_417_433,
            -0.000_904_777_259_099_588_6,
            0.000_956_251_153_555_095_9,
            0.000_446_265_153_118_813_6,
            -0.000_238_529_378_932_751_22,
            -0.000_192_454_766_455_746_7,
            3.640_289_307_595_375e-5,
            6.946_480_768_070_924e-5,
            5.348_185_076_997_259e-6,
            -2.041_960_922_101_189_4e-5,
            -6.508_225_592_162_795e-6,
            5.181_676_838_191_340_4e-6,
            2.136_556_066_522_18e-6,
            -1.214_154_614_958_094_3e-6
        );
        R::mul_add(t, sum, 0.283_098_654_930_436_73)
    }
}

/// x = n ln 2 + r with integer n and |r| ≤ ½ ln 2: r, and two powers of two whose product is 2ⁿ.
#[inline(always)]
fn reduce<R: Rounding, T: Float>(x: T) -> (T, T, T) {
    let x = x.at_least(T::EXP_MIN).at_most(T::EXP_MAX);
    let rounded = R::mul_add(x, T::from_f64(LOG2_E), T::ROUND_TWICE);
    let n = rounded - T::ROUND_TWICE;
    let (a, b) = T::powers(rounded);
    (R::mul_add(-n, T::LN2_LO, R::mul_add(-n, T::LN2_HI, x)), a, b)
}

/// eˣ.
#[inline(always)]
pub fn exp<R: Rounding, T: Float>(x: T) -> T {
    let (r, a, b) = reduce::<R, T>(x);
    let (square, tail) = T::exp_tail::<R>(r);
    // The sum times a first: a product with b may already be subnormal, and must be rounded once.
    R::mul_add(square, tail, T::ONE + r) * a * b
}

/// eˣ − 1, accurate near 0.
#[inline(always)]
pub fn exp_m1<R: Rounding, T: Float>(x: T) -> T {
    let (r, a, b) = reduce::<R, T>(x);
    let (square, tail) = T::exp_tail::<R>(r);
    // 2ⁿ e^r − 1, all of it divided by b, which keeps it from overflowing too early.
    let sum = R::mul_add(a, square * tail, R::mul_add(a, r, a - b.inverse_power()));
    (sum * b).copysign(x)
}

/// ln(2ᵏ (1 + f)) for 1 + f in [√½, 3/2].
#[inline(always)]
fn ln_near_one<R: Rounding, T: Float>(f: T, k: T) -> T {
    // With s = f / (f + 2), 2s is also f − ½f² + s ½f², which begins with a number that is exact.
    let s = f / (f + T::from_f64(2.0));
    let z = s * s;
    let half_square = T::from_f64(0.5) * f * f;
    let series = s * R::mul_add(z, T::ln_series::<R>(z), half_square);
    R::mul_add(k, T::LN2_HI, f + (R::mul_add(k, T::LN2_LO, series) - half_square))
}

/// The natural logarithm.
#[inline(always)]
pub fn ln<R: Rounding, T: Float>(x: T) -> T {
    let (m, k) = x.split();
    let finite = ln_near_one::<R, T>(m - T::ONE, k);
    let at_zero = select(x < T::ZERO, T::NAN, -T::INFINITY);
    let edge = select(x > T::ZERO, T::INFINITY, at_zero);
    let edge = select(x.is_nan(), x, edge);
    select((x > T::ZERO) & (x < T::INFINITY), finite, edge)
}

/// ln(1 + x), accurate near 0.
#[inline(always)]
pub fn ln_1p<R: Rounding, T: Float>(x: T) -> T {
    let u = T::ONE + x;
    let missing = (x - (u - T::ONE)) / u;
    let ln = ln::<R, T>(u);
    select((u > T::ZERO) & (u < T::INFINITY), ln + missing, ln).copysign(x)
}

/// ln(1 + eˣ).
#[inline(always)]
pub fn softplus<R: Rounding, T: Float>(x: T) -> T {
    let (r, a, b) = reduce::<R, T>(-x.abs());
    let (square, tail) = T::exp_tail::<R>(r);
    let e = (T::ONE + R::mul_add(square, tail, r)) * a * b;
    let half = T::from_f64(0.5);
    let halved = e > half;
    let f = select(halved, half * (e - T::ONE), e);
    let k = select(halved, T::ONE, T::ZERO);
    x.at_least(T::ZERO) + ln_near_one::<R, T>(f, k)
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<R: Rounding, T: Float>(x: T) -> T {
    T::tanh_of::<R>(x)
}

/// tanh by arithmetic alone.
///
/// Up to 1 tanh(a) is a − a³ / q(a²), and above it 1 − 1 / ½(e^2a + 1): with b = min(a, 1) both are
/// b − b³ / d, where d is the larger of q(b²) and ½(e^2a + 1), which meet at 1. A number that is exact
/// less a quotient that is small has small rounding errors.
#[inline(always)]
fn arithmetic_tanh<R: Rounding, T: Float>(x: T) -> T {
    let a = x.abs();
    // ½ e^2a = half_power 2^f
    let (bounded, scale) = (a.at_most(T::TANH_ONE), T::from_f64(2.0 * LOG2_E));
    let rounded = R::mul_add(bounded, scale, T::ROUND_HALF);
    let f = R::mul_add(bounded, scale, T::ROUND_HALF - rounded);
    let half_power = T::power(rounded);
    let (slope, square, rest) = T::exp2_parts::<R>(f);
    let fraction = R::mul_add(square, rest, R::mul_add(slope, f, T::ONE));
    let large = R::mul_add(fraction, half_power, T::from_f64(0.5));

    let b = a.at_most(T::ONE);
    let z = b * b;
    (b - b * z / large.at_least(T::tanh_divisor::<R>(z))).with_sign(x)
}

/// The logistic function 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid<R: Rounding, T: Float>(x: T) -> T {
    let a = x.abs().at_most(-T::EXP_MIN);
    // e^−a = s e^−r, and e^−a / (1 + e^−a) = s / (e^r + s)
    let rounded = R::mul_add(a, T::from_f64(-LOG2_E), T::ROUND_TWICE);
    let n = rounded - T::ROUND_TWICE;
    let r = R::mul_add(n, T::LN2_LO, R::mul_add(n, T::LN2_HI, a));
    let (high, low) = T::powers(rounded);
    let s = high * low;
    let sum = T::ONE + s;
    let missing = s - (sum - T::ONE);
    let (square, exp_tail) = T::exp_tail::<R>(r);
    let tail = s / (sum + (r + R::mul_add(square, exp_tail, missing)));
    select(x < T::ZERO, tail, T::ONE - tail)
}

/// Φ(x), the standard normal distribution function.
#[inline(always)]
pub fn normal_cdf<R: Rounding, T: Float>(x: T) -> T {
    let half = T::from_f64(0.5);
    let bounded = x.at_least(-T::CDF_ZERO).at_most(T::CDF_ZERO);
    let (a, square) = (bounded.abs(), bounded * bounded);
    let high = bounded.upper();
    let low = bounded - high;

    let (slope, missing_slope) = T::CDF_SLOPE;
    let curve = bounded * square * T::cdf_center::<R>(square);
    let center = (half + high * slope) + (low * slope + bounded * missing_slope + curve);

    // −½x² = n ln 2 + r
    let rounded = R::mul_add(square, T::from_f64(-0.5 * LOG2_E), T::ROUND_TWICE);
    let n = rounded - T::ROUND_TWICE;
    let exact = R::mul_add(-n, T::LN2_HI, -half * high * high);
    let small = R::mul_add(n, T::LN2_LO, half * low * (bounded + high));
    let r = exact - small;
    let missing_r = (exact - r) - small;
    let (p, q) = T::powers(rounded);

    let v = T::cdf_tail::<R>((a - T::CDF_POLE) / (a + T::CDF_POLE));
    let w = a + v;
    let missing = v - (w - a);
    let mills = (slope + missing_slope) / w;
    let missing_w = missing * T::from_f64(2.506_628_274_631_000_5) * mills;
    let (square, exp_tail) = T::exp_tail::<R>(r);
    let factor = r + R::mul_add(square, exp_tail, missing_r - missing_w * (T::ONE + r));
    let tail = (mills + mills * factor) * p * q;
    let outer = select(x > T::ZERO, T::ONE - tail, tail);

    select(a < T::ONE, center, outer)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::vec::Vec;

    use super::*;
    use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

    #[test]
    fn relu_by_whole_numbers_is_relu() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let ends = [0.0, f32::MIN_POSITIVE, 1.0, f32::MAX, f32::INFINITY, f32::NAN];
        let around = ends.into_iter().flat_map(|x| {
            [x, -x]
                .map(f32::to_bits)
                .into_iter()
                .flat_map(|x| [x.wrapping_sub(1), x, x.wrapping_add(1)])
        });
        let bits: Vec<u32> = around.chain((0..100_000).map(|_| rng.next_u32())).collect();
        for x in bits.into_iter().map(f32::from_bits) {
            let y = f32::from_bits(relu_of_bits!(x, f32, i32) as u32);
            assert!(y.to_bits() == x.relu().to_bits() || y.is_nan() && x.is_nan(), "{x:e}");
            let wide = f64::from(x);
            let y = f64::from_bits(relu_of_bits!(wide, f64, i64) as u64);
            assert!(y.to_bits() == wide.relu().to_bits() || y.is_nan() && x.is_nan(), "{x:e}");
        }
    }
}
