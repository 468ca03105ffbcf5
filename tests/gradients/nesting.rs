//! How the layers of a network are nested is nothing that its numbers know of.

use std::array;

use constgrad::prelude::*;
use constgrad::{
    Adam, Class, CrossEntropy, Dense, Gelu, Init, Layer, Relu, Softsign, Tanh, Tape, Trainer, net,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::problem::parameters;

type A = Dense<7, 18, Tanh>;
type B = Dense<18, 33, Gelu>;
type C = Dense<33, 16, Relu>;
type D = Dense<16, 5, Softsign>;
type E = Dense<5, 3>;

type Right = net![A, B, C, D, E];
type Left = ((((A, B), C), D), E);
type Balanced = ((A, B), (C, (D, E)));
type Groups = (net![A, B, C], net![D, E]);

const BATCH: usize = 6;

/// Every number that a network gives: outputs, losses, gradients, weights after some steps.
fn bits<N: Layer<Input = [f32; 7], Output = [f32; 3]>>() -> Vec<u64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut net = N::ZERO;
    net.init(&mut rng);
    let x: [[f32; 7]; BATCH] = array::from_fn(|_| array::from_fn(|_| rng.random_range(-2.0..2.0)));
    let g: [[f32; 3]; BATCH] = array::from_fn(|_| array::from_fn(|_| rng.random_range(-2.0..2.0)));
    let classes = array::from_fn(|i| Class::new(i % 3).expect("three classes"));
    let mut found = parameters(&mut net);

    let mut y = [[0.0; 3]; BATCH];
    net.predict_batch(&x, &mut y).expect("as many outputs as inputs");
    let mut tape = Tape::<N, BATCH>::ZERO;
    let (mut gradient, mut dx) = (N::ZERO, [[0.0; 7]; BATCH]);
    let (single, batch) = (net.predict(&x[0]), *tape.forward(&net, &x));
    tape.backward_to_input(&net, &x, &g, &mut gradient, &mut dx);
    for outputs in [&[single], &y[..], &batch] {
        found.extend(outputs.as_flattened().iter().copied().map(f64::from));
    }
    found.extend(parameters(&mut gradient));
    found.extend(dx.as_flattened().iter().copied().map(f64::from));

    let mut trainer = Trainer::<N, _, _, BATCH>::new(CrossEntropy::new(), Adam::new(0.01));
    for _ in 0..3 {
        found.push(trainer.step(&mut net, &x, &classes).into());
        found.push(trainer.step_partial(&mut net, &x[1..], &classes[1..]).expect("five").into());
        found.push(trainer.evaluate(&net, &x, &classes).expect("six").into());
    }
    found.extend(parameters(&mut net));
    net.init_with(Init::HeNormal, &mut rng);
    found.extend(parameters(&mut net));
    assert!(found.iter().all(|number| number.is_finite()));
    found.into_iter().map(f64::to_bits).collect()
}

/// Everything that is known of a network without running it.
fn constants<N: Layer>() -> (String, String, [usize; 4]) {
    let sizes = [N::PARAMS, N::MACS, N::WEIGHT_BYTES, N::INFERENCE_RAM];
    (format!("{:?}", N::layers()), N::summary().to_string(), sizes)
}

#[test]
fn every_nesting_gives_the_same_numbers() {
    let right = bits::<Right>();
    assert!(right == bits::<Left>());
    assert!(right == bits::<Balanced>());
    assert!(right == bits::<Groups>());
}

#[test]
fn every_nesting_has_the_same_constants() {
    assert_eq!(constants::<Right>(), constants::<Left>());
    assert_eq!(constants::<Right>(), constants::<Balanced>());
    assert_eq!(constants::<Right>(), constants::<Groups>());
}
