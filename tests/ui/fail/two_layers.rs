//! The second layer takes one number more than the first one gives.
//! error: `Dense<2, 3, Relu>` outputs `[f32; 3]`, but the next layer `Dense<4, 1, Sigmoid>` takes `[f32; 4]`

use constgrad::{Dense, Relu, Sigmoid, assert_network, net};

type Net = net![Dense<2, 3, Relu>, Dense<4, 1, Sigmoid>];

const _: () = assert_network::<Net>();

fn main() {}
