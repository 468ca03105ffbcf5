use constgrad::prelude::*;
use constgrad::{Dense, Optimizer, Relu, Sgd, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];
type Other = net![Dense<4, 5, Relu>, Dense<5, 2>];

fn main() {
    let mut net = Net::ZERO;
    let mut gradient = Net::ZERO;
    Sgd::new(0.1).update(&mut net, &mut gradient, &mut ());
}
