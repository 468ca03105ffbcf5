//! What the firmware in `examples/firmware` knows of this host: digits held out, and answers.
//!
//! The firmware's own source is compiled here, so that host and chip compute the same. Its data is
//! checked, or written with `FIRMWARE=overwrite cargo test --test firmware`: twice, as the answers
//! depend on the digits. The weights are what the example `digits` leaves behind as
//! `target/digits/digits.safetensors`.

#[path = "../examples/firmware/src/difference.rs"]
#[allow(dead_code)]
mod difference;
#[path = "../examples/firmware/src/digits.rs"]
#[allow(dead_code)]
mod digits;
#[path = "../examples/firmware/src/expected.rs"]
mod expected;
#[path = "../examples/firmware/src/held_out.rs"]
mod held_out;
#[path = "../examples/firmware/src/xor.rs"]
#[allow(dead_code)]
mod xor;

use std::fmt::Write;
use std::{env, fs};

use constgrad::prelude::*;
use difference::{TOLERANCE, largest_difference};
use digits::NET;
use expected::{LOGITS, RELEARNED, XOR};
use held_out::HELD_OUT;

fn overwrite(file: &str, text: &str) {
    let path = format!("{}/examples/firmware/data/{file}", env!("CARGO_MANIFEST_DIR"));
    fs::write(&path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
}

fn overwriting() -> bool {
    env::var_os("FIRMWARE").is_some_and(|value| value == "overwrite")
}

#[test]
#[cfg(feature = "std")]
fn the_digits_held_out_are_the_last_that_the_example_tests_with() {
    use constgrad::data::{read_csv_classes, split};
    use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits.csv");
    let (mut inputs, mut labels) = read_csv_classes::<f32, 64, 10>(table).unwrap();
    let fifth = inputs.len() / 5;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
    let parts = split(&mut inputs, &mut labels, fifth, &mut rng).unwrap();
    let held_out = parts.test_inputs.iter().zip(&*parts.test_targets);
    let held_out = held_out.skip(fifth - HELD_OUT.len());

    if overwriting() {
        let mut text = String::new();
        for (pixels, label) in held_out {
            for pixel in pixels {
                write!(text, "{pixel},").unwrap();
            }
            writeln!(text, "{label}").unwrap();
        }
        overwrite("held_out.csv", &text);
    } else {
        for ((pixels, label), digit) in held_out.zip(&HELD_OUT) {
            assert_eq!(digit.pixels.map(f32::from), *pixels);
            assert_eq!(digit.label, *label);
        }
    }
}

#[test]
fn expected_answers_are_those_of_this_host() {
    let logits = HELD_OUT.each_ref().map(|digit| NET.predict(&digit.input()));
    let xor = xor::learn();
    let relearned = digits::relearn();

    if overwriting() {
        let mut text = String::new();
        writeln!(text, "pub static XOR: Learned = {xor:?};").unwrap();
        writeln!(text, "pub static RELEARNED: Relearned = {relearned:?};").unwrap();
        writeln!(text, "pub static LOGITS: [[f32; 10]; {}] = [", logits.len()).unwrap();
        for logits in logits {
            writeln!(text, "    {logits:?},").unwrap();
        }
        writeln!(text, "];").unwrap();
        overwrite("expected.rs", &text);
    } else {
        for (logits, expected) in logits.iter().zip(&LOGITS) {
            assert!(largest_difference(logits, expected) <= TOLERANCE, "{logits:?} {expected:?}");
        }
        assert!(largest_difference(&xor.losses, &XOR.losses) <= TOLERANCE, "{xor:?}");
        assert!(largest_difference(&xor.answers, &XOR.answers) <= TOLERANCE, "{xor:?}");
        let difference = largest_difference(&relearned.losses, &RELEARNED.losses);
        assert!(difference <= TOLERANCE && relearned.right == RELEARNED.right, "{relearned:?}");
    }
}
