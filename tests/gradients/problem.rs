//! A network type, a loss and a batch: as one function J of one vector, the parameters of the
//! network followed by its inputs.

use std::any::type_name;
use std::array;
use std::ops::Range;

use constgrad::prelude::*;
use constgrad::{Class, Float, Init, Layer, Loss, Tape, Visitor};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::reference::{self, Branch, Open, OpenLoss};

/// A part of the vector.
pub struct Part {
    pub name: String,
    pub range: Range<usize>,
}

/// J, by the crate and by the book, and the branches taken on the way.
pub struct Losses {
    pub loss: f64,
    pub reference: f64,
    pub branches: Vec<Branch>,
}

/// A network type, a loss and a batch, whatever their types.
pub trait Case {
    /// The network type, the loss and the batch size.
    fn name(&self) -> String;
    fn batch(&self) -> usize;
    fn layers(&self) -> Vec<reference::Layer>;
    fn loss_name(&self) -> &'static str;
    /// The parts of the vector: weights and bias of each layer, and last the inputs.
    fn parts(&self) -> Vec<Part>;
    /// Draws targets, and returns a random vector.
    fn draw(&mut self, rng: &mut Xoshiro256PlusPlus) -> Vec<f64>;
    /// J at `at`, twice.
    fn loss(&mut self, at: &[f64]) -> Losses;
    /// ∂J/∂at by backpropagation.
    fn gradient(&mut self, at: &[f64]) -> Vec<f64>;
}

struct Problem<N: Layer, L: Loss<N::Output>, const B: usize> {
    loss: L,
    net: N,
    x: [N::Input; B],
    targets: [L::Target; B],
    tape: Tape<N, B>,
    gradient: N,
}

/// The case of the network `N` with batches of `B`.
pub fn case<N, L, const B: usize>(loss: L) -> Box<dyn Case>
where
    N: Layer<Input: Sample, Output: Sample> + Open + 'static,
    L: Loss<N::Output, Target: Target, Scalar = f64> + OpenLoss + 'static,
{
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
    Box::new(Problem::<N, L, B> {
        loss,
        net: N::ZERO,
        x: Zero::ZERO,
        targets: array::from_fn(|_| L::Target::draw(&mut rng)),
        tape: Tape::ZERO,
        gradient: N::ZERO,
    })
}

impl<N, L, const B: usize> Case for Problem<N, L, B>
where
    N: Layer<Input: Sample, Output: Sample> + Open,
    L: Loss<N::Output, Target: Target, Scalar = f64> + OpenLoss,
{
    fn name(&self) -> String {
        let net = type_name::<N>();
        let net = ["constgrad::", "dense::", "activation::", ", f64"]
            .iter()
            .fold(net.to_owned(), |net, noise| net.replace(noise, ""));
        format!("{net}, {}, batch of {B}", self.loss.name())
    }

    fn batch(&self) -> usize {
        B
    }

    fn layers(&self) -> Vec<reference::Layer> {
        let mut layers = Vec::new();
        self.net.open(&mut layers);
        layers
    }

    fn loss_name(&self) -> &'static str {
        self.loss.name()
    }

    fn parts(&self) -> Vec<Part> {
        let layers = self.layers();
        let tensors = layers.iter().zip(1..).flat_map(|(layer, number)| {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            [
                (format!("the weights of layer {number}"), inputs * outputs),
                (format!("the bias of layer {number}"), outputs),
            ]
        });
        let inputs = ("the inputs".to_owned(), B * layers[0].inputs());
        let mut start = 0;
        tensors
            .chain([inputs])
            .map(|(name, len)| {
                start += len;
                Part { name, range: start - len..start }
            })
            .collect()
    }

    fn draw(&mut self, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
        self.targets = array::from_fn(|_| L::Target::draw(rng));
        self.net.init_with(Init::HeUniform, rng);
        let mut at = Vec::new();
        self.net.each(&mut |parameter| at.push(*parameter));
        for parts in self.parts().chunks(2) {
            match parts {
                [_weights, bias] => {
                    at[bias.range.clone()].fill_with(|| rng.random_range(-1.0..1.0));
                }
                inputs => at.extend(inputs[0].range.clone().map(|_| rng.random_range(-2.0..2.0))),
            }
        }
        at
    }

    fn loss(&mut self, at: &[f64]) -> Losses {
        self.set(at);
        let y = self.tape.forward(&self.net, &self.x);
        let losses = y.iter().zip(&self.targets).map(|(y, target)| self.loss.loss(y, target));
        let loss = losses.sum::<f64>() / B as f64;

        let layers = self.layers();
        let (mut sum, mut branches) = (0.0, Vec::new());
        for (x, target) in self.x.iter_mut().zip(&self.targets) {
            let y = reference::forward(&layers, x.numbers(), &mut branches);
            sum += self.loss.open_loss(&y, &target.numbers(), &mut branches);
        }
        Losses { loss, reference: sum / B as f64, branches }
    }

    fn gradient(&mut self, at: &[f64]) -> Vec<f64> {
        self.set(at);
        let y = self.tape.forward(&self.net, &self.x);
        let mut dy = <[N::Output; B]>::ZERO;
        for ((y, target), dy) in y.iter().zip(&self.targets).zip(&mut dy) {
            self.loss.gradient(y, target, 1.0 / B as f64, dy);
        }
        let mut dx = <[N::Input; B]>::ZERO;
        self.tape.backward_to_input(&self.net, &self.x, &dy, &mut self.gradient, &mut dx);

        let mut gradient = Vec::new();
        self.gradient.each(&mut |derivative| gradient.push(*derivative));
        dx.iter_mut().for_each(|dx| gradient.extend_from_slice(dx.numbers()));
        gradient
    }
}

impl<N: Layer<Input: Sample> + Open, L: Loss<N::Output>, const B: usize> Problem<N, L, B> {
    fn set(&mut self, at: &[f64]) {
        let mut numbers = at.iter();
        let mut next = |number: &mut f64| *number = *numbers.next().expect("a number for each");
        self.net.each(&mut next);
        self.x.iter_mut().for_each(|x| x.numbers().iter_mut().for_each(&mut next));
    }
}

/// A sample that is an array.
pub trait Sample: Clone + 'static {
    fn numbers(&mut self) -> &mut [f64];
}

impl<const N: usize> Sample for [f64; N] {
    fn numbers(&mut self) -> &mut [f64] {
        self
    }
}

/// What a loss compares with.
pub trait Target: Sized {
    fn draw(rng: &mut Xoshiro256PlusPlus) -> Self;
    /// As one number for each output.
    fn numbers(&self) -> Vec<f64>;
}

impl<const N: usize> Target for [f64; N] {
    fn draw(rng: &mut Xoshiro256PlusPlus) -> Self {
        array::from_fn(|_| rng.random())
    }
    fn numbers(&self) -> Vec<f64> {
        self.to_vec()
    }
}

impl<const N: usize> Target for Class<N> {
    fn draw(rng: &mut Xoshiro256PlusPlus) -> Self {
        Class::new(rng.random_range(0..N)).expect("the range is that of the classes")
    }
    fn numbers(&self) -> Vec<f64> {
        (0..N).map(|class| if class == self.index() { 1.0 } else { 0.0 }).collect()
    }
}

/// All parameters, in the order of the layers: weights, bias, weights, ...
pub fn parameters<N: Layer>(net: &mut N) -> Vec<f64> {
    let mut read = Read(Vec::with_capacity(N::PARAMS));
    net.visit([], &mut read);
    read.0
}

struct Read(Vec<f64>);

impl Visitor<0> for Read {
    fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
        self.0.extend(parameters.iter().map(|parameter| parameter.to_f64()));
    }
}

/// Sets all parameters, in the same order, and returns the numbers that are left.
pub fn set_parameters<'a, N: Layer>(net: &mut N, numbers: &'a [f64]) -> &'a [f64] {
    let mut write = Write(numbers);
    net.visit([], &mut write);
    write.0
}

struct Write<'a>(&'a [f64]);

impl Visitor<0> for Write<'_> {
    fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
        let (numbers, rest) = self.0.split_at(parameters.len());
        for (parameter, &number) in parameters.iter_mut().zip(numbers) {
            *parameter = T::from_f64(number);
        }
        self.0 = rest;
    }
}
