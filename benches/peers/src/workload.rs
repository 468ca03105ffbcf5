//! What is to be done: the workloads, and the numbers that every contender starts from.

use std::fmt;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// Short, such as `I1`; `II 64` and `T2 128` carry the batch.
    pub name: &'static str,
    /// The network's sizes, input first; of a function, how many numbers it is applied to.
    pub sizes: &'static [usize],
    /// Of all layers but the last, which has none.
    pub activation: Function,
    /// Samples of a prediction or a step.
    pub batch: usize,
    pub task: Task,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    /// The outputs for all samples.
    Predict,
    /// Forward, loss, backward, update.
    Train(Loss, Optimizer),
    /// The activation of every number, and nothing else.
    Apply,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Relu,
    Tanh,
    Exp,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// From logits; targets are classes.
    CrossEntropy,
    MeanSquaredError,
}

/// PyTorch's rules and defaults, with this learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    Sgd(f32),
    Adam(f32),
}

pub const BETA1: f32 = 0.9;
pub const BETA2: f32 = 0.999;
pub const EPSILON: f32 = 1e-8;

const SGD: Optimizer = Optimizer::Sgd(1e-3);
const ADAM: Optimizer = Optimizer::Adam(1e-4);

/// All of them, in the order of the table.
pub const WORKLOADS: [Workload; 14] = {
    use Function::{Exp, Relu, Tanh};
    use Loss::{CrossEntropy, MeanSquaredError};
    use Task::{Apply, Predict, Train};
    const fn of(
        name: &'static str,
        sizes: &'static [usize],
        activation: Function,
        batch: usize,
        task: Task,
    ) -> Workload {
        Workload { name, sizes, activation, batch, task }
    }
    const MNIST: &[usize] = &[784, 128, 64, 10];
    [
        of("I1", &[4, 16, 16, 2], Tanh, 1, Predict),
        of("I2", &[16, 64, 64, 10], Relu, 1, Predict),
        of("I3", &[64, 32, 10], Relu, 1, Predict),
        of("I4", MNIST, Relu, 1, Predict),
        of("I5", &[64, 64, 64, 4], Tanh, 1, Predict),
        of("II 64", MNIST, Relu, 64, Predict),
        of("II 256", MNIST, Relu, 256, Predict),
        of("T1", &[64, 32, 10], Relu, 32, Train(CrossEntropy, SGD)),
        of("T2 32", MNIST, Relu, 32, Train(CrossEntropy, ADAM)),
        of("T2 128", MNIST, Relu, 128, Train(CrossEntropy, ADAM)),
        of("T3", &[2, 16, 1], Tanh, 4, Train(MeanSquaredError, SGD)),
        of("T4", &[17, 256, 256, 6], Relu, 256, Train(MeanSquaredError, ADAM)),
        of("exp", &[1024], Exp, 1, Apply),
        of("tanh", &[1024], Tanh, 1, Apply),
    ]
};

impl Workload {
    pub fn inputs(&self) -> usize {
        self.sizes[0]
    }

    pub fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }

    /// (inputs, outputs) of each layer.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = (usize, usize)> + ExactSizeIterator {
        self.sizes.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// Multiplications and additions of the products; the first layer's input gradient, which
    /// nobody needs, is not among them.
    pub fn flop(&self) -> f64 {
        let macs: usize = self.layers().map(|(inputs, outputs)| inputs * outputs).sum();
        let first = self.layers().next().map_or(0, |(inputs, outputs)| inputs * outputs);
        let macs = match self.task {
            Task::Predict => macs,
            Task::Train(..) => 3 * macs - first,
            Task::Apply => 0,
        };
        2.0 * (macs * self.batch) as f64
    }

    /// Bytes of weights and biases.
    pub fn weight_bytes(&self) -> usize {
        4 * self.layers().map(|(inputs, outputs)| (inputs + 1) * outputs).sum::<usize>()
    }
}

/// `784-128-64-10 relu, cross-entropy, Adam, batch 32`
impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.task == Task::Apply {
            return write!(f, "an element, of {}", self.sizes[0]);
        }
        for (i, size) in self.sizes.iter().enumerate() {
            write!(f, "{}{size}", if i == 0 { "" } else { "-" })?;
        }
        f.write_str(match self.activation {
            Function::Relu => " relu",
            Function::Tanh => " tanh",
            Function::Exp => " exp",
        })?;
        match self.task {
            Task::Predict | Task::Apply => (),
            Task::Train(loss, optimizer) => {
                f.write_str(match loss {
                    Loss::CrossEntropy => ", cross-entropy",
                    Loss::MeanSquaredError => ", mean squared error",
                })?;
                f.write_str(match optimizer {
                    Optimizer::Sgd(_) => ", SGD",
                    Optimizer::Adam(_) => ", Adam",
                })?;
            }
        }
        if self.batch > 1 { write!(f, ", batch {}", self.batch) } else { Ok(()) }
    }
}

/// The weights and bias of one layer.
#[derive(Clone, Debug)]
pub struct Weights {
    pub inputs: usize,
    pub outputs: usize,
    /// `outputs` rows of `inputs`.
    pub w: Vec<f32>,
    pub b: Vec<f32>,
}

/// A workload with its numbers.
#[derive(Clone, Debug)]
pub struct Problem {
    pub workload: Workload,
    pub layers: Vec<Weights>,
    /// One row a sample.
    pub x: Vec<f32>,
    /// One row a sample; of classes, one number a sample.
    pub targets: Vec<f32>,
}

impl Problem {
    /// The same numbers in every process and on every machine.
    pub fn new(workload: Workload) -> Self {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let layers = workload.layers().map(|(inputs, outputs)| {
            let bound = (3.0 / inputs as f32).sqrt();
            let w = random.numbers(inputs * outputs, bound);
            Weights { inputs, outputs, w, b: random.numbers(outputs, 0.1) }
        });
        let layers = layers.collect();
        let x = match workload.task {
            Task::Apply => random.numbers(workload.inputs(), 4.0),
            Task::Predict | Task::Train(..) => {
                random.numbers(workload.batch * workload.inputs(), 1.0)
            }
        };
        let targets = match workload.task {
            Task::Predict | Task::Apply => Vec::new(),
            Task::Train(Loss::CrossEntropy, _) => {
                (0..workload.batch).map(|i| (i % workload.outputs()) as f32).collect()
            }
            Task::Train(Loss::MeanSquaredError, _) => {
                random.numbers(workload.batch * workload.outputs(), 1.0)
            }
        };
        Problem { workload, layers, x, targets }
    }

    /// The classes, where the targets are such.
    pub fn classes(&self) -> Vec<usize> {
        self.targets.iter().map(|&class| class as usize).collect()
    }

    /// All numbers in one row: W and b of each layer, inputs, targets.
    pub fn flat(&self) -> Vec<f32> {
        let mut flat = Vec::new();
        for layer in &self.layers {
            flat.extend(&layer.w);
            flat.extend(&layer.b);
        }
        flat.extend(&self.x);
        flat.extend(&self.targets);
        flat
    }
}

/// xorshift64*: what it draws matters less than that everybody gets the same.
struct Random(u64);

impl Random {
    /// Uniform in −bound..bound.
    fn numbers(&mut self, count: usize, bound: f32) -> Vec<f32> {
        (0..count).map(|_| (self.next() * 2.0 - 1.0) * bound).collect()
    }

    fn next(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40;
        bits as f32 / (1 << 24) as f32
    }
}
