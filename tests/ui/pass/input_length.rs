use constgrad::prelude::*;
use constgrad::{Dense, Relu, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 1>];

fn main() {
    let net = Net::ZERO;
    net.predict(&[0.5, 1.0]);
}
