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
use serde_json::Value;

trait Number: Float + std::fmt::LowerExp {
    /// The distance from |x| to the next number.
    fn ulp(x: f64) -> f64;
}

impl Number for f32 {
    fn ulp(x: f64) -> f64 {
        let x = (x.abs() as f32).min(f32::MAX.next_down());
        f64::from(x.next_up()) - f64::from(x)
    }
}

impl Number for f64 {
    fn ulp(x: f64) -> f64 {
        let x = x.abs().min(f64::MAX.next_down());
        x.next_up() - x
    }
}

fn error<T: Number>(ours: T, exact: f64) -> f64 {
    let same = ours.to_f64() == T::from_f64(exact).to_f64() && !ours.is_finite();
    if same || ours.to_f64().is_nan() && exact.is_nan() {
        return 0.0;
    }
    // Anything else that is infinite or NaN has no distance, and fails.
    (ours.to_f64() - exact).abs() / T::ulp(exact)
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

/// The functions of `f32` with their largest errors in ulp, and what they are in `f64`.
const F32_FUNCTIONS: [(&str, f64, Ours, Exact); 8] = [
    ("exp", 1.3, Float::exp, f64::exp),
    ("exp_m1", 1.31, Float::exp_m1, f64::exp_m1),
    ("ln", 0.85, Float::ln, f64::ln),
    ("ln_1p", 1.45, Float::ln_1p, f64::ln_1p),
    ("tanh", 1.9, Float::tanh, f64::tanh),
    ("sigmoid", 1.75, Float::sigmoid, logistic),
    ("softplus", 1.7, Float::softplus, softplus),
    ("normal_cdf", 1.98, Float::normal_cdf, Float::normal_cdf),
];

#[test]
fn f32_functions() {
    let xs = f32_sample();
    assert!(xs.len() > 2_000_000);
    for (what, bound, ours, exact) in F32_FUNCTIONS {
        assert_within(bound, &xs, what, ours, exact);
    }
}

/// As many numbers as are taken at once.
type Many = [f32; 1024];

/// Every one of the 2³² numbers.
fn everywhere(function: &str, ours: impl Fn(&mut Many) + Sync) {
    const PART: u64 = 1 << 22;
    let (what, bound, _, exact) =
        F32_FUNCTIONS.into_iter().find(|(what, ..)| *what == function).unwrap();
    let next = AtomicU64::new(0);
    let worst = |mut worst: (f64, f32)| {
        loop {
            let first = next.fetch_add(PART, Ordering::Relaxed);
            if first >= 1 << 32 {
                return worst;
            }
            for first in (first..first + PART).step_by(size_of::<Many>() / 4) {
                let xs: Many = array::from_fn(|i| f32::from_bits(first as u32 + i as u32));
                let mut ys = xs;
                ours(&mut ys);
                for (x, y) in xs.into_iter().zip(ys) {
                    let error = error(y, exact(f64::from(x)));
                    // Also where the error is no number.
                    if error > worst.0 || error.is_nan() {
                        worst = (error, x);
                    }
                }
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (error, x) = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| worst((0.0, 0.0)))).collect();
        let worsts = threads.into_iter().map(|thread| thread.join().unwrap());
        worsts.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
    });
    println!("{what}: up to {error:.3} ulp, at {x:e}");
    assert!(error <= bound, "{what}({x:e}): {error} ulp, {bound} allowed");
}

macro_rules! everywhere {
    ($($name:ident)*) => {
        mod everywhere {
            $(#[test]
            #[ignore = "takes half a minute: run with --release"]
            fn $name() {
                #[inline(always)]
                fn ours(numbers: &mut super::Many) {
                    for x in numbers {
                        *x = constgrad::Float::$name(*x);
                    }
                }

                // Without an instruction for fused multiply-add it takes three times as long.
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("fma") {
                    #[target_feature(enable = "fma")]
                    fn fused(numbers: &mut super::Many) {
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
    assert_within(2.0, &xs, "exp", Float::exp, f64::exp);
    assert_within(3.0, &xs, "exp_m1", Float::exp_m1, f64::exp_m1);
    assert_within(2.0, &xs, "ln", Float::ln, f64::ln);
    assert_within(3.0, &xs, "ln_1p", Float::ln_1p, f64::ln_1p);
    assert_within(3.0, &xs, "tanh", Float::tanh, f64::tanh);
    assert_within(4.0, &xs, "sigmoid", Float::sigmoid, logistic);
    assert_within(4.0, &xs, "softplus", Float::softplus, softplus);
}

/// Φ(x) in f64 at 355 points. In f32 it is held against these values of f64.
#[test]
fn normal_cdf() {
    let reference: Value = serde_json::from_str(include_str!("pytorch/reference.json")).unwrap();
    for point in reference["normal_cdf"].as_array().unwrap() {
        let [x, exact] = [0, 1].map(|index| point[index].as_f64().unwrap());
        let ours = Float::normal_cdf(x);
        assert!(error(ours, exact) <= 3.0, "Φ({x}) = {ours:e} instead of {exact:e}");
    }
}

/// FNV-1a of the bits of f(x) for each x: any NaN counts as one.
fn digest<T: Number>(xs: &[T], function: fn(T) -> T, bits: fn(T) -> u64) -> u64 {
    xs.iter()
        .map(|&x| function(x))
        .map(|y| if y.is_nan() { 0 } else { bits(y) })
        .fold(0xcbf2_9ce4_8422_2325, |digest, bits| (digest ^ bits).wrapping_mul(0x100_0000_01b3))
}

/// An input gives the same bits on every machine: these digests are those of x86-64.
#[test]
fn the_bits_are_those_of_every_machine() {
    let f32_digests =
        F32_FUNCTIONS.map(|(_, _, ours, _)| digest(&f32_sample(), ours, |y| y.to_bits().into()));
    assert_eq!(
        f32_digests,
        [
            0x8755_3073_0e96_7a81,
            0x6d81_c612_a2ff_f653,
            0x4680_6a2b_7468_cd87,
            0x8457_d818_545c_548b,
            0x082e_91f7_0ab9_f0bb,
            0xc636_82b0_f9e8_713a,
            0xd7bc_2995_feb9_fd4f,
            0xb689_5e09_2247_6efe
        ]
    );
    let f64_functions: [fn(f64) -> f64; 8] = [
        Float::exp,
        Float::exp_m1,
        Float::ln,
        Float::ln_1p,
        Float::tanh,
        Float::sigmoid,
        Float::softplus,
        Float::normal_cdf,
    ];
    let f64_digests = f64_functions.map(|ours| digest(&f64_sample(), ours, f64::to_bits));
    assert_eq!(
        f64_digests,
        [
            0xc10c_6757_7a56_da23,
            0x4206_6738_6198_2205,
            0xda15_fc77_b55f_e3f3,
            0xf7e9_f40e_267c_dd50,
            0x4664_b179_3081_36de,
            0x0b79_2248_f173_9e98,
            0x4f47_1c09_6464_785b,
            0xfd6c_0117_8014_fab5
        ]
    );
}

#[test]
fn what_is_bounded_stays_in_its_bounds() {
    for x in f32_sample().into_iter().filter(|x| !x.is_nan()) {
        assert!(Float::tanh(x).abs() <= 1.0, "tanh({x:e})");
        assert!((0.0..=1.0).contains(&Float::sigmoid(x)), "sigmoid({x:e})");
        assert!((0.0..=1.0).contains(&Float::normal_cdf(x)), "normal_cdf({x:e})");
        assert!(Float::exp(x) >= 0.0 && Float::exp_m1(x) >= -1.0, "exp({x:e})");
    }
}

/// An odd function is so to the bit. tanh and σ never fall; eˣ may, by a unit where n changes.
#[test]
fn tanh_is_odd_and_never_falls() {
    for x in f32_sample().into_iter().filter(|x| x.is_finite()) {
        assert_eq!(Float::tanh(-x).to_bits(), (-Float::tanh(x)).to_bits(), "tanh({x:e})");
        assert!(Float::tanh(x) <= Float::tanh(x.next_up()), "tanh({x:e})");
        assert!(Float::sigmoid(x) <= Float::sigmoid(x.next_up()), "sigmoid({x:e})");
    }
}

/// Where a function reaches 0, 1 or ∞, and that NaN stays NaN.
fn edges<T: Number>(smallest: T, largest: T) {
    let [zero, one, infinity] = [T::ZERO, T::ONE, T::INFINITY];
    let half = T::from_f64(0.5);
    let values = |what: &str, function: fn(T) -> T, cases: &[(T, T)]| {
        for &(x, expected) in cases {
            assert!(function(x) == expected, "{what}({x:e}) = {:e}", function(x));
        }
        assert!(function(T::NAN).to_f64().is_nan(), "{what}(NaN)");
    };
    values("exp", T::exp, &[(zero, one), (-zero, one), (smallest, one), (-smallest, one)]);
    values("exp_m1", T::exp_m1, &[(zero, zero), (-zero, zero), (smallest, smallest)]);
    values("ln", T::ln, &[(one, zero), (zero, -infinity), (infinity, infinity)]);
    values("ln_1p", T::ln_1p, &[(zero, zero), (smallest, smallest), (infinity, infinity)]);
    values("tanh", T::tanh, &[(zero, zero), (smallest, smallest), (-smallest, -smallest)]);
    values("sigmoid", T::sigmoid, &[(zero, half), (-zero, half), (-smallest, half)]);
    values("normal_cdf", T::normal_cdf, &[(zero, half), (-zero, half), (smallest, half)]);

    for x in [infinity, largest] {
        assert!(x.exp() == infinity && (-x).exp() == zero);
        assert!(x.exp_m1() == infinity && (-x).exp_m1() == -one);
        assert!(x.tanh() == one && (-x).tanh() == -one);
        assert!(x.sigmoid() == one && (-x).sigmoid() == zero);
        assert!(x.normal_cdf() == one && (-x).normal_cdf() == zero);
        assert!((-x).ln().to_f64().is_nan() && (-x).ln_1p().to_f64().is_nan());
    }
    assert!((-one).ln_1p() == -infinity && (-infinity).ln_1p().to_f64().is_nan());
    assert!(infinity.softplus() == infinity && (-infinity).softplus() == zero);
    assert!(largest.softplus() == largest && T::NAN.softplus().to_f64().is_nan());
    // What is near x for small x keeps the sign of zero.
    for function in [T::tanh, T::exp_m1, T::ln_1p] {
        assert!(one.copysign(function(-zero)) == -one && one.copysign(function(zero)) == one);
    }
}

#[test]
fn edges_f32() {
    edges(f32::from_bits(1), f32::MAX);
    assert_eq!(Float::exp(-103.5_f32), f32::from_bits(1));
    assert_eq!(Float::exp(-104_f32), 0.0);
    assert!(Float::exp(88.72_f32) < f32::INFINITY && Float::exp_m1(88.72_f32) < f32::INFINITY);
    assert_eq!(Float::exp(88.73_f32), f32::INFINITY);
}

#[test]
fn edges_f64() {
    edges(f64::from_bits(1), f64::MAX);
    assert_eq!(Float::exp(-745_f64), f64::from_bits(1));
    assert_eq!(Float::exp(-746_f64), 0.0);
    assert!(Float::exp(709.7_f64) < f64::INFINITY && Float::exp_m1(709.7_f64) < f64::INFINITY);
    assert_eq!(Float::exp(709.8_f64), f64::INFINITY);
}
