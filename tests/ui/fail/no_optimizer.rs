//! The type of a learning rate where an optimizer should be.
//! error: `f32` is no optimizer
//! says: optimizers are `Sgd`, `Adam`, ...

use constgrad::{Dense, MeanSquaredError, Trainer};

struct Agent {
    trainer: Trainer<Dense<4, 2>, MeanSquaredError, f32, 8>,
}

fn main() {}
