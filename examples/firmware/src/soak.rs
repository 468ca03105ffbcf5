//! A long training with what goes wrong in the field: learning rates of all sizes, inputs that are
//! no numbers, batches that are not full.

use constgrad::prelude::*;
use constgrad::{Adam, Clip, Dense, Layer, MeanSquaredError, Tanh, Trainer, Visitor, net};
use constgrad::{Float, LengthError};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

pub type Net = net![Dense<3, 12, Tanh>, Dense<12, 2>];
pub type NetTrainer = Trainer<Net, MeanSquaredError, Adam, 8>;

/// What came of it.
#[derive(Debug, Default)]
pub struct Soaked {
    /// Batches with an input that is no number, each of which was refused and changed nothing.
    pub refused: u32,
    /// Batches that were not full.
    pub partial: u32,
    /// The mean loss of the last full batches, of numbers.
    pub loss: f32,
    /// Whether nothing but what is documented has happened.
    pub as_documented: bool,
}

/// Trains for so many steps.
pub fn soak(steps: u32) -> Result<Soaked, LengthError> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(6);
    let mut net = Net::ZERO;
    net.init(rng);
    let mut trainer = NetTrainer::new(MeanSquaredError, Adam::new(1e-3));
    trainer.clip = Some(Clip::Norm(1.0));
    let mut soaked = Soaked { as_documented: true, ..Soaked::default() };
    for step in 0..steps {
        // From 1e-2 down to 1e-5, and for the last tenth small.
        trainer.optimizer.lr = [1e-2, 3e-3, 1e-3, 1e-4, 1e-5][rng.random_range(0..5)];
        if step > steps / 10 * 9 {
            trainer.optimizer.lr = 1e-3;
        }
        let mut x: [[f32; 3]; 8] = rng.random();
        let target = x.map(|[a, b, c]| [a * b, b - c]);
        if step % 97 == 5 {
            let wrong = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
            x[rng.random_range(0..8)][rng.random_range(0..3)] = wrong[rng.random_range(0..3)];
            let (before, state) = (net.clone(), trainer.state().clone());
            let refused = trainer.step_checked(&mut net, &x, &target).is_err();
            soaked.as_documented &= refused && net == before && *trainer.state() == state;
            soaked.refused += 1;
        } else if step % 13 == 4 {
            let samples = rng.random_range(1..=8);
            trainer.step_partial(&mut net, &x[..samples], &target[..samples])?;
            soaked.partial += 1;
        } else {
            match trainer.step_checked(&mut net, &x, &target) {
                Ok(loss) => soaked.loss = 0.95 * soaked.loss + 0.05 * loss,
                Err(_) => soaked.as_documented = false,
            }
        }
    }
    let mut finite = Finite(true);
    net.visit([], &mut finite);
    soaked.as_documented &= finite.0 && soaked.loss < 1e-3;
    Ok(soaked)
}

/// Whether all weights are numbers.
struct Finite(bool);

impl Visitor<0> for Finite {
    fn tensor<T: Float>(&mut self, weights: &mut [T], []: [&mut [T]; 0]) {
        self.0 &= weights.iter().all(|weight| weight.is_finite());
    }
}
