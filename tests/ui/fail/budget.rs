//! A network of 2410 parameters where 2000 are allowed.
//! error: evaluation panicked: over budget: 2410 parameters found, at most 2000 allowed

use constgrad::prelude::*;
use constgrad::{Dense, Relu, assert_at_most, net};

type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];

const _: () = assert_at_most("parameters", Net::PARAMS, 2000);

fn main() {}
