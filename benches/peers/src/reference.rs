//! What is right: naive loops in f64, which every contender is held against before it is timed.

use crate::Contender;
use crate::workload::{BETA1, BETA2, EPSILON, Function, Loss, Optimizer, Problem, Task};

/// Steps of training that are compared: enough that the moments of Adam matter.
pub const STEPS: usize = 3;

/// The numbers that a contender must give: after one prediction, or after [`STEPS`] steps.
pub fn numbers(problem: &Problem) -> Vec<f64> {
    let x = wide(&problem.x);
    match problem.workload.task {
        Task::Apply => x.iter().map(|&x| apply(problem.workload.activation, x)).collect(),
        Task::Predict => Network::new(problem).forward(&x).pop().expect("at least the input"),
        Task::Train(loss, optimizer) => {
            let mut net = Network::new(problem);
            let mut last = 0.0;
            for _ in 0..STEPS {
                last = net.step(problem, &x, loss, optimizer);
            }
            [last].into_iter().chain(net.parameters()).collect()
        }
    }
}

/// Holds `contender` against the reference.
///
/// Predictions may differ by 1e-5 of the largest output. Of training, the loss may differ by 1e-5
/// of itself, and the way that the weights have gone, taken as one vector, by 1e-3 of its length:
/// a single weight says little, for Adam steps as far on a gradient that is nothing but rounding
/// as on any other.
///
/// # Errors
/// What differs, and by how much.
pub fn check(problem: &Problem, contender: &mut dyn Contender) -> Result<(), String> {
    let train = matches!(problem.workload.task, Task::Train(..));
    contender.reset();
    for _ in 0..if train { STEPS } else { 1 } {
        contender.once();
    }
    let (found, expected) = (wide(&contender.numbers()), numbers(problem));
    if found.len() != expected.len() {
        return Err(format!("{} numbers found, {} expected", found.len(), expected.len()));
    }
    let within = |what: &str, error: f64, bound: f64| {
        if error <= bound {
            Ok(())
        } else {
            Err(format!("{what} off by {error:.1e}, more than {bound:.0e}"))
        }
    };
    if !train {
        let largest = expected.iter().fold(0.0, |largest: f64, y| largest.max(y.abs()));
        let pairs = found.iter().zip(&expected);
        // A NaN would be no maximum: it must not get lost.
        let error = pairs
            .map(|(y, t)| (y - t).abs())
            .fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a });
        return within("outputs", error / largest, 1e-5);
    }
    let start = Network::new(problem).parameters();
    within("loss", (found[0] - expected[0]).abs() / expected[0], 1e-5)?;
    let way = distance(&expected[1..], &start);
    within("change of the weights", distance(&found[1..], &expected[1..]) / way, 1e-3)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

fn apply(function: Function, x: f64) -> f64 {
    match function {
        Function::Relu => x.max(0.0),
        Function::Tanh => x.tanh(),
        Function::Exp => x.exp(),
    }
}

/// The derivative, from h = f(s).
fn derivative(function: Function, h: f64) -> f64 {
    match function {
        Function::Relu => f64::from(h > 0.0),
        Function::Tanh => 1.0 - h * h,
        Function::Exp => h,
    }
}

struct Layer {
    inputs: usize,
    outputs: usize,
    /// W by rows, and b; then what Adam remembers of them.
    parameters: Vec<f64>,
    mean: Vec<f64>,
    mean_square: Vec<f64>,
}

struct Network {
    layers: Vec<Layer>,
    activation: Function,
    steps: i32,
}

impl Network {
    fn new(problem: &Problem) -> Self {
        let layers = problem.layers.iter().map(|layer| {
            let parameters: Vec<f64> = wide(&layer.w).into_iter().chain(wide(&layer.b)).collect();
            let zeros = vec![0.0; parameters.len()];
            let (mean, mean_square) = (zeros.clone(), zeros);
            Layer { inputs: layer.inputs, outputs: layer.outputs, parameters, mean, mean_square }
        });
        Network { layers: layers.collect(), activation: problem.workload.activation, steps: 0 }
    }

    fn parameters(&self) -> Vec<f64> {
        self.layers.iter().flat_map(|layer| &layer.parameters).copied().collect()
    }

    /// The activations of all layers, the input's first.
    fn forward(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut activations = vec![x.to_vec()];
        for (d, layer) in self.layers.iter().enumerate() {
            let (w, b) = layer.parameters.split_at(layer.inputs * layer.outputs);
            let mut y = Vec::new();
            for x in activations[d].chunks(layer.inputs) {
                for (w, b) in w.chunks(layer.inputs).zip(b) {
                    let s = b + w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
                    let last = d + 1 == self.layers.len();
                    y.push(if last { s } else { apply(self.activation, s) });
                }
            }
            activations.push(y);
        }
        activations
    }

    fn step(&mut self, problem: &Problem, x: &[f64], loss: Loss, optimizer: Optimizer) -> f64 {
        let activations = self.forward(x);
        let (batch, outputs) = (problem.workload.batch, problem.workload.outputs());
        let y = &activations[self.layers.len()];
        let mut dy = vec![0.0; y.len()];
        let mut sum = 0.0;
        for i in 0..batch {
            let row = i * outputs..(i + 1) * outputs;
            let (y, dy) = (&y[row.clone()], &mut dy[row.clone()]);
            match loss {
                Loss::CrossEntropy => {
                    let class = problem.targets[i] as usize;
                    let total: f64 = y.iter().map(|y| y.exp()).sum();
                    sum += total.ln() - y[class];
                    for (o, dy) in dy.iter_mut().enumerate() {
                        *dy = (y[o].exp() / total - f64::from(o == class)) / batch as f64;
                    }
                }
                Loss::MeanSquaredError => {
                    for ((y, dy), &t) in y.iter().zip(dy).zip(&problem.targets[row]) {
                        let error = y - f64::from(t);
                        sum += error * error / outputs as f64;
                        *dy = 2.0 * error / (outputs * batch) as f64;
                    }
                }
            }
        }
        self.steps += 1;
        for d in (0..self.layers.len()).rev() {
            let (x, y) = (&activations[d], &activations[d + 1]);
            let layer = &self.layers[d];
            if d + 1 < self.layers.len() {
                for (dy, &y) in dy.iter_mut().zip(y) {
                    *dy *= derivative(self.activation, y);
                }
            }
            let mut gradient = vec![0.0; layer.parameters.len()];
            let mut dx = vec![0.0; x.len()];
            let (dw, db) = gradient.split_at_mut(layer.inputs * layer.outputs);
            for i in 0..batch {
                for o in 0..layer.outputs {
                    let dy = dy[i * layer.outputs + o];
                    db[o] += dy;
                    for k in 0..layer.inputs {
                        dw[o * layer.inputs + k] += dy * x[i * layer.inputs + k];
                        dx[i * layer.inputs + k] += dy * layer.parameters[o * layer.inputs + k];
                    }
                }
            }
            self.layers[d].update(&gradient, optimizer, self.steps);
            dy = dx;
        }
        sum / batch as f64
    }
}

impl Layer {
    fn update(&mut self, gradient: &[f64], optimizer: Optimizer, steps: i32) {
        let [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
        debug_assert!([beta1 as f32, beta2 as f32, epsilon as f32] == [BETA1, BETA2, EPSILON]);
        for (i, &g) in gradient.iter().enumerate() {
            let w = &mut self.parameters[i];
            match optimizer {
                Optimizer::Sgd(lr) => *w -= f64::from(lr) * g,
                Optimizer::Adam(lr) => {
                    let (m, v) = (&mut self.mean[i], &mut self.mean_square[i]);
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                    let (m, v) = (
                        *m / (1.0 - f64::powi(beta1, steps)),
                        *v / (1.0 - f64::powi(beta2, steps)),
                    );
                    *w -= f64::from(lr) * m / (v.sqrt() + epsilon);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::constgrad;
    use crate::workload::WORKLOADS;

    /// A contender that errs a little, in one number.
    struct Wrong(Box<dyn Contender>, usize, f32);

    impl Contender for Wrong {
        fn once(&mut self) {
            self.0.once();
        }

        fn reset(&mut self) {
            self.0.reset();
        }

        fn numbers(&mut self) -> Vec<f32> {
            let mut numbers = self.0.numbers();
            numbers[self.1] += self.2;
            numbers
        }
    }

    #[test]
    fn who_computes_other_numbers_is_found_out() {
        for workload in WORKLOADS {
            let problem = Problem::new(workload);
            let enter = |at, error| {
                let contender = constgrad::enter(&problem).expect("every workload");
                check(&problem, &mut Wrong(contender, at, error))
            };
            enter(0, 0.0).expect(workload.name);
            enter(0, 1e-2).expect_err(workload.name);
            enter(0, f32::NAN).expect_err(workload.name);
            if let Task::Train(..) = workload.task {
                enter(1, 1e-2).expect_err(workload.name);
            }
        }
    }
}
