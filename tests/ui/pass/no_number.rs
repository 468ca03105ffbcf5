use constgrad::{Dense, Relu, assert_network};

const _: () = assert_network::<Dense<2, 1, Relu, f64>>();

fn main() {}
