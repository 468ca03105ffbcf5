//! Any bytes as a safetensors file.

#![no_main]

mod mutate;

use constgrad_fuzz::{check_parse, walk};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_mutator!(|file: &mut [u8], size: usize, max: usize, seed: u32| {
    mutate::mutate(file, size, max, seed)
});

fuzz_target!(|file: &[u8]| {
    walk(file);
    check_parse(file);
});
