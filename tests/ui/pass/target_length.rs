use constgrad::prelude::*;
use constgrad::{Dense, MeanSquaredError, Relu, Sgd, Trainer, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 1>];

fn main() {
    let mut net = Net::ZERO;
    let mut trainer = Trainer::<Net, _, _, 2>::new(MeanSquaredError, Sgd::new(0.1));
    let targets = [[0.0]; 2];
    trainer.step(&mut net, &[[0.5, 1.0]; 2], &targets);
}
