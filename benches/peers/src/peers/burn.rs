//! burn, with its backend `flex`, the default on a processor.

use std::hint::black_box;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::{CrossEntropyLoss, MseLoss, Reduction};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::{relu, tanh};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::absent;
use crate::Contender;
use crate::workload::{Function, Loss, Optimizer, Problem, Task};

pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    let workload = problem.workload;
    Ok(match workload.task {
        Task::Apply => return absent("its functions are timed within networks"),
        Task::Predict => {
            let device = Device::flex();
            let net = Net::new(problem, &device);
            let x = matrix(&problem.x, workload.batch, &device);
            let y = x.clone();
            Box::new(Predict { net, x, y })
        }
        Task::Train(loss, optimizer) => {
            let device = Device::flex().autodiff();
            let classes: Vec<i64> = problem.targets.iter().map(|&class| class as i64).collect();
            Box::new(Train {
                net: Some(Net::new(problem, &device)),
                optimizer: build(optimizer),
                lr: lr(optimizer),
                x: matrix(&problem.x, workload.batch, &device),
                classes: Tensor::from_data(TensorData::from(&classes[..]), &device),
                values: matrix(&problem.targets, workload.batch, &device),
                cross_entropy: CrossEntropyLoss::new(None, &device),
                loss,
                last: None,
                problem: problem.clone(),
                device,
            })
        }
    })
}

fn matrix(numbers: &[f32], rows: usize, device: &Device) -> Tensor<2> {
    let shape = [rows, numbers.len() / rows];
    Tensor::from_data(TensorData::new(numbers.to_vec(), shape), device)
}

#[derive(Module, Debug)]
struct Net {
    layers: Vec<Linear>,
    tanh: bool,
}

impl Net {
    fn new(problem: &Problem, device: &Device) -> Self {
        let layers = problem.layers.iter().map(|layer| {
            let mut w = vec![0.0; layer.w.len()];
            for (i, &weight) in layer.w.iter().enumerate() {
                w[i % layer.inputs * layer.outputs + i / layer.inputs] = weight;
            }
            let bias = Tensor::from_data(TensorData::from(&layer.b[..]), device);
            Linear {
                weight: Param::from_tensor(matrix(&w, layer.inputs, device)),
                bias: Some(Param::from_tensor(bias)),
            }
        });
        Net { layers: layers.collect(), tanh: problem.workload.activation == Function::Tanh }
    }

    fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        for (d, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if d + 1 < self.layers.len() {
                x = if self.tanh { tanh(x) } else { relu(x) };
            }
        }
        x
    }
}

struct Predict {
    net: Net,
    x: Tensor<2>,
    y: Tensor<2>,
}

impl Contender for Predict {
    fn once(&mut self) {
        self.y = black_box(self.net.forward(black_box(&self.x).clone()));
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.to_data().try_to_vec().expect("f32")
    }
}

fn build(optimizer: Optimizer) -> ModuleOptimizer {
    match optimizer {
        Optimizer::Sgd(_) => SgdConfig::new().init(),
        Optimizer::Adam(_) => AdamConfig::new().with_epsilon(1e-8).init(),
    }
}

fn lr(optimizer: Optimizer) -> f64 {
    let (Optimizer::Sgd(lr) | Optimizer::Adam(lr)) = optimizer;
    lr.into()
}

struct Train {
    /// Always there between two steps: the optimizer takes it and gives it back.
    net: Option<Net>,
    optimizer: ModuleOptimizer,
    lr: f64,
    x: Tensor<2>,
    classes: Tensor<1, Int>,
    values: Tensor<2>,
    cross_entropy: CrossEntropyLoss,
    loss: Loss,
    last: Option<Tensor<1>>,
    problem: Problem,
    device: Device,
}

impl Contender for Train {
    fn once(&mut self) {
        let net = self.net.take().expect("a network");
        let y = net.forward(black_box(&self.x).clone());
        let loss = match self.loss {
            Loss::CrossEntropy => self.cross_entropy.forward(y, self.classes.clone()),
            Loss::MeanSquaredError => {
                MseLoss::new().forward(y, self.values.clone(), Reduction::Mean)
            }
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        self.net = Some(self.optimizer.step(self.lr, net, gradients));
        self.last = Some(black_box(loss));
    }

    fn reset(&mut self) {
        let Task::Train(_, optimizer) = self.problem.workload.task else { return };
        self.net = Some(Net::new(&self.problem, &self.device));
        self.optimizer = build(optimizer);
    }

    fn numbers(&mut self) -> Vec<f32> {
        let loss = self.last.as_ref().expect("a step");
        let mut numbers: Vec<f32> = loss.to_data().try_to_vec().expect("f32");
        for layer in &self.net.as_ref().expect("a network").layers {
            numbers
                .extend(layer.weight.val().transpose().to_data().try_to_vec::<f32>().expect("f32"));
            let bias = layer.bias.as_ref().expect("a bias");
            numbers.extend(bias.val().to_data().try_to_vec::<f32>().expect("f32"));
        }
        numbers
    }
}
