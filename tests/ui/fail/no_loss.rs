//! A loss that is none.
//! error: `Hinge` is no loss for a network that outputs `[f32; 2]`
//! says: one of your own implements `constgrad::Loss<[T; N]>`

use constgrad::{Dense, Sgd, Trainer};

struct Hinge;

struct Agent {
    trainer: Trainer<Dense<4, 2>, Hinge, Sgd, 8>,
}

fn main() {}
