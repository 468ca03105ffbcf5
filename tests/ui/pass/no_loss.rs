use constgrad::{Dense, MeanSquaredError, Sgd, Trainer};

struct Agent {
    trainer: Trainer<Dense<4, 2>, MeanSquaredError, Sgd, 8>,
}

fn main() {}
