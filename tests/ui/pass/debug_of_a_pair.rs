//! What there is instead.

use constgrad::prelude::*;
use constgrad::{Dense, Relu};

type Net = ((Dense<8, 4, Relu>, Dense<4, 4>), Dense<4, 2>);

fn main() {
    assert_eq!(format!("{:?}", Net::layers()), "[Dense<8, 4, Relu>, Dense<4, 4>, Dense<4, 2>]");
}
