//! MNIST: trains 784 → 128 → 64 → 10 on a folder of IDX files.
//!
//! `cargo run --release --example mnist -- FOLDER`
//!
//! The folder holds MNIST's files, gzipped or not. With only the 10,000 test images there, it
//! trains on the first 8,000 of them and tests on the other 2,000.

#![forbid(unsafe_code)]

#[path = "common/arguments.rs"]
mod arguments;
#[path = "common/exit.rs"]
mod exit;
#[path = "common/progress.rs"]
mod progress;

use std::error::Error;
use std::io::{Write, stdout};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use constgrad::data::{read_idx, read_idx_classes, shuffle};
use constgrad::prelude::*;
use constgrad::weights::{self, Names};
use constgrad::{Adam, Class, Confusion, CrossEntropy, Dense, Relu, Trainer, boxed, net};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

type Net = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];

type Image = [f32; 784];
type Digit = Class<10>;
type Samples = (Vec<Image>, Vec<Digit>);

const HELP: &str = "\
Trains a network on MNIST.

Usage: mnist FOLDER [options]

  FOLDER        holds t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, and
                train-images-idx3-ubyte and train-labels-idx1-ubyte if there
                are any, each as it is or with .gz
  --seeds N     train with each of the seeds 0 to N-1 (default 1)
  --epochs N    passes over the training data (default 10)
  --out FILE    where the weights go, of the last seed (default: nowhere)
  --help        this text";

struct Options {
    folder: PathBuf,
    seeds: NonZeroU32,
    epochs: NonZeroU32,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    exit::run(|| match options()? {
        None => Ok(writeln!(stdout(), "{HELP}")?),
        Some(options) => mnist(&options),
    })
}

fn mnist(options: &Options) -> Result<(), Box<dyn Error>> {
    let test = load(&options.folder, "t10k")?.ok_or_else(|| {
        let folder = options.folder.display();
        format!("{folder}: no t10k-images-idx3-ubyte found, nor with .gz")
    })?;
    let (train, test) = match load(&options.folder, "train")? {
        Some(train) => (train, test),
        None => divide(test, 8_000)?,
    };
    let mut out = stdout();
    writeln!(out, "{}\n", Net::summary())?;
    writeln!(out, "{} images to train on, {} to test\n", train.0.len(), test.0.len())?;

    let mut sum = 0.0;
    for seed in 0..options.seeds.get() {
        let start = Instant::now();
        let net = train_net(u64::from(seed), options.epochs.get(), train.clone())?;
        let accuracy = 100.0 * accuracy(&net, &test)?;
        writeln!(out, "seed {seed}: {accuracy:.2} % in {:.1} s", start.elapsed().as_secs_f64())?;
        sum += accuracy;
        if let Some(out) = &options.out {
            weights::save(&*net, out, Names::SEQUENTIAL)?;
        }
    }
    writeln!(out, "mean {:.2} %", sum / f64::from(options.seeds.get()))?;
    Ok(())
}

fn train_net(
    seed: u64,
    epochs: u32,
    (mut inputs, mut labels): Samples,
) -> Result<Box<Net>, Box<dyn Error>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut net = boxed!(Net::ZERO);
    net.init(&mut rng);
    let mut trainer = boxed!(Trainer::<Net, _, _, 32>::new(CrossEntropy::new(), Adam::new(1e-3)));

    let bar = progress::bar(epochs);
    for _ in 0..epochs {
        shuffle(&mut inputs, &mut labels, &mut rng)?;
        let loss = trainer.epoch(&mut net, &inputs, &labels)?;
        bar.set_message(format!("loss {loss:.4}"));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(net)
}

fn accuracy(net: &Net, (test_inputs, test_labels): &Samples) -> Result<f64, Box<dyn Error>> {
    let mut outputs = vec![[0.0; 10]; test_inputs.len()];
    net.predict_batch(test_inputs, &mut outputs)?;
    let mut confusion = Confusion::new();
    for (logits, &digit) in outputs.iter().zip(test_labels) {
        confusion.record(digit, Class::largest(logits));
    }
    Ok(confusion.accuracy())
}

/// The images and labels whose file names begin with `set`, if there are any.
fn load(folder: &Path, set: &str) -> Result<Option<Samples>, Box<dyn Error>> {
    let find = |name: &str| {
        [name.to_string(), format!("{name}.gz")]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|path| path.exists())
    };
    let Some(images) = find(&format!("{set}-images-idx3-ubyte")) else {
        return Ok(None);
    };
    let labels = find(&format!("{set}-labels-idx1-ubyte"))
        .ok_or_else(|| format!("{}: no {set}-labels-idx1-ubyte found", folder.display()))?;
    let images = read_idx::<784>(images)?;
    let labels = read_idx_classes::<10>(&labels)?;
    if images.len() != labels.len() {
        let (folder, images, labels) = (folder.display(), images.len(), labels.len());
        return Err(format!("{folder}: {labels} labels found for {images} images of {set}").into());
    }
    let inputs = images.iter().map(|image| image.map(|byte| f32::from(byte) / 255.0)).collect();
    Ok(Some((inputs, labels)))
}

/// The first `train` samples, and the others.
fn divide((mut inputs, mut labels): Samples, train: usize) -> Result<(Samples, Samples), String> {
    if inputs.len() <= train {
        return Err(format!("{} images found, more than {train} expected", inputs.len()));
    }
    let (test_inputs, test_labels) = (inputs.split_off(train), labels.split_off(train));
    Ok(((inputs, labels), (test_inputs, test_labels)))
}

/// The options of the command line; `None` if help was asked for.
fn options() -> Result<Option<Options>, Box<dyn Error>> {
    use lexopt::prelude::*;
    let (mut folder, mut seeds, mut epochs) =
        (None, NonZeroU32::MIN, const { NonZeroU32::new(10).unwrap() });
    let mut out = None;
    let mut line = lexopt::Parser::from_env();
    while let Some(argument) = line.next()? {
        match argument {
            Long("seeds") => seeds = arguments::value("seeds", &mut line)?,
            Long("epochs") => epochs = arguments::value("epochs", &mut line)?,
            Long("out") => out = Some(line.value()?.into()),
            Long("help") | Short('h') => return Ok(None),
            Value(value) if folder.is_none() => folder = Some(value.into()),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let folder = folder.ok_or("a folder with MNIST's files is expected; see --help")?;
    Ok(Some(Options { folder, seeds, epochs, out }))
}
