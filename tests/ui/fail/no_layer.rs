//! An activation where a layer should be.
//! error: `Relu` is no layer
//! says: not a layer

use constgrad::{Dense, Relu, assert_network, net};

type Net = net![Dense<2, 3>, Relu, Dense<3, 1>];

const _: () = assert_network::<Net>();

fn main() {}
