//! A weights file with whole numbers for a bias.
//! error: evaluation panicked: tensor `2.bias` has type I64, but Dense<3, 2> needs F32, or another of F64, F32, F16 and BF16

use constgrad::{Dense, Relu, bake, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

static NET: Net = bake!(Net, "../weights/dtype.safetensors");

fn main() {
    let _ = &NET;
}
