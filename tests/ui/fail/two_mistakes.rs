//! Two places where layers do not fit: both are named.
//! error: `Dense<2, 3, Relu>` outputs `[f32; 3]`, but the next layer `Dense<4, 5, Tanh>` takes `[f32; 4]`
//! error: `Dense<4, 5, Tanh>` outputs `[f32; 5]`, but the next layer `Dense<6, 1>` takes `[f32; 6]`

use constgrad::{Dense, Relu, Tanh, assert_network, net};

type Net = net![Dense<2, 3, Relu>, Dense<4, 5, Tanh>, Dense<6, 1>];

const _: () = assert_network::<Net>();

fn main() {}
