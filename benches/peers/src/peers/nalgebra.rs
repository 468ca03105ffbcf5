//! nalgebra: inference of one sample with matrices of static size (`gemv`), the rest with dynamic
//! ones, over which [`hand`](super::hand) has the network.

use std::hint::black_box;

use nalgebra::{SMatrix, SVector};

use super::{absent, hand};
use crate::Contender;
use crate::workload::{Function, Problem, Task, Weights};

pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    Ok(match problem.workload.name {
        "I1" => three::<4, 16, 16, 2>(problem),
        "I2" => three::<16, 64, 64, 10>(problem),
        "I3" => two::<64, 32, 10>(problem),
        "I4" => three::<784, 128, 64, 10>(problem),
        "I5" => three::<64, 64, 64, 4>(problem),
        _ if problem.workload.task == Task::Apply => return absent("the functions of `std`"),
        _ => return hand::enter::<hand::Nalgebra>(problem),
    })
}

struct Dense<const IN: usize, const OUT: usize> {
    w: Box<SMatrix<f32, OUT, IN>>,
    b: SVector<f32, OUT>,
}

impl<const IN: usize, const OUT: usize> Dense<IN, OUT> {
    fn new(weights: &Weights) -> Self {
        let b = SVector::from_column_slice(&weights.b);
        Dense { w: Box::new(SMatrix::from_row_slice(&weights.w)), b }
    }

    #[inline]
    fn forward(&self, x: &SVector<f32, IN>) -> SVector<f32, OUT> {
        let mut s = self.b;
        s.gemv(1.0, &self.w, x, 1.0);
        s
    }

    #[inline]
    fn hidden<const TANH: bool>(&self, x: &SVector<f32, IN>) -> SVector<f32, OUT> {
        let mut s = self.forward(x);
        if TANH {
            hand::apply(Function::Tanh, s.as_mut_slice());
        } else {
            s.apply(|s| *s = s.max(0.0));
        }
        s
    }
}

struct Predict<F, const IN: usize, const OUT: usize> {
    net: F,
    x: SVector<f32, IN>,
    y: SVector<f32, OUT>,
}

fn predict<F, const IN: usize, const OUT: usize>(problem: &Problem, net: F) -> Box<dyn Contender>
where
    F: Fn(&SVector<f32, IN>) -> SVector<f32, OUT> + 'static,
{
    let x = SVector::from_column_slice(&problem.x);
    Box::new(Predict { net, x, y: SVector::zeros() })
}

impl<F, const IN: usize, const OUT: usize> Contender for Predict<F, IN, OUT>
where
    F: Fn(&SVector<f32, IN>) -> SVector<f32, OUT>,
{
    fn once(&mut self) {
        self.y = black_box((self.net)(black_box(&self.x)));
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.as_slice().to_vec()
    }
}

fn two<const A: usize, const B: usize, const C: usize>(problem: &Problem) -> Box<dyn Contender> {
    let (a, b) = (Dense::<A, B>::new(&problem.layers[0]), Dense::<B, C>::new(&problem.layers[1]));
    predict(problem, move |x| b.forward(&a.hidden::<false>(x)))
}

fn three<const A: usize, const B: usize, const C: usize, const D: usize>(
    problem: &Problem,
) -> Box<dyn Contender> {
    let [a, b, c] = &problem.layers[..] else { unreachable!("three layers") };
    let (a, b, c) = (Dense::<A, B>::new(a), Dense::<B, C>::new(b), Dense::<C, D>::new(c));
    if problem.workload.activation == Function::Tanh {
        predict(problem, move |x| c.forward(&b.hidden::<true>(&a.hidden::<true>(x))))
    } else {
        predict(problem, move |x| c.forward(&b.hidden::<false>(&a.hidden::<false>(x))))
    }
}
