//! The fourth of six layers gives one number too few, nested to the right.
//! error: `Dense<16, 7, Relu>` outputs `[f32; 7]`, but the next layer `Dense<8, 4, Tanh>` takes `[f32; 8]`

use constgrad::{Dense, Relu, Tanh, assert_network, net};

type Net = net![
    Dense<8, 16, Relu>,
    Dense<16, 32, Relu>,
    Dense<32, 16, Relu>,
    Dense<16, 7, Relu>,
    Dense<8, 4, Tanh>,
    Dense<4, 2>,
];

const _: () = assert_network::<Net>();

fn main() {}
