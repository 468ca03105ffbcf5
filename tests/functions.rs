//! How accurate exp, ln, tanh and their kin are, in units of the last place (ulp), over the whole
//! range of both number types.
//!
//! The exact values come from the functions of `std` in f64. They are not exact in f64 itself:
//! there its error of an ulp or so, which depends on the platform, is part of what is measured.
//! `std` has no normal distribution: its values are in `pytorch/reference.json`.

use std::array;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use constgrad::Float;
use constgrad::kernel::functions;
#[cfg(feature = "std")]
use constgrad::kernel::rounding::Once;
use constgrad::kernel::rounding::{Rounding, Twice};
use serde_json::Value;

trait Number: Float + std::fmt::LowerExp {
    /// The distance from |x| to the next number.
    fn ulp(x: f64) -> f64;
}

impl Number for f32 {
    #[inline(always)]
    fn ulp(x: f64) -> f64 {
        let x = (x.abs() as f32).min(f32::MAX.next_down());
        // As `next_up`, without a branch.
        f64::from(f32::from_bits(x.to_bits() + 1)) - f64::from(x)
    }
}

impl Number for f64 {
    fn ulp(x: f64) -> f64 {
        let x = x.abs().min(f64::MAX.next_down());
        x.next_up() - x
    }
}

/// The error in ulp: infinite where one of the two is infinite or NaN and the other is not the same.
#[inline(always)]
fn error<T: Number>(ours: T, exact: f64) -> f64 {
    let distance = (ours.to_f64() - exact).abs() / T::ulp(exact);
    let same = ours == T::from_f64(exact) || ours.is_nan() & exact.is_nan();
    if ours.is_finite() & !distance.is_nan() {
        distance
    } else if same {
        0.0
    } else {
        f64::INFINITY
    }
}

/// `ours` is within `bound` ulp of `exact` everywhere.
fn assert_within<T: Number>(
    bound: f64,
    xs: &[T],
    what: &str,
    ours: impl Fn(T) -> T,
    exact: impl Fn(f64) -> f64,
) {
    let mut worst = (0.0, T::ZERO);
    for &x in xs {
        let (y, exact) = (ours(x), exact(x.to_f64()));
        let error = error(y, exact);
        assert!(error <= bound, "{what}({x:e}) = {y:e}: {error} ulp from {exact:e}");
        if error > worst.0 {
            worst = (error, x);
        }
    }
    println!("{what}: up to {:.2} ulp, at {:e}", worst.0, worst.1);
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn logistic(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// All of f32 in steps of 4297 bit patterns: infinities, NaN and subnormals too; and in smaller
/// steps what lies between 1/256 and 256, where the functions are neither trivial nor flat.
fn f32_sample() -> Vec<f32> {
    let all = (0..=u32::MAX).step_by(4297);
    let dense = (2f32.powi(-8).to_bits()..2f32.powi(8).to_bits()).step_by(251);
    let dense = dense.flat_map(|bits| [bits, bits | 1 << 31]);
    all.chain(dense).map(f32::from_bits).collect()
}

/// The same of f64, with fewer numbers.
fn f64_sample() -> Vec<f64> {
    // Not `step_by`, whose steps may have but 32 bits.
    let every =
        |from: u64, to: u64, step: u64| (0..=(to - from) / step).map(move |i| from + i * step);
    let all = every(0, u64::MAX, 0x0000_7fff_ffff_ffe7);
    let dense = every(2f64.powi(-8).to_bits(), 2f64.powi(10).to_bits(), 0x0000_003f_ffff_ffc5);
    let dense = dense.flat_map(|bits| [bits, bits | 1 << 63]);
    all.chain(dense).map(f64::from_bits).collect()
}

type Ours = fn(f32) -> f32;
type Exact = fn(f64) -> f64;

/// The ways to round: twice, and once, for which there is no function without `std`.
const WAYS: usize = if cfg!(feature = "std") { 2 } else { 1 };

/// A function of `f32`: its largest error in ulp, itself in each way of rounding, and what it is in `f64`.
type Function = (&'static str, f64, [Ours; WAYS], Exact);

/// One function in each way of rounding.
macro_rules! ways {
    ($name:ident) => {
        [
            functions::$name::<Twice, _>,
            #[cfg(feature = "std")]
            functions::$name::<Once, _>,
        ]
    };
}

const F32_FUNCTIONS: [Function; 8] = [
    ("exp", 1.31, ways!(exp), f64::exp),
    ("exp_m1", 1.31, ways!(exp_m1), f64::exp_m1),
    ("ln", 0.85, ways!(ln), f64::ln),
    ("ln_1p", 1.45, ways!(ln_1p), f64::ln_1p),
    ("tanh", 1.5, ways!(tanh), f64::tanh),
    ("sigmoid", 1.75, ways!(sigmoid), logistic),
    ("softplus", 1.7, ways!(softplus), softplus),
    ("normal_cdf", 1.98, ways!(normal_cdf), Float::normal_cdf),
];

#[test]
fn f32_functions() {
    let xs = f32_sample();
    assert!(xs.len() > 2_000_000);
    for (what, bound, ours, exact) in F32_FUNCTIONS {
        ours.into_iter().for_each(|ours| assert_within(bound, &xs, what, ours, exact));
    }
}

/// As many numbers as are taken at once.
const MANY: usize = 256;
type Many = [f32; MANY];

/// Every one of the 2³² numbers.
fn everywhere(function: &str, ours: impl Fn(&mut [Many; WAYS]) + Sync) {
    const PART: u64 = 1 << 22;
    let (what, bound, _, exact) =
        F32_FUNCTIONS.into_iter().find(|(what, ..)| *what == function).unwrap();
    let next = AtomicU64::new(0);
    let worst = |mut worst: [(f64, f32); WAYS]| {
        loop {
            let first = next.fetch_add(PART, Ordering::Relaxed);
            if first >= 1 << 32 {
                return worst;
            }
            for first in (first..first + PART).step_by(MANY) {
                let xs: Many = array::from_fn(|i| f32::from_bits(first as u32 + i as u32));
                let exact = xs.map(|x| exact(f64::from(x)));
                let mut ys = [xs; WAYS];
                ours(&mut ys);
                for (worst, ys) in worst.iter_mut().zip(&ys) {
                    let errors: [f64; MANY] = array::from_fn(|i| error(ys[i], exact[i]));
                    for (error, x) in errors.into_iter().zip(xs) {
                        if error > worst.0 {
                            *worst = (error, x);
                        }
                    }
                }
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let worsts: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| worst([(0.0, 0.0); WAYS]))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (way, rounded) in ["twice", "once"].into_iter().enumerate().take(WAYS) {
        let worst = worsts.iter().map(|worsts| worsts[way]);
        let (error, x) = worst.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        println!("{what}, rounded {rounded}: up to {error:.3} ulp, at {x:e}");
        assert!(error <= bound, "{what}({x:e}), rounded {rounded}: {error} ulp, {bound} allowed");
    }
}

macro_rules! everywhere {
    ($($name:ident)*) => {
        mod everywhere {
            #[cfg(feature = "std")]
            use super::Once;
            use super::{Twice, functions};

            $(#[test]
            #[ignore = "takes a minute: run with --release"]
            fn $name() {
                #[inline(always)]
                fn ours(numbers: &mut [super::Many; super::WAYS]) {
                    for x in &mut numbers[0] {
                        *x = functions::$name::<Twice, _>(*x);
                    }
                    #[cfg(feature = "std")]
                    for x in &mut numbers[1] {
                        *x = functions::$name::<Once, _>(*x);
                    }
                }

                // Without an instruction for fused multiply-add it takes three times as long.
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("fma") {
                    #[target_feature(enable = "fma")]
                    fn fused(numbers: &mut [super::Many; super::WAYS]) {
                        ours(numbers);
                    }

                    // SAFETY: the processor has the instructions of `fused`.
                    return super::everywhere(stringify!($name), |x| unsafe { fused(x) });
                }
                super::everywhere(stringify!($name), ours);
            })*
        }
    };
}
everywhere!(exp exp_m1 ln ln_1p tanh sigmoid softplus normal_cdf);

#[test]
fn f64_functions() {
    let xs = f64_sample();
    assert!(xs.len() > 200_000);
    let within = |bound, what, ours: [Exact; WAYS], exact: Exact| {
        ours.into_iter().for_each(|ours| assert_within(bound, &xs, what, ours, exact));
    };
    within(2.0, "exp", ways!(exp), f64::exp);
    within(3.0, "exp_m1", ways!(exp_m1), f64::exp_m1);
    within(2.0, "ln", ways!(ln), f64::ln);
    within(3.0, "ln_1p", ways!(ln_1p), f64::ln_1p);
    within(3.0, "tanh", ways!(tanh), f64::tanh);
    within(4.0, "sigmoid", ways!(sigmoid), logistic);
    within(4.0, "softplus", ways!(softplus), softplus);
}

/// Φ(x) in f64 at 355 points. In f32 it is held against these values of f64.
#[test]
fn normal_cdf() {
    let reference: Value = serde_json::from_str(include_str!("pytorch/reference.json")).unwrap();
    for point in reference["normal_cdf"].as_array().unwrap() {
        let [x, exact] = [0, 1].map(|index| point[index].as_f64().unwrap());
        for ours in ways!(normal_cdf).map(|ours| ours(x)) {
            assert!(error(ours, exact) <= 3.0, "Φ({x}) = {ours:e} instead of {exact:e}");
        }
    }
}

/// FNV-1a of the bits of f(x) for each x: any NaN counts as one.
fn digest<T: Number>(xs: &[T], function: fn(T) -> T, bits: fn(T) -> u64) -> u64 {
    xs.iter()
        .map(|&x| function(x))
        .map(|y| if y.is_nan() { 0 } else { bits(y) })
        .fold(0xcbf2_9ce4_8422_2325, |digest, bits| (digest ^ bits).wrapping_mul(0x100_0000_01b3))
}

/// An input gives the same bits on every machine that rounds likewise: these digests are those of
/// x86-64.
#[test]
fn the_bits_are_those_of_every_machine() {
    let f32_digests = array::from_fn::<_, WAYS, _>(|way| {
        F32_FUNCTIONS
            .map(|(_, _, ours, _)| digest(&f32_sample(), ours[way], |y| y.to_bits().into()))
    });
    // A table is looked up in one way.
    let tanh = functions::TANH_BY_TABLE.then_some(0xf0ce_b0d1_61df_f8f4);
    let expected = [
        [
            0xf861_ba4d_c250_45c9,
            0x8c1d_3f1a_78ab_d744,
            0x4680_6a2b_7468_cd87,
            0x8457_d818_545c_548b,
            tanh.unwrap_or(0xf2fe_8778_c27d_e62a),
            0x1466_1db3_5a18_0bad,
            0x4b54_dfe2_8af8_8550,
            0xca11_1d48_623b_3804,
        ],
        [
            0xebfe_6acf_0059_10bc,
            0xacb8_f1ff_81a3_6746,
            0x2424_1f2d_ed08_62d2,
            0x077d_0e07_85aa_946c,
            tanh.unwrap_or(0xbdb2_9edf_b5d7_4eba),
            0x41e3_4ced_158a_b2e7,
            0x2aa8_e4b7_8165_a979,
            0x9aee_9338_5222_3734,
        ],
    ];
    assert_eq!(f32_digests, expected[..WAYS]);
    let f64_functions: [[Exact; WAYS]; 8] = [
        ways!(exp),
        ways!(exp_m1),
        ways!(ln),
        ways!(ln_1p),
        ways!(tanh),
        ways!(sigmoid),
        ways!(softplus),
        ways!(normal_cdf),
    ];
    let f64_digests = array::from_fn::<_, WAYS, _>(|way| {
        f64_functions.map(|ours| digest(&f64_sample(), ours[way], f64::to_bits))
    });
    let expected = [
        [
            0xc10c_6757_7a56_da23,
            0x4206_6738_6198_2205,
            0xda15_fc77_b55f_e3f3,
            0xf7e9_f40e_267c_dd50,
            0x5435_1cbb_d3ac_b3b5,
            0x0b79_2248_f173_9e98,
            0x4f47_1c09_6464_785b,
            0xfd6c_0117_8014_fab5,
        ],
        [
            0x35b1_915b_fab2_f126,
            0xc8da_3364_5327_a04c,
            0xbca9_db74_589b_dbba,
            0x1000_39eb_a71b_df85,
            0xb549_c994_683c_1843,
            0x2f31_6cdd_6ebf_a71f,
            0x0b47_d151_7a9b_b1d6,
            0x4a65_1b86_d011_913d,
        ],
    ];
    assert_eq!(f64_digests, expected[..WAYS]);
}

#[test]
fn what_is_bounded_stays_in_its_bounds() {
    fn check<R: Rounding>() {
        for x in f32_sample().into_iter().filter(|x| !x.is_nan()) {
            assert!(functions::tanh::<R, _>(x).abs() <= 1.0, "tanh({x:e})");
            let unit = 0.0..=1.0;
            assert!(unit.contains(&functions::sigmoid::<R, _>(x)), "sigmoid({x:e})");
            assert!(unit.contains(&functions::normal_cdf::<R, _>(x)), "normal_cdf({x:e})");
            assert!(functions::exp::<R, _>(x) >= 0.0, "exp({x:e})");
            assert!(functions::exp_m1::<R, _>(x) >= -1.0, "exp_m1({x:e})");
        }
    }
    check::<Twice>();
    #[cfg(feature = "std")]
    check::<Once>();
}

/// An odd function is so to the bit. tanh and σ never fall; eˣ may, by a unit where n changes.
#[test]
fn tanh_is_odd_and_never_falls() {
    for (tanh, sigmoid) in ways!(tanh).into_iter().zip(ways!(sigmoid)) {
        for x in f32_sample().into_iter().filter(|x| x.is_finite()) {
            assert_eq!(tanh(-x).to_bits(), (-tanh(x)).to_bits(), "tanh({x:e})");
            assert!(tanh(x) <= tanh(x.next_up()), "tanh({x:e})");
            assert!(sigmoid(x) <= sigmoid(x.next_up()), "sigmoid({x:e})");
        }
    }
}

/// Where a function reaches 0, 1 or ∞, and that NaN stays NaN.
fn edges<R: Rounding, T: Number>(smallest: T, largest: T) {
    let [exp, exp_m1, ln, ln_1p] = [
        functions::exp::<R, T>,
        functions::exp_m1::<R, T>,
        functions::ln::<R, T>,
        functions::ln_1p::<R, T>,
    ];
    let [tanh, sigmoid, softplus, normal_cdf] = [
        functions::tanh::<R, T>,
        functions::sigmoid::<R, T>,
        functions::softplus::<R, T>,
        functions::normal_cdf::<R, T>,
    ];
    let [zero, one, infinity] = [T::ZERO, T::ONE, T::INFINITY];
    let half = T::from_f64(0.5);
    let values = |what: &str, function: fn(T) -> T, cases: &[(T, T)]| {
        for &(x, expected) in cases {
            assert!(function(x) == expected, "{what}({x:e}) = {:e}", function(x));
        }
        assert!(function(T::NAN).to_f64().is_nan(), "{what}(NaN)");
    };
    values("exp", exp, &[(zero, one), (-zero, one), (smallest, one), (-smallest, one)]);
    values("exp_m1", exp_m1, &[(zero, zero), (-zero, zero), (smallest, smallest)]);
    values("ln", ln, &[(one, zero), (zero, -infinity), (infinity, infinity)]);
    values("ln_1p", ln_1p, &[(zero, zero), (smallest, smallest), (infinity, infinity)]);
    values("tanh", tanh, &[(zero, zero), (smallest, smallest), (-smallest, -smallest)]);
    values("sigmoid", sigmoid, &[(zero, half), (-zero, half), (-smallest, half)]);
    values("normal_cdf", normal_cdf, &[(zero, half), (-zero, half), (smallest, half)]);

    for x in [infinity, largest] {
        assert!(exp(x) == infinity && exp(-x) == zero);
        assert!(exp_m1(x) == infinity && exp_m1(-x) == -one);
        assert!(tanh(x) == one && tanh(-x) == -one);
        assert!(sigmoid(x) == one && sigmoid(-x) == zero);
        assert!(normal_cdf(x) == one && normal_cdf(-x) == zero);
        assert!(ln(-x).to_f64().is_nan() && ln_1p(-x).to_f64().is_nan());
    }
    assert!(ln_1p(-one) == -infinity && ln_1p(-infinity).to_f64().is_nan());
    assert!(softplus(infinity) == infinity && softplus(-infinity) == zero);
    assert!(softplus(largest) == largest && softplus(T::NAN).to_f64().is_nan());
    // What is near x for small x keeps the sign of zero.
    for function in [tanh, exp_m1, ln_1p] {
        assert!(one.copysign(function(-zero)) == -one && one.copysign(function(zero)) == one);
    }
}

#[test]
fn edges_f32() {
    edges::<Twice, _>(f32::from_bits(1), f32::MAX);
    #[cfg(feature = "std")]
    edges::<Once, _>(f32::from_bits(1), f32::MAX);
    for (exp, exp_m1) in ways!(exp).into_iter().zip(ways!(exp_m1)) {
        assert_eq!(exp(-103.5_f32), f32::from_bits(1));
        assert_eq!(exp(-104_f32), 0.0);
        assert!(exp(88.72_f32) < f32::INFINITY && exp_m1(88.72_f32) < f32::INFINITY);
        assert_eq!(exp(88.73_f32), f32::INFINITY);
    }
}

#[test]
fn edges_f64() {
    edges::<Twice, _>(f64::from_bits(1), f64::MAX);
    #[cfg(feature = "std")]
    edges::<Once, _>(f64::from_bits(1), f64::MAX);
    for (exp, exp_m1) in ways!(exp).into_iter().zip(ways!(exp_m1)) {
        assert_eq!(exp(-745_f64), f64::from_bits(1));
        assert_eq!(exp(-746_f64), 0.0);
        assert!(exp(709.7_f64) < f64::INFINITY && exp_m1(709.7_f64) < f64::INFINITY);
        assert_eq!(exp(709.8_f64), f64::INFINITY);
    }
}
