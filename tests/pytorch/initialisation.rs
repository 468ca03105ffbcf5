//! The statistics of freshly initialised weights, against the deviations and bounds of
//! `torch.nn.init`.
//!
//! A layer of 60,000 weights is drawn. With n weights, the mean of a sample has the standard error
//! σ/√n, its variance σ²√((κ−1)/n), where κ is the kurtosis (9/5 if uniform, 3 if normal), and the
//! correlation of neighbours 1/√n: each must be within 4 of its standard errors. The whole
//! distribution must be within Kolmogorov and Smirnov's bound for a probability of 1 in 1000; for
//! the wrong one of uniform and normal the distance is some 7 times that bound.

use constgrad::prelude::*;
use constgrad::{Activation, Dense, Float, Identity, Init, boxed, net};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use crate::reference::{Number, reference};

const IN: usize = 300;
const OUT: usize = 200;
const COUNT: f64 = (IN * OUT) as f64;
const STANDARD_ERRORS: f64 = 4.0;

type Layer<Act, T> = Dense<IN, OUT, Act, T>;

fn rng() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(1)
}

/// The weights that `how` draws for a layer, in the order of drawing; its biases must be zero.
fn drawn<T: Number>(how: Init) -> Vec<f64> {
    let mut layer = boxed!(Layer::<Identity, T>::ZERO);
    *layer.weight_mut(0, 0).unwrap() = T::ONE;
    layer.bias_mut().fill(T::ONE);
    layer.init_with(how, &mut rng());
    assert!(layer.bias().iter().all(|&bias| bias == T::ZERO));
    let of_input = |input| (0..OUT).map(move |out| (out, input));
    let places = (0..IN).flat_map(of_input);
    places.map(|(out, input)| layer.weight(out, input).unwrap().to_f64()).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.sum::<f64>() / COUNT
}

/// `weights` have been drawn independently from the distribution of this `deviation`, `kurtosis`
/// and `cdf`, whose mean is 0.
fn assert_drawn_from(weights: &[f64], deviation: f64, kurtosis: f64, cdf: impl Fn(f64) -> f64) {
    let within = |what: &str, found: f64, expected: f64, standard_error: f64| {
        let errors = (found - expected) / standard_error;
        assert!(errors.abs() < STANDARD_ERRORS, "{what} {found} instead of {expected}");
    };
    let root = COUNT.sqrt();
    let variance = deviation * deviation;
    let found = mean(weights.iter().copied());
    within("mean", found, 0.0, deviation / root);
    let found = mean(weights.iter().map(|w| w * w));
    within("variance", found, variance, variance * (kurtosis - 1.0).sqrt() / root);
    let found = mean(weights.windows(2).map(|pair| pair[0] * pair[1])) / variance;
    within("correlation of neighbours", found, 0.0, 1.0 / root);

    let mut sorted = weights.to_vec();
    sorted.sort_by(f64::total_cmp);
    let distances = sorted.iter().enumerate().map(|(index, &weight)| {
        let (below, above) = (index as f64 / COUNT, (index + 1) as f64 / COUNT);
        (cdf(weight) - below).abs().max((above - cdf(weight)).abs())
    });
    let distance = distances.fold(0.0, f64::max);
    assert!(distance < 1.95 / root, "distribution: {distance} from the expected");
}

fn uniform<T: Number>(how: Init) {
    let torch = reference("initialisations").at(&format!("{how:?}"));
    let [deviation, bound] = ["deviation", "bound"].map(|name| torch.at(name).numbers()[0]);
    let weights = drawn::<T>(how);
    let largest = weights.iter().fold(0.0, |largest: f64, w| largest.max(w.abs()));
    assert!((0.999 * bound..bound * (1.0 + T::TOLERANCE)).contains(&largest), "{largest}");
    let cdf = |w: f64| (0.5 * (w / bound + 1.0)).clamp(0.0, 1.0);
    assert_drawn_from(&weights, deviation, 9.0 / 5.0, cdf);
}

fn normal<T: Number>(how: Init) {
    let torch = reference("initialisations").at(&format!("{how:?}"));
    let deviation = torch.at("deviation").numbers()[0];
    let weights = drawn::<T>(how);
    let largest = weights.iter().fold(0.0, |largest: f64, w| largest.max(w.abs())) / deviation;
    // Of 60,000 the largest is beyond 3.5σ, and not beyond 6σ, but once in 8,000 times.
    assert!((3.5..6.0).contains(&largest), "{largest} deviations");
    assert_drawn_from(&weights, deviation, 3.0, |w| (w / deviation).normal_cdf());
}

macro_rules! tests {
    ($($test:ident: $check:ident $how:ident;)*) => {$(
        mod $test {
            #[test]
            fn f32() {
                super::$check::<f32>(constgrad::Init::$how);
            }
            #[test]
            fn f64() {
                super::$check::<f64>(constgrad::Init::$how);
            }
        }
    )*};
}

tests! {
    he_uniform: uniform HeUniform;
    he_normal: normal HeNormal;
    xavier_uniform: uniform XavierUniform;
    xavier_normal: normal XavierNormal;
    lecun_uniform: uniform LecunUniform;
    lecun_normal: normal LecunNormal;
}

#[test]
fn zeros_are_zero() {
    assert!(drawn::<f32>(Init::Zeros).iter().all(|&weight| weight == 0.0));
}

fn assert_default<Act: Activation>(expected: Init) {
    let [mut ours, mut named] = [Dense::<30, 20, Act>::ZERO, Dense::ZERO];
    ours.init(&mut rng());
    named.init_with(expected, &mut rng());
    assert_eq!(ours, named);
}

#[test]
fn the_default_follows_the_activation() {
    macro_rules! defaults {
        ($($init:ident: $($activation:ident)*;)*) => {
            $($(assert_default::<constgrad::$activation>(Init::$init);)*)*
        };
    }
    defaults! {
        HeUniform: Relu LeakyRelu Elu Gelu GeluTanh Silu Softplus;
        LecunNormal: Selu;
        XavierUniform: Identity Sigmoid HardSigmoid Tanh HardTanh Softsign Softmax;
    }
}

#[test]
fn each_layer_of_a_network_has_its_own_default() {
    use constgrad::{Relu, Selu, Tanh};

    let mut network = <net![Dense<30, 20, Relu>, Dense<20, 40, Selu>, Dense<40, 10, Tanh>]>::ZERO;
    network.init(&mut rng());
    let (relu, (selu, tanh)) = network;
    let mut rng = rng();
    let mut first = Dense::ZERO;
    first.init_with(Init::HeUniform, &mut rng);
    let mut second = Dense::ZERO;
    second.init_with(Init::LecunNormal, &mut rng);
    let mut third = Dense::ZERO;
    third.init_with(Init::XavierUniform, &mut rng);
    assert_eq!((relu, selu, tanh), (first, second, third));
}
