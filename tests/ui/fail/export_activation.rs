//! A network with an activation that has no formula, as a C header.
//! error: the activation `Square` cannot be exported
//! says: implements `constgrad::export::ExportActivation`

use constgrad::prelude::*;
use constgrad::{Dense, Elementwise, Float, FromInput, Init, Relu, export, net};

enum Square {}

impl Elementwise for Square {
    const INIT: Init = Init::XavierUniform;
    type Derivative = FromInput;

    fn apply<T: Float>(s: T) -> T {
        s * s
    }
    fn derivative<T: Float>(s: T) -> T {
        s + s
    }
}

type Net = net![Dense<2, 3, Relu>, Dense<3, 3, Square>, Dense<3, 1>];

fn main() {
    export::c_header(&Net::ZERO, "net", &mut String::new()).unwrap();
}
