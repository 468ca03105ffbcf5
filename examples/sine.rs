//! Regression: fits sin x with 97 parameters and plots it.
//!
//! `cargo run --release --example sine`

#[path = "common/exit.rs"]
mod exit;
#[path = "common/plot.rs"]
mod plot;

use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use constgrad::prelude::*;
use constgrad::schedule::{Cosine, Schedule};
use constgrad::{Adam, Dense, MeanSquaredError, Tanh, Trainer, net};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

type Net = net![Dense<1, 32, Tanh>, Dense<32, 1>];

const STEPS: u32 = 4_000;

fn main() -> ExitCode {
    exit::run(sine)
}

fn sine() -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut net = Net::ZERO;
    net.init(&mut rng);
    let mut trainer = Trainer::<Net, _, _, 64>::new(MeanSquaredError, Adam::new(0.0));
    let schedule = Cosine { lr: 0.02, warm_up: 100, steps: STEPS, end: 0.0 };

    for step in 0..STEPS {
        trainer.optimizer.lr = schedule.at(step);
        let x: [[f32; 1]; 64] = [(); 64].map(|()| [rng.random_range(-4.0..4.0)]);
        let loss = trainer.step(&mut net, &x, &x.map(|[x]| [x.sin()]));
        if (step + 1) % 1000 == 0 {
            writeln!(out, "step {:4}   loss {loss:.2e}", step + 1)?;
        }
    }

    let grid = || (-400..=400).map(|i| i as f32 / 100.0);
    let fitted = |x| net.predict(&[x])[0];
    let worst = grid().map(|x| (fitted(x) - x.sin()).abs()).fold(0.0, f32::max);
    writeln!(out, "largest error on -4..4: {worst:.4}")?;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sine");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let picture = folder.join("sine.svg");
    let curve = |f: &dyn Fn(f32) -> f32| grid().map(|x| (f64::from(x), f64::from(f(x)))).collect();
    let curves = [("sin x", curve(&f32::sin)), ("network", curve(&fitted))];
    plot::curves(&picture, "97 parameters", "x", "y", &curves)?;
    writeln!(out, "Plot: {}", picture.display())?;
    Ok(())
}
