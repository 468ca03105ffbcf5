//! The third of six layers gives one number too few, nested to the left.
//! error: `Dense<32, 15, Relu>` outputs `[f32; 15]`, but the next layer `Dense<16, 8, Relu>` takes `[f32; 16]`

use constgrad::{Dense, Relu, Tanh, assert_network};

type Three = ((Dense<8, 16, Relu>, Dense<16, 32, Relu>), Dense<32, 15, Relu>);
type Net = (((Three, Dense<16, 8, Relu>), Dense<8, 4, Tanh>), Dense<4, 2>);

const _: () = assert_network::<Net>();

fn main() {}
