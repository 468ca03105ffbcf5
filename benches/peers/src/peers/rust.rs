//! Rust without a library: arrays and loops that the compiler vectorises, W input-major, so that
//! the innermost loop runs over outputs. Inference of one sample, and the functions of `std`.

use std::hint::black_box;

use super::absent;
use crate::Contender;
use crate::workload::{Function, Problem, Task, Weights};

pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    let layers = &problem.layers[..];
    Ok(match (problem.workload.name, layers) {
        ("I1", [a, b, c]) => {
            predict::<_, 4, 2>(problem, (tanh::<4, 16>(a), (tanh::<16, 16>(b), last::<16, 2>(c))))
        }
        ("I2", [a, b, c]) => predict::<_, 16, 10>(
            problem,
            (relu::<16, 64>(a), (relu::<64, 64>(b), last::<64, 10>(c))),
        ),
        ("I3", [a, b]) => predict::<_, 64, 10>(problem, (relu::<64, 32>(a), last::<32, 10>(b))),
        ("I4", [a, b, c]) => predict::<_, 784, 10>(
            problem,
            (relu::<784, 128>(a), (relu::<128, 64>(b), last::<64, 10>(c))),
        ),
        ("I5", [a, b, c]) => {
            predict::<_, 64, 4>(problem, (tanh::<64, 64>(a), (tanh::<64, 64>(b), last::<64, 4>(c))))
        }
        _ if problem.workload.task == Task::Apply => {
            let (x, y) = (problem.x.clone(), problem.x.clone());
            if problem.workload.activation == Function::Exp {
                Box::new(Apply { function: |x: f32| x.exp(), x, y })
            } else {
                Box::new(Apply { function: |x: f32| x.tanh(), x, y })
            }
        }
        _ => return absent("written for one sample only"),
    })
}

/// One layer or, as a pair, several.
trait Net<const IN: usize, const OUT: usize> {
    fn predict(&self, x: &[f32; IN]) -> [f32; OUT];
}

struct Dense<const IN: usize, const OUT: usize, F> {
    w: Box<[[f32; OUT]; IN]>,
    b: [f32; OUT],
    f: F,
}

impl<const IN: usize, const OUT: usize, F: Fn(f32) -> f32> Net<IN, OUT> for Dense<IN, OUT, F> {
    #[inline]
    fn predict(&self, x: &[f32; IN]) -> [f32; OUT] {
        let mut s = self.b;
        for (w, &x) in self.w.iter().zip(x) {
            for (s, &w) in s.iter_mut().zip(w) {
                *s = w.mul_add(x, *s);
            }
        }
        s.map(&self.f)
    }
}

impl<const IN: usize, const MID: usize, const OUT: usize, F, B> Net<IN, OUT>
    for (Dense<IN, MID, F>, B)
where
    F: Fn(f32) -> f32,
    B: Net<MID, OUT>,
{
    #[inline]
    fn predict(&self, x: &[f32; IN]) -> [f32; OUT] {
        self.1.predict(&self.0.predict(x))
    }
}

fn dense<const IN: usize, const OUT: usize, F>(weights: &Weights, f: F) -> Dense<IN, OUT, F> {
    let mut w = vec![[0.0; OUT]; IN];
    for (out, row) in weights.w.chunks(IN).enumerate() {
        for (input, &weight) in row.iter().enumerate() {
            w[input][out] = weight;
        }
    }
    let w = w.into_boxed_slice().try_into().expect("as many rows as inputs");
    Dense { w, b: weights.b[..].try_into().expect("as many biases as outputs"), f }
}

fn tanh<const IN: usize, const OUT: usize>(
    weights: &Weights,
) -> Dense<IN, OUT, impl Fn(f32) -> f32 + use<IN, OUT>> {
    dense(weights, |s: f32| s.tanh())
}

fn relu<const IN: usize, const OUT: usize>(
    weights: &Weights,
) -> Dense<IN, OUT, impl Fn(f32) -> f32 + use<IN, OUT>> {
    dense(weights, |s: f32| s.max(0.0))
}

fn last<const IN: usize, const OUT: usize>(
    weights: &Weights,
) -> Dense<IN, OUT, impl Fn(f32) -> f32 + use<IN, OUT>> {
    dense(weights, |s: f32| s)
}

struct Predict<N, const IN: usize, const OUT: usize> {
    net: N,
    x: [f32; IN],
    y: [f32; OUT],
}

fn predict<N, const IN: usize, const OUT: usize>(problem: &Problem, net: N) -> Box<dyn Contender>
where
    N: Net<IN, OUT> + 'static,
{
    Box::new(Predict { net, x: problem.x[..].try_into().expect("one sample"), y: [0.0; OUT] })
}

impl<N: Net<IN, OUT>, const IN: usize, const OUT: usize> Contender for Predict<N, IN, OUT> {
    fn once(&mut self) {
        self.y = black_box(self.net.predict(black_box(&self.x)));
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.to_vec()
    }
}

struct Apply<F> {
    function: F,
    x: Vec<f32>,
    y: Vec<f32>,
}

impl<F: Fn(f32) -> f32> Contender for Apply<F> {
    fn once(&mut self) {
        for (y, &x) in black_box(&mut self.y).iter_mut().zip(black_box(&self.x)) {
            *y = (self.function)(x);
        }
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.clone()
    }
}
