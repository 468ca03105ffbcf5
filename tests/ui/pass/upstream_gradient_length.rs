use constgrad::prelude::*;
use constgrad::{Dense, Relu, Tape, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

fn main() {
    let (net, x) = (Net::ZERO, [[0.5; 4]]);
    let mut tape = Tape::<Net, 1>::ZERO;
    tape.forward(&net, &x);
    let g = [[1.0; 2]];
    let mut gradient = Net::ZERO;
    tape.backward(&net, &x, &g, &mut gradient);
}
