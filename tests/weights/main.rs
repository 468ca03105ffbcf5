//! Weights in files: written, read, refused, and read by the compiler.
//!
//! The references are the `safetensors` crate, and PyTorch with the Python library of that name:
//! `generate.py` had it write the files here, and `check.py` reads those that the tests write.

mod baked;
#[cfg(feature = "std")]
mod files;
mod format;
mod names;
mod numbers;
mod pytorch;
mod refused;
mod scale;

use constgrad::prelude::*;
use constgrad::weights::{self, Names};
use constgrad::{Dense, Float, Inspector, Layer, Relu, Tanh, net};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

type Small = SmallOf<f32>;
type SmallOf<T> = net![Dense<4, 3, Relu, T>, Dense<3, 2, Tanh, T>];

/// A network with weights that are not zero, and are those of the seed.
fn drawn<N: Layer>(seed: u64) -> N {
    let mut net = N::ZERO;
    net.init(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    net
}

/// The bits of all parameters.
fn bits<N: Layer>(net: &N) -> Vec<u64> {
    struct Bits(Vec<u64>);

    impl Inspector for Bits {
        fn tensor<T: Float>(&mut self, parameters: &[T]) {
            self.0.extend(parameters.iter().map(|parameter| parameter.to_f64().to_bits()));
        }
    }

    let mut bits = Bits(Vec::new());
    net.inspect(&mut bits);
    bits.0
}

/// A file as the `safetensors` crate writes it.
fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

/// A file with a header of one's own.
fn raw(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::from((header.len() as u64).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

/// `numbers` as a file has them.
fn f32s(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The tensors of a `Small`.
fn small() -> [(&'static str, Dtype, &'static [usize], Vec<u8>); 4] {
    let numbers = |from: usize, count: usize| -> Vec<f32> {
        (from..from + count).map(|number| number as f32 / 8.0 - 1.0).collect()
    };
    [
        ("0.weight", Dtype::F32, &[3, 4], f32s(&numbers(0, 12))),
        ("0.bias", Dtype::F32, &[3], f32s(&numbers(12, 3))),
        ("2.weight", Dtype::F32, &[2, 3], f32s(&numbers(15, 6))),
        ("2.bias", Dtype::F32, &[2], f32s(&numbers(21, 2))),
    ]
}

/// Reads a file that must be right.
fn read<N: Layer>(file: &[u8], names: Names<'_>) -> N {
    let mut net = N::ZERO;
    weights::read(&mut net, file, names).unwrap_or_else(|error| panic!("{error}"));
    net
}

#[test]
fn numbers_go_where_they_belong() {
    let net: Small = read(&file(&small()), Names::SEQUENTIAL);
    assert_eq!(net.0.weight(0, 0), Some(&-1.0));
    assert_eq!(net.0.weight(0, 1), Some(&-0.875));
    assert_eq!(net.0.weight(1, 0), Some(&-0.5));
    assert_eq!(net.0.bias(), &[0.5, 0.625, 0.75]);
    assert_eq!(net.1.weight(1, 2), Some(&1.5));
    assert_eq!(net.1.bias(), &[1.625, 1.75]);
}
