//! The workloads that the peers are measured by: inference of one sample (I1 to I5) and of many
//! (II), and training steps (T1 to T4). And a step with an activation and a loss that these lack, T5.

use std::hint::black_box;

use constgrad::prelude::*;
use constgrad::{
    Adam, BinaryCrossEntropy, Class, CrossEntropy, Dense, Gelu, Layer, Loss, MeanSquaredError,
    Optimizer, Relu, Sgd, Tanh, Trainer, net,
};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

type I1 = net![Dense<4, 16, Tanh>, Dense<16, 16, Tanh>, Dense<16, 2>];
type I2 = net![Dense<16, 64, Relu>, Dense<64, 64, Relu>, Dense<64, 10>];
type I3 = net![Dense<64, 32, Relu>, Dense<32, 10>];
type I4 = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
type I5 = net![Dense<64, 64, Tanh>, Dense<64, 64, Tanh>, Dense<64, 4>];
type Xor = net![Dense<2, 16, Tanh>, Dense<16, 1>];
type Policy = net![Dense<17, 256, Relu>, Dense<256, 256, Relu>, Dense<256, 6>];
type YesOrNo = net![Dense<16, 32, Gelu>, Dense<32, 1>];

/// What measures a workload, in time or otherwise.
pub trait Meter {
    /// Measures what `begin` gives, if the workload of this name is wanted.
    fn measure<W: FnMut() -> R, R>(&mut self, name: &str, begin: impl FnOnce() -> W);
}

/// Hands every workload to `meter`.
pub fn workloads(meter: &mut impl Meter) {
    predict::<I1, 4>(meter, "I1 4-16-16-2 tanh");
    predict::<I2, 16>(meter, "I2 16-64-64-10 relu");
    predict::<I3, 64>(meter, "I3 64-32-10 relu");
    predict::<I4, 784>(meter, "I4 784-128-64-10 relu");
    predict::<I5, 64>(meter, "I5 64-64-64-4 tanh");
    predict_batch(meter, 64);
    predict_batch(meter, 256);
    let classes = labels::<10>(128);
    let (adam, sgd) = (Adam::new(1e-4), Sgd::new(1e-3));
    let entropy = CrossEntropy::new();
    step::<I3, _, _, 64, 32>(meter, "T1 64-32-10 batch 32", entropy, sgd, &classes[..32]);
    step::<I4, _, _, 784, 32>(meter, "T2 784-128-64-10 batch 32", entropy, adam, &classes[..32]);
    step::<I4, _, _, 784, 128>(meter, "T2 784-128-64-10 batch 128", entropy, adam, &classes);
    step::<Xor, _, _, 2, 4>(meter, "T3 2-16-1 batch 4", MeanSquaredError, sgd, &samples(4));
    step::<Policy, _, _, 17, 256>(
        meter,
        "T4 17-256-256-6 batch 256",
        MeanSquaredError,
        adam,
        &samples(256),
    );
    let answers: Vec<[f32; 1]> = (0..64).map(|i| [(i % 2) as f32]).collect();
    let binary = BinaryCrossEntropy;
    step::<YesOrNo, _, _, 16, 64>(meter, "T5 16-32-1 gelu batch 64", binary, sgd, &answers);
}

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

fn predict<N, const IN: usize>(meter: &mut impl Meter, name: &str)
where
    N: Layer<Input = [f32; IN]>,
{
    meter.measure(name, || {
        let mut net = Box::new(N::ZERO);
        net.init(&mut rng());
        let x = samples::<IN>(1);
        move || net.predict(black_box(&x[0]))
    });
}

fn predict_batch(meter: &mut impl Meter, count: usize) {
    meter.measure(&format!("II {count} samples"), || {
        let mut net = Box::new(I4::ZERO);
        net.init(&mut rng());
        let (x, mut y) = (samples::<784>(count), vec![[0.0; 10]; count]);
        move || net.predict_batch(black_box(&x), &mut y)
    });
}

fn step<N, L, O, const IN: usize, const B: usize>(
    meter: &mut impl Meter,
    name: &str,
    loss: L,
    optimizer: O,
    targets: &[L::Target],
) where
    N: Layer<Input = [f32; IN]>,
    L: Loss<N::Output>,
    O: Optimizer,
{
    meter.measure(name, || {
        let mut net = Box::new(N::ZERO);
        net.init(&mut rng());
        let mut trainer = Box::new(Trainer::<N, L, O, B>::new(loss, optimizer));
        let x = samples::<IN>(B);
        let targets = targets.as_array().expect("B targets");
        move || trainer.step(&mut net, black_box(x.as_array().expect("B samples")), targets)
    });
}
