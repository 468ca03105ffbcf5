use constgrad::{Dense, Relu, assert_network, net};

type Net = net![Dense<2, 3>, Dense<3, 3, Relu>, Dense<3, 1>];

const _: () = assert_network::<Net>();

fn main() {}
