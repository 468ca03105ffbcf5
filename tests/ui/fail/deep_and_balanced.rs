//! The third of six layers gives one number too few, where two halves meet.
//! error: `Dense<32, 15, Relu>` outputs `[f32; 15]`, but the next layer `Dense<16, 8, Relu>` takes `[f32; 16]`

use constgrad::{Dense, Relu, Tanh, assert_network};

type Front = ((Dense<8, 16, Relu>, Dense<16, 32, Relu>), Dense<32, 15, Relu>);
type Back = ((Dense<16, 8, Relu>, Dense<8, 4, Tanh>), Dense<4, 2>);

const _: () = assert_network::<(Front, Back)>();

fn main() {}
