use constgrad::{Dense, Relu, Sigmoid, assert_network, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 1, Sigmoid>];

const _: () = assert_network::<Net>();

fn main() {}
