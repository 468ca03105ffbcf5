//! A training whose weights are the same bits on all processors without vectors, and with the feature
//! `unfused` on all others.

use constgrad::prelude::*;
use constgrad::{
    Adam, AdamState, AdamW, Clip, Dense, Float, Gelu, Layer, MeanSquaredError, Optimizer, Softmax,
    Tanh, Trainer, Visitor, net,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

pub type Net = net![Dense<5, 18, Tanh>, Dense<18, 9, Gelu>, Dense<9, 3, Softmax>];
pub type NetTrainer<O> = Trainer<Net, MeanSquaredError, O, 4>;

/// Steps of the training.
pub const STEPS: usize = 200;

/// The hash after these steps.
pub const UNFUSED: u64 = 0x7879_3cfb_47ac_a9ec;

/// Trains from a seed, without weight decay and with it, and gives a hash of all weights.
pub fn hash() -> u64 {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    train(Adam::new(0.01), &mut hash);
    train(AdamW::new(0.01), &mut hash);
    hash.0
}

fn train<O: Optimizer<State<Net> = AdamState<Net>>>(optimizer: O, hash: &mut Hash) {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(20);
    let mut net = Net::ZERO;
    net.init(rng);
    let mut trainer = NetTrainer::new(MeanSquaredError, optimizer);
    trainer.clip = Some(Clip::Norm(0.5));
    for _ in 0..STEPS {
        let x: [[f32; 5]; 4] = rng.random();
        let target = x.map(|[a, b, c, d, e]| [a * b, c, d * e]);
        trainer.step(&mut net, &x, &target);
    }
    net.visit([], hash);
}

/// FNV-1a.
struct Hash(u64);

impl Visitor<0> for Hash {
    fn tensor<T: Float>(&mut self, weights: &mut [T], []: [&mut [T]; 0]) {
        for weight in weights {
            for byte in weight.to_f64().to_le_bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
}
