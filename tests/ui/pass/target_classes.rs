use constgrad::prelude::*;
use constgrad::{Class, CrossEntropy, Dense, Relu, Sgd, Trainer, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 4>];

fn main() {
    let mut net = Net::ZERO;
    let mut trainer = Trainer::<Net, _, _, 2>::new(CrossEntropy::new(), Sgd::new(0.1));
    let labels = [Class::<4>::new(1).unwrap(); 2];
    trainer.step(&mut net, &[[0.5, 1.0]; 2], &labels);
}
