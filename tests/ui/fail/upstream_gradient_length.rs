//! A derivative by 3 outputs for a network that has 2.
//! error: mismatched types
//! says: expected an array with a size of 2, found one with a size of 3

use constgrad::prelude::*;
use constgrad::{Dense, Relu, Tape, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

fn main() {
    let (net, x) = (Net::ZERO, [[0.5; 4]]);
    let mut tape = Tape::<Net, 1>::ZERO;
    tape.forward(&net, &x);
    let g = [[1.0; 3]];
    let mut gradient = Net::ZERO;
    tape.backward(&net, &x, &g, &mut gradient);
}
