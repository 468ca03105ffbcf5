//! A weights file with a tensor that belongs to no layer.
//! error: evaluation panicked: tensor `4.bias` belongs to no layer of the network, which has 2 layers

use constgrad::{Dense, Relu, bake, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

static NET: Net = bake!(Net, "../weights/extra.safetensors");

fn main() {
    let _ = &NET;
}
