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

impl export::ExportActivation for Square {
    const PATH: &'static str = "crate::Square";
    const FORMULA: export::Formula = export::S.times(&export::S);
}

type Net = net![Dense<2, 3, Relu>, Dense<3, 3, Square>, Dense<3, 1>];

fn main() {
    export::c_header(&Net::ZERO, "net", &mut String::new()).unwrap();
}
