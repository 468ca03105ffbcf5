//! The networks that are exported: every activation, depth 1 to 6, other nestings, odd numbers,
//! all in `f32` and in `f64`.

use std::fmt::Debug;

use constgrad::export::Export;
use constgrad::prelude::*;
use constgrad::{
    Dense, Elu, Float, Gelu, GeluTanh, HardSigmoid, HardTanh, Identity, Layer, LeakyRelu, Relu,
    Selu, Sigmoid, Silu, Softmax, Softplus, Softsign, Tanh, net,
};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use crate::own::{Mish, Parts};

/// Samples of each network.
pub const SAMPLES: usize = 40;

/// A number that can be written as bytes.
pub trait Number: Float {
    const C: &'static str;
    fn bytes(self) -> Vec<u8>;
    fn of(bytes: &[u8]) -> Self;
}

impl Number for f32 {
    const C: &'static str = "float";
    fn bytes(self) -> Vec<u8> {
        self.to_le_bytes().to_vec()
    }
    fn of(bytes: &[u8]) -> Self {
        f32::from_le_bytes(bytes.try_into().unwrap())
    }
}

impl Number for f64 {
    const C: &'static str = "double";
    fn bytes(self) -> Vec<u8> {
        self.to_le_bytes().to_vec()
    }
    fn of(bytes: &[u8]) -> Self {
        f64::from_le_bytes(bytes.try_into().unwrap())
    }
}

/// Something done to each network.
pub trait Each {
    fn network<N, T, const IN: usize, const OUT: usize>(&mut self, name: &str, net: &N)
    where
        N: Layer<Input = [T; IN], Output = [T; OUT]> + Export + Debug,
        T: Number;
}

/// Inputs up to ±1; a single one up to ±100, which in a sum of several would hide their last digits.
pub fn inputs<T: Number, const IN: usize>() -> Vec<[T; IN]> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let most = if IN == 1 { 100.0 } else { 1.0 };
    let mut number = || T::from_f64(rng.random_range(-most..most));
    (0..SAMPLES).map(|_| std::array::from_fn(|_| number())).collect()
}

/// A network with weights and biases drawn as PyTorch does: at most 1 / √IN.
fn drawn<N: Layer>() -> N {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut net = N::ZERO;
    net.init(&mut rng);
    struct Biases<R>(R);
    impl<R: rand::Rng> constgrad::Visitor<0> for Biases<R> {
        fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
            for bias in parameters.iter_mut().filter(|bias| **bias == T::ZERO) {
                *bias = T::from_f64(self.0.random_range(-0.3..0.3));
            }
        }
    }
    net.visit([], &mut Biases(rng));
    net
}

fn each_of<T: Number + Layers>(each: &mut impl Each, dtype: &str) {
    T::layers(each, dtype);
}

pub fn each_network(each: &mut impl Each) {
    each_of::<f32>(each, "f32");
    each_of::<f64>(each, "f64");
}

trait Layers {
    fn layers(each: &mut impl Each, dtype: &str);
}

macro_rules! layers {
    ($T:ident, $($activation:ident)*) => {
        impl Layers for $T {
            fn layers(each: &mut impl Each, dtype: &str) {
                $({
                    type Net = net![Dense<6, 9, $activation, $T>, Dense<9, 5, $activation, $T>];
                    let name = format!("{}_{dtype}", stringify!($activation).to_lowercase());
                    each.network(&name, &drawn::<Net>());
                    each.network(&format!("far_{name}"), &drawn::<Dense<1, 3, $activation, $T>>());
                })*

                type One = Dense<20, 3, Identity, $T>;
                type Two = net![Dense<64, 32, Relu, $T>, Dense<32, 10, Identity, $T>];
                type Three = net![Dense<3, 17, Tanh, $T>, Dense<17, 1, Selu, $T>, Dense<1, 4, Silu, $T>];
                type Four = net![Dense<2, 8, Elu, $T>, Two4, Dense<12, 2, Softsign, $T>];
                type Two4 = net![Dense<8, 16, GeluTanh, $T>, Dense<16, 12, LeakyRelu, $T>];
                type Five = net![net![Two4, Dense<12, 7, Sigmoid, $T>], Dense<7, 9, Tanh, $T>, Dense<9, 3, Softmax, $T>];
                type Six = net![
                    Dense<8, 8, Tanh, $T>, Dense<8, 8, Softplus, $T>, Dense<8, 8, HardTanh, $T>,
                    Dense<8, 8, Sigmoid, $T>, Dense<8, 8, GeluTanh, $T>, Dense<8, 8, HardSigmoid, $T>
                ];
                each.network(&format!("one_{dtype}"), &drawn::<One>());
                each.network(&format!("two_{dtype}"), &drawn::<Two>());
                each.network(&format!("three_{dtype}"), &drawn::<Three>());
                each.network(&format!("four_{dtype}"), &drawn::<Four>());
                each.network(&format!("five_{dtype}"), &drawn::<Five>());
                each.network(&format!("six_{dtype}"), &drawn::<Six>());

                // The largest number, the smallest, the smallest that is normal, a negative zero.
                let odd = [$T::MAX, $T::from_bits(1), -$T::MIN_POSITIVE, -0.0, 1.0 / 3.0, 1e16];
                let odd = Dense::<6, 1, Tanh, $T>::new([odd], [-0.0]);
                each.network(&format!("odd_{dtype}"), &odd);
            }
        }
    };
}
layers!(f32, Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh HardTanh
    Softplus Softsign Softmax Mish Parts);
layers!(f64, Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh HardTanh
    Softplus Softsign Softmax Mish Parts);
