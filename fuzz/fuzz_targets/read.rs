//! Any bytes as the weights of a network of `f32` and of one of `f64`.

#![no_main]

mod mutate;

use constgrad_fuzz::check_read;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_mutator!(|file: &mut [u8], size: usize, max: usize, seed: u32| {
    mutate::mutate(file, size, max, seed)
});

fuzz_target!(|file: &[u8]| {
    check_read(file);
});
