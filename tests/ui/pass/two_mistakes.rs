use constgrad::{Dense, Relu, Tanh, assert_network, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 6, Tanh>, Dense<6, 1>];

const _: () = assert_network::<Net>();

fn main() {}
