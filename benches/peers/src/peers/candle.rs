//! candle, with its layers, losses and optimizers.

use std::hint::black_box;

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, Optimizer as _, ParamsAdamW, SGD, loss};

use super::absent;
use crate::Contender;
use crate::workload::{Function, Loss, Optimizer, Problem, Task};

pub fn enter(problem: &Problem) -> std::result::Result<Box<dyn Contender>, String> {
    let workload = problem.workload;
    let net = |net: Result<Net>| net.map_err(|error| error.to_string());
    match workload.task {
        Task::Apply => absent("its functions are timed within networks"),
        Task::Predict => {
            let x = net(Net::new(problem))?;
            let y = x.x.clone();
            Ok(Box::new(Predict { net: x, y }))
        }
        Task::Train(..) => {
            let net = net(Net::new(problem))?;
            let optimizer = net.optimizer(problem).map_err(|error| error.to_string())?;
            let targets = targets(problem).map_err(|error| error.to_string())?;
            let last = net.x.clone();
            Ok(Box::new(Train { net, optimizer, targets, last, problem: problem.clone() }))
        }
    }
}

fn targets(problem: &Problem) -> Result<Tensor> {
    let batch = problem.workload.batch;
    if let Task::Train(Loss::CrossEntropy, _) = problem.workload.task {
        let classes: Vec<u32> = problem.targets.iter().map(|&class| class as u32).collect();
        return Tensor::from_vec(classes, batch, &Device::Cpu);
    }
    Tensor::from_vec(problem.targets.clone(), (batch, problem.workload.outputs()), &Device::Cpu)
}

struct Net {
    /// W and b in turns.
    variables: Vec<Var>,
    layers: Vec<Linear>,
    tanh: bool,
    x: Tensor,
}

impl Net {
    fn new(problem: &Problem) -> Result<Self> {
        let (mut variables, mut layers) = (Vec::new(), Vec::new());
        for layer in &problem.layers {
            let shape = (layer.outputs, layer.inputs);
            let w = Var::from_tensor(&Tensor::from_slice(&layer.w, shape, &Device::Cpu)?)?;
            let b = Var::from_tensor(&Tensor::from_slice(&layer.b, layer.outputs, &Device::Cpu)?)?;
            // A prediction with variables would build the graph of its gradient.
            layers.push(if let Task::Predict = problem.workload.task {
                Linear::new(w.as_detached_tensor(), Some(b.as_detached_tensor()))
            } else {
                Linear::new(w.as_tensor().clone(), Some(b.as_tensor().clone()))
            });
            variables.extend([w, b]);
        }
        let shape = (problem.workload.batch, problem.workload.inputs());
        let x = Tensor::from_slice(&problem.x, shape, &Device::Cpu)?;
        Ok(Net { variables, layers, tanh: problem.workload.activation == Function::Tanh, x })
    }

    fn forward(&self) -> Result<Tensor> {
        let mut x = black_box(&self.x).clone();
        for (d, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x)?;
            if d + 1 < self.layers.len() {
                x = if self.tanh { x.tanh()? } else { x.relu()? };
            }
        }
        Ok(x)
    }

    fn optimizer(&self, problem: &Problem) -> Result<Rule> {
        Ok(match problem.workload.task {
            Task::Train(_, Optimizer::Sgd(lr)) => {
                Rule::Sgd(SGD::new(self.variables.clone(), lr.into())?)
            }
            Task::Train(_, Optimizer::Adam(lr)) => {
                let params = ParamsAdamW { lr: lr.into(), weight_decay: 0.0, ..Default::default() };
                Rule::Adam(AdamW::new(self.variables.clone(), params)?)
            }
            Task::Predict | Task::Apply => unreachable!("no training"),
        })
    }
}

enum Rule {
    Sgd(SGD),
    Adam(AdamW),
}

struct Predict {
    net: Net,
    y: Tensor,
}

impl Contender for Predict {
    fn once(&mut self) {
        self.y = black_box(self.net.forward().expect("shapes that fit"));
    }

    fn numbers(&mut self) -> Vec<f32> {
        flat(&self.y)
    }
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.flatten_all().and_then(|tensor| tensor.to_vec1());
    flat.expect("f32")
}

struct Train {
    net: Net,
    optimizer: Rule,
    targets: Tensor,
    last: Tensor,
    problem: Problem,
}

impl Train {
    fn step(&mut self) -> Result<()> {
        let y = self.net.forward()?;
        let loss = if let Task::Train(Loss::CrossEntropy, _) = self.problem.workload.task {
            loss::cross_entropy(&y, &self.targets)?
        } else {
            loss::mse(&y, &self.targets)?
        };
        match &mut self.optimizer {
            Rule::Sgd(sgd) => sgd.backward_step(&loss)?,
            Rule::Adam(adam) => adam.backward_step(&loss)?,
        }
        self.last = black_box(loss);
        Ok(())
    }
}

impl Contender for Train {
    fn once(&mut self) {
        self.step().expect("shapes that fit");
    }

    fn reset(&mut self) {
        self.net = Net::new(&self.problem).expect("shapes that fit");
        self.optimizer = self.net.optimizer(&self.problem).expect("an optimizer");
    }

    fn numbers(&mut self) -> Vec<f32> {
        let mut numbers = flat(&self.last);
        for variable in &self.net.variables {
            numbers.extend(flat(variable.as_tensor()));
        }
        numbers
    }
}
