//! Budgets: what a network costs is known before it runs, and the build fails when it is too much.
//!
//! `cargo run --release --example budget`

use constgrad::prelude::*;
use constgrad::{Adam, CrossEntropy, Dense, Relu, Sgd, Trainer, assert_at_most, net};

type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
type OnChip = Trainer<Net, CrossEntropy, Sgd, 1>;
type OnDesk = Trainer<Net, CrossEntropy, Adam, 32>;

// Try smaller limits: the compiler gives both numbers.
const _: () = assert_at_most("parameters", Net::PARAMS, 2_410);
const _: () = assert_at_most("multiply-accumulates", Net::MACS, 2_500);
const _: () = assert_at_most("bytes of flash for weights", Net::WEIGHT_BYTES, 10 * 1024);
const _: () = assert_at_most("bytes of RAM for inference", Net::INFERENCE_RAM, 424);
const _: () = assert_at_most("bytes of RAM for training", OnChip::RAM, 20 * 1024);

fn main() {
    println!("{}\n", Net::summary());
    println!("training with SGD, one sample at a time: {:6} bytes", OnChip::RAM);
    println!("training with Adam, batches of 32:       {:6} bytes", OnDesk::RAM);
}
