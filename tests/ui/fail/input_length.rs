//! An input of 3 numbers for a network that takes 2.
//! error: mismatched types
//! says: expected an array with a size of 2, found one with a size of 3

use constgrad::prelude::*;
use constgrad::{Dense, Relu, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 1>];

fn main() {
    let net = Net::ZERO;
    net.predict(&[0.5, 1.0, 2.0]);
}
