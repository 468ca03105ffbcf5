//! How the layers of a network are nested is nothing that its numbers know of.

use std::array;

use constgrad::prelude::*;
use constgrad::{
    Adam, Class, CrossEntropy, Dense, Gelu, Init, Inspector, Layer, Machine, OnlineSgd, Relu,
    Softsign, Store, Tanh, Tape, Trainer, Visitor, net,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

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
type Held = (A, (Hold<net![B, C, D]>, E));

/// A layer that holds a network.
struct Hold<N>(N);

impl<N: Zero> Zero for Hold<N> {
    const ZERO: Self = Hold(N::ZERO);
}

impl<N: Shape> Shape for Hold<N> {
    type Input = N::Input;
    type Output = N::Output;
    type First = Self;
    type Last = Self;
    type Live<X: Copy, Y: Copy> = (X, Y);

    const PARAMS: usize = N::PARAMS;
}

impl<N: Layer> Layer for Hold<N> {
    type Tape<const S: usize> = N::Tape<S>;

    fn infer<M: Machine, const S: usize>(&self, x: &[N::Input; S], y: &mut [N::Output; S]) {
        self.0.infer::<M, S>(x, y);
    }

    fn forward<M: Machine, const S: usize>(
        &self,
        x: &[N::Input; S],
        tape: &mut Self::Tape<S>,
        y: &mut [N::Output; S],
    ) {
        self.0.forward::<M, S>(x, tape, y);
    }

    fn backward<M: Machine, const S: usize>(
        &self,
        x: &[N::Input; S],
        tape: &mut Self::Tape<S>,
        y: &[N::Output; S],
        dy: &mut [N::Output; S],
        dx: Option<&mut [N::Input; S]>,
        gradient: &mut Self,
        store: Store,
    ) {
        self.0.backward::<M, S>(x, tape, y, dy, dx, &mut gradient.0, store);
    }

    fn descend<M: Machine, const S: usize>(
        &mut self,
        x: &[N::Input; S],
        tape: &mut Self::Tape<S>,
        y: &[N::Output; S],
        dy: &mut [N::Output; S],
        dx: Option<&mut [N::Input; S]>,
    ) {
        self.0.descend::<M, S>(x, tape, y, dy, dx);
    }

    fn visit<const K: usize, V: Visitor<K>>(&mut self, others: [&mut Self; K], visitor: &mut V) {
        self.0.visit(others.map(|other| &mut other.0), visitor);
    }

    fn inspect<I: Inspector>(&self, inspector: &mut I) {
        self.0.inspect(inspector);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, how: Option<Init>, rng: &mut R) {
        self.0.initialize(how, rng);
    }
}

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
    let mut online = OnlineSgd::<N, _>::new(CrossEntropy::new(), 0.01);
    found.extend(
        x.iter().zip(&classes).map(|(x, class)| f64::from(online.step(&mut net, x, class))),
    );
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
    assert!(right == bits::<Held>());
}

/// A pass of eight layers, or of a multiple, is a function of its own.
#[test]
fn deep_nestings_give_the_same_numbers() {
    type M = Dense<18, 18, Tanh>;
    type Eight = net![M, M, M, M, M, M, M, M];
    type Right = net![A, M, M, M, M, M, M, M, M, M, M, M, M, M, M, Dense<18, 3>];
    type Halves = (net![A, M, M, M, M, M, M, M], net![M, M, M, M, M, M, M, Dense<18, 3>]);
    type Middle = (A, (Eight, net![M, M, M, M, M, M, Dense<18, 3>]));
    let right = bits::<Right>();
    assert!(right == bits::<Halves>());
    assert!(right == bits::<Middle>());
}

#[test]
fn every_nesting_has_the_same_constants() {
    assert_eq!(constants::<Right>(), constants::<Left>());
    assert_eq!(constants::<Right>(), constants::<Balanced>());
    assert_eq!(constants::<Right>(), constants::<Groups>());
}
