//! The digits network in flash, and its last layer learned anew.

use constgrad::prelude::*;
use constgrad::{Class, CrossEntropy, Dense, Loss, Relu, Sgd, Trainer, bake, net};

use crate::held_out::{Digit, HELD_OUT};

pub type Net = net![Dense<64, 32, Relu>, LastLayer];
pub type LastLayer = Dense<32, 10>;
pub type LastLayerTrainer = Trainer<LastLayer, CrossEntropy, Sgd, BATCH>;

/// Small enough for the tape to fit beside everything else in 16 KiB of RAM.
pub const BATCH: usize = 4;

/// Trained by `cargo run --release --example digits`. A `static` that nobody can write stays in
/// flash and is read in place.
pub static NET: Net = bake!(Net, "../../data/digits.safetensors");

/// What the last layer takes: the output of the layer before.
pub fn features(digit: &Digit) -> [f32; 32] {
    NET.0.predict(&digit.input())
}

/// What came of learning the last layer anew.
#[derive(Debug)]
pub struct Relearned {
    /// Mean losses: of the first epoch and of the last, each from before its steps, and of the
    /// digits that were not learned from.
    pub losses: [f32; 3],
    /// How many of these are read rightly.
    pub right: usize,
}

/// Digits to learn from; the others test what was learned.
pub const LEARNED: usize = 80;
const EPOCHS: usize = 10;
pub const STEPS: usize = EPOCHS * LEARNED / BATCH;

/// A last layer that knows nothing yet, and what trains it.
pub fn forget() -> (LastLayer, LastLayerTrainer) {
    (LastLayer::ZERO, Trainer::new(CrossEntropy::new(), Sgd::new(0.1)))
}

/// Forgets the last layer and learns it again, with the first layer left in flash.
pub fn relearn() -> Relearned {
    let (train, test) = HELD_OUT.split_at(LEARNED);
    let (batches, _) = train.as_chunks::<BATCH>();
    let (mut layer, mut trainer) = forget();

    let mut epochs = [0.0; EPOCHS];
    for loss in &mut epochs {
        for batch in batches {
            // Computed again in each epoch: all of them would fill 10 KiB of RAM.
            let features = batch.each_ref().map(features);
            let labels = batch.each_ref().map(|digit| digit.label);
            *loss += trainer.step(&mut layer, &features, &labels) / batches.len() as f32;
        }
    }

    let (mut test_loss, mut right) = (0.0, 0);
    for digit in test {
        let logits = layer.predict(&features(digit));
        test_loss += trainer.loss.loss(&logits, &digit.label) / test.len() as f32;
        right += usize::from(Class::largest(&logits) == digit.label);
    }
    Relearned { losses: [epochs[0], epochs[EPOCHS - 1], test_loss], right }
}
