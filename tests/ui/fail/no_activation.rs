//! A layer where an activation should be.
//! error: `f32` is no activation
//! says: not an activation

use constgrad::{Dense, Relu, assert_network, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 3, f32>, Dense<3, 1>];

const _: () = assert_network::<Net>();

fn main() {}
