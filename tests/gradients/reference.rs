//! Networks as a textbook computes them: plain loops over plain vectors, nothing of the crate's.

use std::f64::consts::PI;

use constgrad::*;

/// A layer in the open.
pub struct Layer {
    /// W, `OUT` rows of `IN`.
    rows: Vec<Vec<f64>>,
    bias: Vec<f64>,
    pub activation: &'static Activation,
}

/// An activation in the open.
pub struct Activation {
    pub name: &'static str,
    /// Where f, f′ or f″ jumps.
    pub kinks: &'static [f64],
    function: fn(&[f64]) -> Vec<f64>,
}

impl Layer {
    pub fn inputs(&self) -> usize {
        self.rows[0].len()
    }
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }
}

/// Networks whose layers can be seen.
pub trait Open {
    /// Appends the layers to `layers`.
    fn open(&self, layers: &mut Vec<Layer>);
    /// Calls `f` for each parameter, layer by layer: the weights, then the bias. The order is not
    /// that of the memory, so that what is drawn does not depend on how W is stored.
    fn each(&mut self, f: &mut dyn FnMut(&mut f64));
}

impl<const IN: usize, const OUT: usize, Act: Named> Open for Dense<IN, OUT, Act, f64> {
    fn open(&self, layers: &mut Vec<Layer>) {
        layers.push(Layer {
            rows: self.rows().map(|row| row.copied().collect()).collect(),
            bias: self.bias().to_vec(),
            activation: &Act::ACTIVATION,
        });
    }
    fn each(&mut self, f: &mut dyn FnMut(&mut f64)) {
        for input in 0..IN {
            for out in 0..OUT {
                f(self.weight_mut(out, input).expect("a weight"));
            }
        }
        self.bias_mut().iter_mut().for_each(f);
    }
}

impl<A: Open, B: Open> Open for (A, B) {
    fn open(&self, layers: &mut Vec<Layer>) {
        self.0.open(layers);
        self.1.open(layers);
    }
    fn each(&mut self, f: &mut dyn FnMut(&mut f64)) {
        self.0.each(f);
        self.1.each(f);
    }
}

/// A function with kinks is several smooth functions side by side: this says which of them a
/// number entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Branch {
    /// The kinks below the number.
    pub below: usize,
    /// All kinks of the function.
    pub kinks: usize,
    pub function: &'static str,
}

/// Notes that `function` was applied to `s`, if it has kinks.
fn note(branches: &mut Vec<Branch>, function: &'static str, kinks: &[f64], s: f64) {
    if !kinks.is_empty() {
        let below = kinks.iter().filter(|&&kink| kink < s).count();
        branches.push(Branch { below, kinks: kinks.len(), function });
    }
}

/// The output of a network for one sample.
pub fn forward(layers: &[Layer], x: &[f64], branches: &mut Vec<Branch>) -> Vec<f64> {
    let mut h = x.to_vec();
    for Layer { rows, bias, activation } in layers {
        let mut s = bias.clone();
        for (s, row) in s.iter_mut().zip(rows) {
            // Of all loops this one is the quickest where nothing is optimised, by far.
            let mut input = 0;
            while input < row.len() {
                *s += row[input] * h[input];
                input += 1;
            }
            note(branches, activation.name, activation.kinks, *s);
        }
        h = (activation.function)(&s);
    }
    h
}

/// Activations that this file knows.
pub trait Named {
    const ACTIVATION: Activation;
}

macro_rules! activations {
    ($($name:ident, $kinks:expr, |$s:ident| $function:expr;)*) => {$(
        impl Named for $name {
            const ACTIVATION: Activation = Activation {
                name: stringify!($name),
                kinks: &$kinks,
                function: |s| s.iter().map(|&$s| $function).collect(),
            };
        }
    )*};
}

activations! {
    Identity, [], |s| s;
    Relu, [0.0], |s| s.max(0.0);
    LeakyRelu, [0.0], |s| if s > 0.0 { s } else { 0.01 * s };
    Elu, [0.0], |s| if s > 0.0 { s } else { s.exp_m1() };
    Selu, [0.0], |s| {
        1.050_700_987_355_480_5 * if s > 0.0 { s } else { 1.673_263_242_354_377_2 * s.exp_m1() }
    };
    Gelu, [], |s| s * normal_cdf(s);
    GeluTanh, [], |s| {
        0.5 * s * (1.0 + ((2.0 / PI).sqrt() * (s + 0.044715 * s.powi(3))).tanh())
    };
    Silu, [], |s| s / (1.0 + (-s).exp());
    Sigmoid, [], |s| 1.0 / (1.0 + (-s).exp());
    HardSigmoid, [-3.0, 3.0], |s| (s / 6.0 + 0.5).clamp(0.0, 1.0);
    Tanh, [], |s| s.tanh();
    HardTanh, [-1.0, 1.0], |s| s.clamp(-1.0, 1.0);
    Softplus, [], |s| (1.0 + s.exp()).ln();
    Softsign, [0.0], |s| s / (1.0 + s.abs());
}

impl Named for Softmax {
    const ACTIVATION: Activation = Activation {
        name: "Softmax",
        kinks: &[],
        function: |s| {
            let sum: f64 = s.iter().map(|s| s.exp()).sum();
            s.iter().map(|s| s.exp() / sum).collect()
        },
    };
}

/// Φ(s) = ½ + φ(s) (s + s³/3 + s⁵/(3·5) + ...)
fn normal_cdf(s: f64) -> f64 {
    if s.abs() > 10.0 {
        // Φ(−10) is 8e-24.
        return if s > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut odd) = (s, s, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= s * s / odd;
        sum += term;
    }
    0.5 + sum * (-0.5 * s * s).exp() / (2.0 * PI).sqrt()
}

/// Losses that this file knows.
pub trait OpenLoss {
    fn name(&self) -> &'static str;
    /// The loss of one sample; the target of a classifier is 1 for its class and 0 for others.
    fn open_loss(&self, y: &[f64], target: &[f64], branches: &mut Vec<Branch>) -> f64;
}

fn mean(y: &[f64], target: &[f64], mut of: impl FnMut(f64, f64) -> f64) -> f64 {
    let sum: f64 = y.iter().zip(target).map(|(&y, &t)| of(y, t)).sum();
    sum / y.len() as f64
}

impl OpenLoss for MeanSquaredError {
    fn name(&self) -> &'static str {
        "MeanSquaredError"
    }
    fn open_loss(&self, y: &[f64], target: &[f64], _: &mut Vec<Branch>) -> f64 {
        mean(y, target, |y, t| (y - t).powi(2))
    }
}

impl OpenLoss for MeanAbsoluteError {
    fn name(&self) -> &'static str {
        "MeanAbsoluteError"
    }
    fn open_loss(&self, y: &[f64], target: &[f64], branches: &mut Vec<Branch>) -> f64 {
        mean(y, target, |y, t| {
            note(branches, self.name(), &[0.0], y - t);
            (y - t).abs()
        })
    }
}

impl OpenLoss for Huber {
    fn name(&self) -> &'static str {
        "Huber"
    }
    fn open_loss(&self, y: &[f64], target: &[f64], branches: &mut Vec<Branch>) -> f64 {
        mean(y, target, |y, t| {
            let (error, delta) = (y - t, self.delta);
            note(branches, self.name(), &[-delta, delta], error);
            if error.abs() < delta {
                0.5 * error * error
            } else {
                delta * (error.abs() - 0.5 * delta)
            }
        })
    }
}

impl OpenLoss for CrossEntropy {
    fn name(&self) -> &'static str {
        if self.label_smoothing == 0.0 { "CrossEntropy" } else { "CrossEntropy, smoothed" }
    }
    fn open_loss(&self, y: &[f64], target: &[f64], _: &mut Vec<Branch>) -> f64 {
        let log_sum = y.iter().map(|y| y.exp()).sum::<f64>().ln();
        let share = self.label_smoothing / y.len() as f64;
        let expected = target.iter().map(|t| (1.0 - self.label_smoothing) * t + share);
        y.iter().zip(expected).map(|(y, expected)| expected * (log_sum - y)).sum()
    }
}

impl OpenLoss for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "BinaryCrossEntropy"
    }
    fn open_loss(&self, y: &[f64], target: &[f64], _: &mut Vec<Branch>) -> f64 {
        mean(y, target, |y, t| {
            let yes = 1.0 / (1.0 + (-y).exp());
            let no = 1.0 / (1.0 + y.exp());
            -t * yes.ln() - (1.0 - t) * no.ln()
        })
    }
}
