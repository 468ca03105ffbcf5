//! Adam's memory of one network, used to change another.
//! error: mismatched types
//! says: expected `3`, found `5`

use constgrad::prelude::*;
use constgrad::{Adam, AdamState, Dense, Optimizer, Relu, net};

type Net = net![Dense<4, 3, Relu>, Dense<3, 2>];
type Other = net![Dense<4, 5, Relu>, Dense<5, 2>];

fn main() {
    let (mut net, mut gradient) = (Net::ZERO, Net::ZERO);
    let mut state = AdamState::<Other>::ZERO;
    Adam::new(0.1).update(&mut net, &mut gradient, &mut state);
}
