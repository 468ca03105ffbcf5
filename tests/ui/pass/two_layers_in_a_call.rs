use constgrad::prelude::*;
use constgrad::{Dense, Relu, Sigmoid};

fn main() {
    let net = <(Dense<2, 3, Relu>, Dense<3, 1, Sigmoid>)>::ZERO;
    net.predict(&[0.5, 1.0]);
}
