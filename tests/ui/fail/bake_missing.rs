//! A weights file without a tensor of the first layer.
//! error: evaluation panicked: tensor `0.bias` is missing, but Dense<4, 3, Relu> needs it, with shape [3]

use constgrad::{Dense, Relu, bake, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

static NET: Net = bake!(Net, "../weights/missing.safetensors");

fn main() {
    let _ = &NET;
}
