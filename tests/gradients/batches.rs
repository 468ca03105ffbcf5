//! A batch is its samples: forward takes them one by one, and gradients are sums.

use std::{array, slice};

use constgrad::prelude::*;
use constgrad::{
    Dense, Gelu, Layer, MeanSquaredError, Relu, Sgd, Sigmoid, Softmax, Store, Tanh, Tape, Trainer,
    net,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::problem::{Sample, parameters, set_parameters};

type D<const IN: usize, const OUT: usize, Act> = Dense<IN, OUT, Act, f64>;

/// One group of four samples, and a rest of three.
const BATCH: usize = 7;

const LR: f64 = 0.1;

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let norm = expected.iter().map(|e| e * e).sum::<f64>().sqrt();
    let error = found.iter().zip(expected).map(|(f, e)| (f - e).powi(2)).sum::<f64>().sqrt();
    assert!(norm > 0.0 && error <= 1e-13 * norm, "{found:?}\nis not\n{expected:?}");
}

fn random<X: Sample + Zero>(rng: &mut Xoshiro256PlusPlus) -> X {
    let mut x = X::ZERO;
    x.numbers().fill_with(|| rng.random_range(-1.0..1.0));
    x
}

fn flat<X: Sample>(samples: &mut [X]) -> Vec<f64> {
    samples.iter_mut().flat_map(|sample| sample.numbers().to_vec()).collect()
}

fn a_batch_is_its_samples<N, const OUT: usize>()
where
    N: Layer<Input: Sample, Output = [f64; OUT]> + Clone,
{
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut net = N::ZERO;
    let numbers: Vec<f64> = (0..N::PARAMS).map(|_| rng.random_range(-0.5..0.5)).collect();
    set_parameters(&mut net, &numbers);
    let x: [N::Input; BATCH] = array::from_fn(|_| random(&mut rng));
    let targets: [[f64; OUT]; BATCH] = array::from_fn(|_| random(&mut rng));

    // One sample after the other, and what they sum to after each.
    let mut tape = Tape::<N, 1>::ZERO;
    let (mut ys, mut gs, mut dxs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sum, mut sums) = (vec![0.0; N::PARAMS], Vec::new());
    for (x, target) in x.iter().zip(&targets) {
        let x = array::from_ref(x);
        let [y] = *tape.forward(&net, x);
        let g: [f64; OUT] = array::from_fn(|i| 2.0 * (y[i] - target[i]) / OUT as f64);
        let (mut gradient, mut dx) = (N::ZERO, [N::Input::ZERO]);
        tape.backward_to_input(&net, x, &[g], &mut gradient, &mut dx);
        for (sum, derivative) in sum.iter_mut().zip(parameters(&mut gradient)) {
            *sum += derivative;
        }
        sums.push(sum.clone());
        ys.push(y);
        gs.push(g);
        dxs.extend(dx);
    }
    let mean = |samples: usize| -> Vec<f64> {
        sums[samples - 1].iter().map(|sum| sum / samples as f64).collect()
    };
    let [mut y, g] = [ys, gs].map(|rows| -> [_; BATCH] { rows.try_into().expect("a batch") });

    // All at once. The gradient is dirty at first, and must be replaced.
    let mut tape = Tape::<N, BATCH>::ZERO;
    let (mut gradient, mut dx) = (net.clone(), x.clone());
    close(&flat(&mut tape.forward(&net, &x).clone()), &flat(&mut y));
    tape.backward_to_input(&net, &x, &g, &mut gradient, &mut dx);
    close(&parameters(&mut gradient), &sum);
    close(&flat(&mut dx), &flat(&mut dxs));
    gradient = net.clone();
    tape.backward(&net, &x, &g, &mut gradient);
    close(&parameters(&mut gradient), &sum);
    tape.accumulate(&net, &x, &g, &mut gradient);
    close(&parameters(&mut gradient), &sum.iter().map(|sum| sum + sum).collect::<Vec<_>>());

    // Training steps by the mean gradient, on whole batches and shorter ones.
    let stepped = |mean: &[f64]| -> Vec<f64> {
        numbers.iter().zip(mean).map(|(weight, mean)| weight - LR * mean).collect()
    };
    let mut trainer = Trainer::<N, _, _, BATCH>::new(MeanSquaredError, Sgd::new(LR));
    for samples in (1..=BATCH).rev() {
        let (x, targets, mut net) = (&x[..samples], &targets[..samples], net.clone());
        let expected = trainer.evaluate(&net, x, targets).expect("samples");
        let loss = trainer.step_partial(&mut net, x, targets).expect("at most a batch");
        close(slice::from_ref(&loss), &[expected]);
        close(&parameters(&mut trainer.gradient().clone()), &mean(samples));
        close(&parameters(&mut net), &stepped(&mean(samples)));
    }
    trainer.step(&mut net, &x, &targets);
    close(&parameters(&mut trainer.gradient().clone()), &mean(BATCH));
    close(&parameters(&mut net), &stepped(&mean(BATCH)));
}

/// Widths around those of the kernels' tiles, where tiles overlap.
#[test]
fn batches_are_their_samples() {
    a_batch_is_its_samples::<D<1, 1, Tanh>, 1>();
    a_batch_is_its_samples::<net![D<2, 3, Tanh>, D<3, 2, Sigmoid>], 2>();
    a_batch_is_its_samples::<net![D<4, 5, Gelu>, D<5, 7, Softmax>], 7>();
    a_batch_is_its_samples::<net![D<8, 9, Relu>, D<9, 15, Tanh>, D<15, 6, Sigmoid>], 6>();
    a_batch_is_its_samples::<net![D<16, 17, Relu>, D<17, 31, Gelu>, D<31, 16, Tanh>], 16>();
    a_batch_is_its_samples::<net![D<32, 33, Tanh>, D<33, 40, Relu>, D<40, 19, Tanh>], 19>();
}

#[test]
fn storing_replaces_or_adds() {
    let mut slot = 1.0_f32;
    Store::Add.put(&mut slot, 2.0);
    assert_eq!(slot, 3.0);
    Store::Overwrite.put(&mut slot, 2.0);
    assert_eq!(slot, 2.0);
}
