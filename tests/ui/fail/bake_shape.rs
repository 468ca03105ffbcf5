//! A weights file with a matrix of another shape than its layer has.
//! error: evaluation panicked: tensor `2.weight` has shape [2, 4], but Dense<3, 2> needs [2, 3]

use constgrad::{Dense, Relu, bake, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

static NET: Net = bake!(Net, "../weights/shape.safetensors");

fn main() {
    let _ = &NET;
}
