use constgrad::prelude::*;
use constgrad::{Dense, Relu, assert_at_most, net};

type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];

const _: () = assert_at_most("parameters", Net::PARAMS, 2410);

fn main() {}
