//! The numbers that training starts from.

use rand::{Rng, RngExt};

use crate::Float;

/// How weights are drawn, for a layer of `IN` inputs and `OUT` outputs; biases start at zero.
///
/// | | uniform in ±a | normal with deviation σ | made for |
/// |---|---|---|---|
/// | He (2015) | a = √(6/IN) | σ = √(2/IN) | `Relu` and its kin |
/// | Xavier/Glorot (2010) | a = √(6/(IN+OUT)) | σ = √(2/(IN+OUT)) | `Tanh`, `Sigmoid`, linear outputs |
/// | LeCun (1998) | a = √(3/IN) | σ = √(1/IN) | `Selu` |
///
/// [`init`](crate::Network::init) takes the one that the layer's activation wants. PyTorch's
/// `nn.Linear` starts from others: weights and biases uniform in ±1/√IN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Init {
    /// All weights zero.
    Zeros,
    /// He, uniform.
    HeUniform,
    /// He, normal.
    HeNormal,
    /// Xavier/Glorot, uniform.
    XavierUniform,
    /// Xavier/Glorot, normal.
    XavierNormal,
    /// LeCun, uniform.
    LecunUniform,
    /// LeCun, normal.
    LecunNormal,
}

impl Init {
    /// Draws `weights` for a layer of `inputs` inputs and `outputs` outputs.
    pub fn fill<T: Float, R: Rng + ?Sized>(
        self,
        weights: &mut [T],
        inputs: usize,
        outputs: usize,
        rng: &mut R,
    ) {
        let (inputs, both) = (inputs as f64, (inputs + outputs) as f64);
        match self {
            Init::Zeros => weights.fill(T::ZERO),
            Init::HeUniform => uniform(weights, 6.0 / inputs, rng),
            Init::HeNormal => normal(weights, 2.0 / inputs, rng),
            Init::XavierUniform => uniform(weights, 6.0 / both, rng),
            Init::XavierNormal => normal(weights, 2.0 / both, rng),
            Init::LecunUniform => uniform(weights, 3.0 / inputs, rng),
            Init::LecunNormal => normal(weights, 1.0 / inputs, rng),
        }
    }
}

/// Uniform in ±√square.
fn uniform<T: Float, R: Rng + ?Sized>(weights: &mut [T], square: f64, rng: &mut R) {
    let bound = T::from_f64(Float::sqrt(square));
    for weight in weights {
        *weight = bound * symmetric(rng);
    }
}

/// Normal with mean 0, by the polar method (Marsaglia 1964), which gives two at a time.
fn normal<T: Float, R: Rng + ?Sized>(weights: &mut [T], variance: f64, rng: &mut R) {
    let deviation = T::from_f64(Float::sqrt(variance));
    for pair in weights.chunks_mut(2) {
        let (x, y, square) = loop {
            let (x, y): (T, T) = (symmetric(rng), symmetric(rng));
            let square = x * x + y * y;
            if square > T::ZERO && square < T::ONE {
                break (x, y, square);
            }
        };
        let scale = deviation * (T::from_f64(-2.0) * square.ln() / square).sqrt();
        for (weight, value) in pair.iter_mut().zip([x, y]) {
            *weight = scale * value;
        }
    }
}

/// Uniform in −1..1, in steps of 2⁻²³, the same for both number types.
fn symmetric<T: Float, R: Rng + ?Sized>(rng: &mut R) -> T {
    let unit: f32 = rng.random();
    T::from_f64(f64::from(unit)) * T::from_f64(2.0) - T::ONE
}
