//! The whole idea on one screen: a network is a type, and so is everything that trains it.
//!
//! `cargo run --release --example xor`

use constgrad::prelude::*;
use constgrad::{Dense, MeanSquaredError, Sgd, Tanh, Trainer, assert_network, net};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

type Net = net![Dense<2, 8, Tanh>, Dense<8, 1>]; // = (Dense<2, 8, Tanh>, Dense<8, 1>)
const _: () = assert_network::<Net>(); // the error is here, if two layers do not fit
const _: () = assert!(Net::PARAMS == 33);

fn main() {
    let inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let targets = [[0.0], [1.0], [1.0], [0.0]];

    let mut net = Net::ZERO;
    net.init(&mut Xoshiro256PlusPlus::seed_from_u64(1));
    let mut trainer = Trainer::<Net, _, _, 4>::new(MeanSquaredError, Sgd::new(0.1).momentum(0.9));

    println!("{}", Net::summary());
    for step in 1..=100 {
        let loss = trainer.step(&mut net, &inputs, &targets);
        if step % 25 == 0 {
            println!("step {step:3}   loss {loss:.6}");
        }
    }
    for x in &inputs {
        let [y] = net.predict(x);
        println!("{} xor {} = {y:.3}", x[0], x[1]);
    }
}
