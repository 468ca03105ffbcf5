//! MNIST against PyTorch, our side: 784-128-64-10, cross-entropy, Adam 1e-3, batches of 32.
//!
//! `mnist DATA SHARED` reads images and labels from the folder DATA, and from SHARED the initial
//! weights and the order of samples, 10 epochs of 8,000; it writes `constgrad.json` there: the
//! loss of each epoch, and seconds.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use constgrad::data::{read_idx, read_idx_classes};
use constgrad::prelude::*;
use constgrad::{Adam, Class, Confusion, CrossEntropy, Dense, Relu, Trainer, boxed, net};
use peers::peers::constgrad::Parameters;
use serde_json::json;

type Net = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];

const TRAIN: usize = 8_000;
const BATCH: usize = 32;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [data, shared] = &arguments[..] else { return Err("DATA and SHARED are expected".into()) };
    let (data, shared) = (Path::new(data), Path::new(shared));

    let images = read_idx::<784>(data.join("t10k-images-idx3-ubyte.gz"))?;
    let labels = read_idx_classes::<10>(data.join("t10k-labels-idx1-ubyte.gz"))?;
    let x: Vec<[f32; 784]> =
        images.iter().map(|image| image.map(|byte| f32::from(byte) / 255.0)).collect();
    let weights = fs::read(shared.join("weights.f32"))?;
    let weights = weights.as_chunks::<4>().0.iter().map(|&bytes| f32::from_ne_bytes(bytes));
    let order = fs::read(shared.join("order.u32"))?;
    let order: Vec<usize> =
        order.as_chunks::<4>().0.iter().map(|&bytes| u32::from_ne_bytes(bytes) as usize).collect();

    let mut net = boxed!(Net::ZERO);
    net.write(&mut weights.into_iter());
    let mut trainer =
        boxed!(Trainer::<Net, _, _, BATCH>::new(CrossEntropy::new(), Adam::new(1e-3)));
    let mut batch = vec![[0.0; 784]; BATCH];
    let batch = batch.as_mut_array::<BATCH>().ok_or("a batch")?;

    let start = Instant::now();
    let mut losses = Vec::new();
    for epoch in order.chunks_exact(TRAIN) {
        let mut sum = 0.0;
        for indices in epoch.as_chunks::<BATCH>().0 {
            for (to, &i) in batch.iter_mut().zip(indices) {
                *to = x[i];
            }
            let targets = indices.map(|i| labels[i]);
            sum += f64::from(trainer.step(&mut net, batch, &targets));
        }
        losses.push(sum / (TRAIN / BATCH) as f64);
    }
    let train = start.elapsed().as_secs_f64();

    let (x, labels) = (&x[TRAIN..], &labels[TRAIN..]);
    let mut y = vec![[0.0; 10]; x.len()];
    net.predict_batch(x, &mut y)?;
    let mut confusion = Confusion::new();
    for (logits, &digit) in y.iter().zip(labels) {
        confusion.record(digit, Class::largest(logits));
    }
    let result = json!({ "losses": losses, "train": train, "accuracy": confusion.accuracy() });
    fs::write(shared.join("constgrad.json"), result.to_string())?;
    Ok(())
}
