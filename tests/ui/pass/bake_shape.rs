use constgrad::{Dense, Relu, bake, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];

static NET: Net = bake!(Net, "../weights/right.safetensors");

fn main() {
    let _ = &NET;
}
