//! The workloads that the peers are measured by: inference of one sample (I1 to I5) and of many
//! (II), and training steps (T1 to T4).
//!
//! `cargo bench`

use std::hint::black_box;

use constgrad::prelude::*;
use constgrad::{
    Adam, Class, CrossEntropy, Dense, Layer, Loss, MeanSquaredError, Optimizer, Relu, Sgd, Tanh,
    Trainer, net,
};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

type I1 = net![Dense<4, 16, Tanh>, Dense<16, 16, Tanh>, Dense<16, 2>];
type I2 = net![Dense<16, 64, Relu>, Dense<64, 64, Relu>, Dense<64, 10>];
type I3 = net![Dense<64, 32, Relu>, Dense<32, 10>];
type I4 = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
type I5 = net![Dense<64, 64, Tanh>, Dense<64, 64, Tanh>, Dense<64, 4>];
type Xor = net![Dense<2, 16, Tanh>, Dense<16, 1>];
type Policy = net![Dense<17, 256, Relu>, Dense<256, 256, Relu>, Dense<256, 6>];

fn rng() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(1)
}

/// `count` samples of `N` numbers.
fn samples<const N: usize>(count: usize) -> Vec<[f32; N]> {
    let mut rng = rng();
    (0..count).map(|_| [(); N].map(|()| rng.random_range(-1.0..1.0))).collect()
}

fn labels<const N: usize>(count: usize) -> Vec<Class<N>> {
    (0..count).map(|i| Class::new(i % N).expect("below N")).collect()
}

fn predict<N, const IN: usize>(c: &mut Criterion, name: &str)
where
    N: Layer<Input = [f32; IN]>,
{
    let mut net = Box::new(N::ZERO);
    net.init(&mut rng());
    let x = samples::<IN>(1);
    c.bench_function(name, |b| b.iter(|| net.predict(black_box(&x[0]))));
}

fn predict_batch(c: &mut Criterion, count: usize) {
    let mut net = Box::new(I4::ZERO);
    net.init(&mut rng());
    let (x, mut y) = (samples::<784>(count), vec![[0.0; 10]; count]);
    c.bench_function(&format!("II {count} samples"), |b| {
        b.iter(|| net.predict_batch(black_box(&x), &mut y));
    });
}

fn step<N, L, O, const IN: usize, const B: usize>(
    c: &mut Criterion,
    name: &str,
    loss: L,
    optimizer: O,
    targets: &[L::Target],
) where
    N: Layer<Input = [f32; IN]>,
    L: Loss<N::Output>,
    O: Optimizer,
{
    let mut net = Box::new(N::ZERO);
    net.init(&mut rng());
    let mut trainer = Box::new(Trainer::<N, L, O, B>::new(loss, optimizer));
    let x = samples::<IN>(B);
    let (x, targets) = (x.as_array().expect("B samples"), targets.as_array().expect("B targets"));
    c.bench_function(name, |b| b.iter(|| trainer.step(&mut net, black_box(x), targets)));
}

fn workloads(c: &mut Criterion) {
    predict::<I1, 4>(c, "I1 4-16-16-2 tanh");
    predict::<I2, 16>(c, "I2 16-64-64-10 relu");
    predict::<I3, 64>(c, "I3 64-32-10 relu");
    predict::<I4, 784>(c, "I4 784-128-64-10 relu");
    predict::<I5, 64>(c, "I5 64-64-64-4 tanh");
    predict_batch(c, 64);
    predict_batch(c, 256);
    let classes = labels::<10>(128);
    let (adam, sgd) = (Adam::new(1e-4), Sgd::new(1e-3));
    step::<I3, _, _, 64, 32>(c, "T1 64-32-10 batch 32", CrossEntropy::new(), sgd, &classes[..32]);
    step::<I4, _, _, 784, 32>(
        c,
        "T2 784-128-64-10 batch 32",
        CrossEntropy::new(),
        adam,
        &classes[..32],
    );
    step::<I4, _, _, 784, 128>(
        c,
        "T2 784-128-64-10 batch 128",
        CrossEntropy::new(),
        adam,
        &classes,
    );
    step::<Xor, _, _, 2, 4>(c, "T3 2-16-1 batch 4", MeanSquaredError, sgd, &samples(4));
    step::<Policy, _, _, 17, 256>(
        c,
        "T4 17-256-256-6 batch 256",
        MeanSquaredError,
        adam,
        &samples(256),
    );
}

criterion_group!(benches, workloads);
criterion_main!(benches);
