//! A layer of whole numbers.
//! error: `i32` is no number type of a network: it must be `f32` or `f64`
//! says: must be `f32` or `f64`

use constgrad::{Dense, Relu, assert_network};

const _: () = assert_network::<Dense<2, 1, Relu, i32>>();

fn main() {}
