//! The digits network in flash, digits it has never seen, and its last layer learned anew.

use constgrad::prelude::*;
use constgrad::{Class, CrossEntropy, Dense, Loss, Relu, Sgd, Trainer, net};

use crate::weights::{matrix, number, vector};

pub type Net = net![Dense<64, 32, Relu>, LastLayer];
pub type LastLayer = Dense<32, 10>;
pub type LastLayerTrainer = Trainer<LastLayer, CrossEntropy, Sgd, BATCH>;

/// Small enough for the tape to fit beside everything else in 16 KiB of RAM.
pub const BATCH: usize = 4;

/// Trained by `cargo run --release --example digits`. A `static` that nobody can write stays in
/// flash and is read in place.
pub static NET: Net = {
    const FILE: &[u8] = include_bytes!("../data/digits.safetensors");
    (
        Dense::new(matrix(FILE, "\"0.weight\""), vector(FILE, "\"0.bias\"")),
        Dense::new(matrix(FILE, "\"2.weight\""), vector(FILE, "\"2.bias\"")),
    )
};

/// A handwritten digit.
#[derive(Clone, Copy)]
pub struct Digit {
    /// 8 × 8 pixels from 0 to 16.
    pub pixels: [u8; 64],
    pub label: Class<10>,
}

impl Digit {
    /// What the network takes: pixels from 0 to 1.
    pub fn input(&self) -> [f32; 64] {
        self.pixels.map(|pixel| f32::from(pixel) / 16.0)
    }

    /// What the last layer takes: the output of the layer before.
    pub fn features(&self) -> [f32; 32] {
        NET.0.predict(&self.input())
    }
}

/// The digits that the network was not trained on.
pub static HELD_OUT: [Digit; 100] = parse(include_bytes!("../data/held_out.csv"));

/// Lines of 64 pixels and a label. Another number of lines is a compile error.
const fn parse<const N: usize>(mut table: &[u8]) -> [Digit; N] {
    const fn class(index: usize) -> Class<10> {
        match Class::new(index) {
            Ok(class) => class,
            Err(_) => panic!("a label is no digit"),
        }
    }

    let mut digits = [Digit { pixels: [0; 64], label: class(0) }; N];
    let mut line = 0;
    while line < N {
        let mut value;
        let mut pixel = 0;
        while pixel < 64 {
            (value, table) = number(table);
            assert!(value <= 16, "a pixel is not from 0 to 16");
            digits[line].pixels[pixel] = value as u8;
            pixel += 1;
        }
        (value, table) = number(table);
        digits[line].label = class(value);
        line += 1;
    }
    assert!(table.is_empty(), "the table has more lines than digits are wanted");
    digits
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
            let features = batch.each_ref().map(Digit::features);
            let labels = batch.each_ref().map(|digit| digit.label);
            *loss += trainer.step(&mut layer, &features, &labels) / batches.len() as f32;
        }
    }

    let (mut test_loss, mut right) = (0.0, 0);
    for digit in test {
        let logits = layer.predict(&digit.features());
        test_loss += trainer.loss.loss(&logits, &digit.label) / test.len() as f32;
        right += usize::from(Class::largest(&logits) == digit.label);
    }
    Relearned { losses: [epochs[0], epochs[EPOCHS - 1], test_loss], right }
}
