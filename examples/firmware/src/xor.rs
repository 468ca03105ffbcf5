//! A network that learns exclusive or from nothing.

use constgrad::prelude::*;
use constgrad::{Dense, MeanSquaredError, Momentum, Sgd, Tanh, Trainer, net};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

pub type Xor = net![Dense<2, 8, Tanh>, Dense<8, 1>];
pub type XorTrainer = Trainer<Xor, MeanSquaredError, Sgd<Momentum>, 4>;

pub const INPUTS: [[f32; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
pub const TARGETS: [[f32; 1]; 4] = [[0.0], [1.0], [1.0], [0.0]];
pub const STEPS: usize = 100;

/// A network that knows nothing yet, and what trains it.
pub fn begin() -> (Xor, XorTrainer) {
    let mut net = Xor::ZERO;
    net.init(&mut Xoshiro256PlusPlus::seed_from_u64(1));
    (net, Trainer::new(MeanSquaredError, Sgd::new(0.1).momentum(0.9)))
}

/// What came of learning.
#[derive(Debug)]
pub struct Learned {
    /// The loss before the first step and before the last.
    pub losses: [f32; 2],
    pub answers: [f32; 4],
}

pub fn learn() -> Learned {
    let (mut net, mut trainer) = begin();
    let mut losses = [0.0; STEPS];
    for loss in &mut losses {
        *loss = trainer.step(&mut net, &INPUTS, &TARGETS);
    }
    let answers = INPUTS.each_ref().map(|x| net.predict(x)[0]);
    Learned { losses: [losses[0], losses[STEPS - 1]], answers }
}
