//! One thread against two, in one run: training steps and predictions of several sizes.
//!
//! `cargo bench --features parallel --bench parallel`
//!
//! A line is the median of many rounds. In a round both are timed one after the other, so that
//! whatever else the machine does falls on both; the gain is the median of the rounds' ratios,
//! with its quartiles. Each is done for some ten milliseconds in a row, as in a training, and once
//! before: a thread that had nothing to do in between sleeps, and takes some 30 µs to wake up.

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use constgrad::prelude::*;
use constgrad::{
    Adam, Class, CrossEntropy, Dense, Layer, Optimizer, ParallelTrainer, Relu, Sgd, Trainer, net,
};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

type Digits = net![Dense<64, 32, Relu>, Dense<32, 10>];
type Small = net![Dense<16, 64, Relu>, Dense<64, 64, Relu>, Dense<64, 10>];
type Medium = net![Dense<64, 256, Relu>, Dense<256, 10>];
type Large = net![Dense<17, 256, Relu>, Dense<256, 256, Relu>, Dense<256, 10>];
type Mnist = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];

fn samples<const N: usize>(count: usize) -> Vec<[f32; N]> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    (0..count).map(|_| [(); N].map(|()| rng.random_range(-1.0..1.0))).collect()
}

fn network<N: Layer>() -> Box<N> {
    let mut net = Box::new(N::ZERO);
    net.init(&mut Xoshiro256PlusPlus::seed_from_u64(2));
    net
}

/// Prints how long both take and what the second gains over the first.
fn compare(name: &str, mut one: impl FnMut(), mut two: impl FnMut()) {
    fn time(work: &mut impl FnMut(), times: u32) -> f64 {
        work();
        let start = Instant::now();
        for _ in 0..times {
            work();
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(times)
    }

    // As a test, each is run once.
    if env::args().any(|argument| argument == "--test") {
        one();
        two();
        return println!("{name}: ran");
    }
    let warm = Instant::now();
    let mut times = 0;
    while warm.elapsed() < Duration::from_millis(100) {
        one();
        two();
        times += 1;
    }
    let times = (times / 5).max(1);
    let mut rounds: Vec<_> =
        (0..100).map(|_| [time(&mut one, times), time(&mut two, times)]).collect();
    let mut quartiles = |of: fn(&[f64; 2]) -> f64| {
        rounds.sort_by(|a, b| of(a).total_cmp(&of(b)));
        [1, 2, 3].map(|quarter| of(&rounds[rounds.len() * quarter / 4]))
    };
    let [_, one, _] = quartiles(|[one, _]| *one);
    let [_, two, _] = quartiles(|[_, two]| *two);
    let [low, gain, high] = quartiles(|[one, two]| one / two);
    println!("{name:<32} {one:>9.2} µs {two:>9.2} µs {gain:>6.2} ×  ({low:.2} to {high:.2})");
}

fn step<N, O, const IN: usize, const B: usize, const PART: usize>(name: &str, optimizer: O)
where
    N: Layer<Input = [f32; IN], Output = [f32; 10], Tape<PART>: Send> + Send + Sync,
    O: Optimizer<State<N>: Send> + Copy + Send,
{
    let x = samples::<IN>(B);
    let classes: Vec<_> = (0..B).map(|i| Class::new(i % 10).expect("below 10")).collect();
    let (x, classes) = (x.as_array().expect("B samples"), classes.as_array().expect("B labels"));
    let (mut net, mut parallel_net) = (network::<N>(), network::<N>());
    let mut trainer = Box::new(Trainer::<N, _, _, B>::new(CrossEntropy::new(), optimizer));
    type Two<N, O, const B: usize, const PART: usize> =
        ParallelTrainer<N, CrossEntropy, O, B, PART, 2>;
    let mut parallel = Box::new(Two::<N, O, B, PART>::new(CrossEntropy::new(), optimizer));
    let name = format!("{name}, batch {B}{}", if Two::<N, O, B, PART>::SPLITS { "" } else { " *" });
    compare(
        &name,
        || _ = black_box(trainer.step(&mut net, black_box(x), classes)),
        || _ = black_box(parallel.step(&mut parallel_net, black_box(x), classes)),
    );
}

fn predict<N, const IN: usize>(name: &str, count: usize)
where
    N: Layer<Input = [f32; IN], Output = [f32; 10]> + Sync,
{
    let (net, x, mut y) = (network::<N>(), samples::<IN>(count), vec![[0.0; 10]; count]);
    let mut y_parallel = y.clone();
    compare(
        &format!("{name}, {count} samples"),
        || net.predict_batch(black_box(&x), &mut y).expect("as many"),
        || net.predict_batch_parallel(black_box(&x), &mut y_parallel).expect("as many"),
    );
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        // A trainer passes over the stack on its way into its box.
        .stack_size(1 << 26)
        .build()
        .expect("two threads");
    // A rate of 0: one batch over and over would soon be learnt, and gradients that vanish are
    // subnormal numbers, which processors are slow with.
    let (adam, sgd) = (Adam::new(0.0), Sgd::new(0.0));
    pool.install(|| {
        println!("{:<32} {:>12} {:>12} {:>8}", "step", "one thread", "two", "gain");
        step::<Mnist, _, 784, 128, 64>("T2 784-128-64-10, Adam", adam);
        step::<Mnist, _, 784, 32, 16>("T2 784-128-64-10, Adam", adam);
        step::<Mnist, _, 784, 512, 64>("T2 784-128-64-10, Adam", adam);
        step::<Mnist, _, 784, 8, 4>("T2 784-128-64-10, Adam", adam);
        step::<Mnist, _, 784, 4, 2>("T2 784-128-64-10, Adam", adam);
        step::<Large, _, 17, 256, 128>("17-256-256-10, Adam", adam);
        step::<Large, _, 17, 16, 8>("17-256-256-10, Adam", adam);
        step::<Large, _, 17, 4, 2>("17-256-256-10, Adam", adam);
        step::<Medium, _, 64, 64, 32>("64-256-10, SGD", sgd);
        step::<Medium, _, 64, 32, 16>("64-256-10, SGD", sgd);
        step::<Medium, _, 64, 16, 8>("64-256-10, SGD", sgd);
        step::<Medium, _, 64, 8, 4>("64-256-10, SGD", sgd);
        step::<Small, _, 16, 256, 128>("16-64-64-10, SGD", sgd);
        step::<Small, _, 16, 128, 64>("16-64-64-10, SGD", sgd);
        step::<Small, _, 16, 64, 32>("16-64-64-10, SGD", sgd);
        step::<Small, _, 16, 32, 16>("16-64-64-10, SGD", sgd);
        step::<Digits, _, 64, 512, 256>("64-32-10, SGD", sgd);
        step::<Digits, _, 64, 256, 128>("64-32-10, SGD", sgd);
        step::<Digits, _, 64, 128, 64>("64-32-10, SGD", sgd);
        step::<Digits, _, 64, 32, 16>("64-32-10, SGD", sgd);
        println!("{:<32} {:>12} {:>12} {:>8}", "predict_batch", "one thread", "two", "gain");
        predict::<Mnist, 784>("784-128-64-10", 1024);
        predict::<Mnist, 784>("784-128-64-10", 256);
        predict::<Mnist, 784>("784-128-64-10", 64);
        predict::<Mnist, 784>("784-128-64-10", 32);
        predict::<Digits, 64>("64-32-10", 4096);
        predict::<Digits, 64>("64-32-10", 512);
    });
}
