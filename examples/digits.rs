//! Handwritten digits: trains 64 → 32 → 10 on 8 × 8 pixels and shows what it learned.
//!
//! `cargo run --release --example digits`, or with `-- --help`.

#[path = "common/arguments.rs"]
mod arguments;
#[path = "common/exit.rs"]
mod exit;
#[path = "common/plot.rs"]
mod plot;
#[path = "common/progress.rs"]
mod progress;

use std::error::Error;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use constgrad::data::{Split, read_csv_classes, shuffle, split};
use constgrad::prelude::*;
use constgrad::schedule::{Cosine, Schedule};
use constgrad::weights::{self, Names};
use constgrad::{AdamW, Class, Confusion, CrossEntropy, Dense, Relu, Trainer, assert_at_most, net};
use indicatif::ProgressBar;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
const _: () = assert_at_most("parameters", Net::PARAMS, 2_410);
const _: () = assert_at_most("bytes of RAM for inference", Net::INFERENCE_RAM, 1024);

type Image = [f32; 64];
type Digit = Class<10>;

const HELP: &str = "\
Trains a network on handwritten digits and shows what it learned.

Usage: digits [options]

  --seed N      seed of the split, the weights and the batches (default 0)
  --seeds N     train with each of the seeds 0 to N-1 and print the accuracies only
  --epochs N    passes over the training data (default 60)
  --data FILE   a table of 64 pixels 0..16 and a label per line
                (default: the digits that come with the project)
  --out DIR     where the plot and the weights go (default target/digits)
  --help        this text";

struct Options {
    seed: u64,
    seeds: Option<NonZeroU32>,
    epochs: NonZeroU32,
    data: PathBuf,
    out: PathBuf,
}

/// What a training leaves behind.
struct Outcome {
    net: Net,
    train_loss: Vec<f32>,
    test_loss: Vec<f32>,
    test: Vec<(Image, Digit)>,
    confusion: Confusion<10>,
}

fn main() -> ExitCode {
    exit::run(|| match options()? {
        None => {
            println!("{HELP}");
            Ok(())
        }
        Some(options) => digits(&options),
    })
}

fn digits(options: &Options) -> Result<(), Box<dyn Error>> {
    let (mut inputs, labels) = read_csv_classes::<f32, 64, 10>(&options.data)?;
    for pixel in inputs.as_flattened_mut() {
        *pixel /= 16.0;
    }
    if inputs.len() < 10 {
        let found = inputs.len();
        return Err(format!(
            "{}: {found} digits found, at least 10 expected",
            options.data.display()
        )
        .into());
    }

    let epochs = options.epochs.get();
    if let Some(seeds) = options.seeds {
        return compare_seeds(seeds.get(), epochs, &inputs, &labels);
    }

    println!("{}\n", Net::summary());
    let outcome = train(options.seed, epochs, inputs, labels, true)?;
    let Outcome { net, confusion, test, .. } = &outcome;
    println!(
        "Test accuracy: {:.2} % of {} digits",
        100.0 * confusion.accuracy(),
        confusion.total()
    );
    println!("\n{confusion}\n");
    draw_misread(net, test);

    fs::create_dir_all(&options.out)
        .map_err(|error| format!("{}: {error}", options.out.display()))?;
    let file = options.out.join("digits.safetensors");
    weights::save(net, &file, Names::SEQUENTIAL)?;
    let picture = options.out.join("loss.svg");
    let curve =
        |losses: &[f32]| (1..).map(f64::from).zip(losses.iter().copied().map(f64::from)).collect();
    let curves = [("training", curve(&outcome.train_loss)), ("test", curve(&outcome.test_loss))];
    plot::curves(&picture, "Handwritten digits", "epoch", "cross-entropy", &curves)?;
    println!("Loss curve: {}\nWeights:    {}", picture.display(), file.display());
    Ok(())
}

fn train(
    seed: u64,
    epochs: u32,
    mut inputs: Vec<Image>,
    mut labels: Vec<Digit>,
    show: bool,
) -> Result<Outcome, Box<dyn Error>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let fifth = inputs.len() / 5;
    let Split { train_inputs, train_targets, test_inputs, test_targets } =
        split(&mut inputs, &mut labels, fifth, &mut rng)?;

    let mut net = Net::ZERO;
    net.init(&mut rng);
    let mut trainer = Trainer::<Net, _, _, 32>::new(CrossEntropy::new(), AdamW::new(0.0));
    let schedule = Cosine { lr: 5e-3, warm_up: 2, steps: epochs, end: 0.0 };

    let bar = if show { progress::bar(epochs) } else { ProgressBar::hidden() };
    let (mut train_loss, mut test_loss) = (Vec::new(), Vec::new());
    for epoch in 0..epochs {
        trainer.optimizer.lr = schedule.at(epoch);
        shuffle(train_inputs, train_targets, &mut rng)?;
        train_loss.push(trainer.epoch(&mut net, train_inputs, train_targets)?);
        test_loss.push(trainer.evaluate(&net, test_inputs, test_targets)?);
        let accuracy = 100.0 * test(&net, test_inputs, test_targets).accuracy();
        bar.set_message(format!(
            "loss {:.4}  accuracy {accuracy:.2} %",
            train_loss[epoch as usize]
        ));
        bar.inc(1);
    }
    bar.finish();

    let confusion = test(&net, test_inputs, test_targets);
    let test = test_inputs.iter().copied().zip(test_targets.iter().copied()).collect();
    Ok(Outcome { net, train_loss, test_loss, test, confusion })
}

fn test(net: &Net, inputs: &[Image], labels: &[Digit]) -> Confusion<10> {
    let mut confusion = Confusion::new();
    for (x, &digit) in inputs.iter().zip(labels) {
        confusion.record(digit, Class::largest(&net.predict(x)));
    }
    confusion
}

fn compare_seeds(
    seeds: u32,
    epochs: u32,
    inputs: &[Image],
    labels: &[Digit],
) -> Result<(), Box<dyn Error>> {
    let mut accuracies = Vec::new();
    for seed in 0..seeds {
        let outcome = train(u64::from(seed), epochs, inputs.to_vec(), labels.to_vec(), false)?;
        let accuracy = 100.0 * outcome.confusion.accuracy();
        println!("seed {seed}: {accuracy:.2} %");
        accuracies.push(accuracy);
    }
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let lowest = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
    println!("mean {mean:.2} %, lowest {lowest:.2} %");
    Ok(())
}

/// Draws the first three misread digits side by side.
fn draw_misread(net: &Net, test: &[(Image, Digit)]) {
    let read = |x: &Image| Digit::largest(&net.predict(x));
    let misread: Vec<_> = test.iter().filter(|(x, digit)| read(x) != *digit).take(3).collect();
    let Some(_) = misread.first() else {
        println!("No digit was misread.\n");
        return;
    };
    for (x, digit) in &misread {
        print!("{:<20}", format!("{digit}, read as {}", read(x)));
    }
    for row in 0..8 {
        println!();
        for (x, _) in &misread {
            for pixel in &x[8 * row..8 * row + 8] {
                let shade =
                    [' ', '░', '▒', '▓', '█'][(pixel * 4.0).round().clamp(0.0, 4.0) as usize];
                print!("{shade}{shade}");
            }
            print!("    ");
        }
    }
    println!("\n");
}

/// The options of the command line; `None` if help was asked for.
fn options() -> Result<Option<Options>, Box<dyn Error>> {
    use lexopt::prelude::*;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut options = Options {
        seed: 0,
        seeds: None,
        epochs: const { NonZeroU32::new(60).unwrap() },
        data: root.join("examples/data/digits.csv"),
        out: root.join("target/digits"),
    };
    let mut line = lexopt::Parser::from_env();
    while let Some(argument) = line.next()? {
        match argument {
            Long("seed") => options.seed = arguments::value("seed", &mut line)?,
            Long("seeds") => options.seeds = Some(arguments::value("seeds", &mut line)?),
            Long("epochs") => options.epochs = arguments::value("epochs", &mut line)?,
            Long("data") => options.data = line.value()?.into(),
            Long("out") => options.out = line.value()?.into(),
            Long("help") | Short('h') => return Ok(None),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(Some(options))
}
