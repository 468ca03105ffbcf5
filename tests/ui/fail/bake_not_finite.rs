//! A weights file in which a weight is NaN.
//! error: evaluation panicked: tensor `0.weight` has NaN or an infinity as number 0, but Dense<4, 3, Relu> needs finite numbers

use constgrad::{Dense, Relu, bake, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

static NET: Net = bake!(Net, "../weights/nan.safetensors");

fn main() {
    let _ = &NET;
}
