//! A network that PyTorch trained, on a chip: reads digits with weights in flash, and compares its
//! outputs with PyTorch's.

#![no_std]
#![no_main]

use constgrad::prelude::*;
use constgrad::weights::{self, Names, SafeTensors};
use constgrad::{Class, Dense, Relu, bake, net};
use firmware::chip;
use firmware::difference::{TOLERANCE, larger, largest_difference};
use firmware::held_out::HELD_OUT;
use semihosting::{println, process};

type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];

/// What `data/pytorch.py` saved: put into flash by the compiler, without the file.
static NET: Net = bake!(Net, "../../../data/pytorch.safetensors");

/// The outputs that PyTorch computed for the digits held out: a file that is read on the chip.
static LOGITS: &[u8] = include_bytes!("../../data/pytorch_logits.safetensors");

#[chip::entry]
fn main() -> ! {
    let logits = SafeTensors::parse(LOGITS).ok().and_then(|file| file.get("logits"));
    let logits = logits.expect("a safetensors file with a tensor `logits`");
    let (mut right, mut difference) = (0, 0.0);
    for (number, digit) in HELD_OUT.iter().enumerate() {
        let expected: [f32; 10] = core::array::from_fn(|class| {
            logits.number(10 * number + class).map_or(f32::NAN, |logit| logit as f32)
        });
        let found = NET.predict(&digit.input());
        right += usize::from(Class::largest(&found) == digit.label);
        difference = larger(difference, largest_difference(&found, &expected));
    }
    println!("digits      {right} of {} read rightly", HELD_OUT.len());
    println!("            largest difference from PyTorch {difference:.1e}");

    let refused = refuses(LOGITS);
    println!("            another network's file is {}", if refused { "refused" } else { "READ" });
    process::exit(if difference <= TOLERANCE && right >= 90 && refused { 0 } else { 1 })
}

/// Whether a file that is not the last layer's leaves it as it is.
fn refuses(file: &[u8]) -> bool {
    let mut layer: Dense<32, 10> = NET.1.clone();
    let read = weights::read(&mut layer, file, Names::SEQUENTIAL);
    if let Err(error) = &read {
        println!("            {error}");
    }
    read.is_err() && layer == NET.1
}
