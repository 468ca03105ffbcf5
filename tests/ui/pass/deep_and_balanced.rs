use constgrad::{Dense, Relu, Tanh, assert_network};

type Front = ((Dense<8, 16, Relu>, Dense<16, 32, Relu>), Dense<32, 16, Relu>);
type Back = ((Dense<16, 8, Relu>, Dense<8, 4, Tanh>), Dense<4, 2>);

const _: () = assert_network::<(Front, Back)>();

fn main() {}
