//! Two layers that do not fit, seen first by a method call on a bare tuple.
//! error: `Dense<2, 3, Relu>` outputs `[f32; 3]`, but the next layer `Dense<4, 1, Sigmoid>` takes `[f32; 4]`

use constgrad::prelude::*;
use constgrad::{Dense, Relu, Sigmoid};

fn main() {
    let net = <(Dense<2, 3, Relu>, Dense<4, 1, Sigmoid>)>::ZERO;
    net.predict(&[0.5, 1.0]);
}
