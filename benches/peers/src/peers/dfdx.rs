//! dfdx, with networks as types and batches of constant size.

use std::hint::black_box;

use dfdx::optim::{Adam, AdamConfig, Sgd, SgdConfig};
use dfdx::prelude::*;

use super::absent;
use crate::Contender;
use crate::workload::{self, Problem, Task};

type I1 = ((Linear<4, 16>, Tanh), (Linear<16, 16>, Tanh), Linear<16, 2>);
type I2 = ((Linear<16, 64>, ReLU), (Linear<64, 64>, ReLU), Linear<64, 10>);
type I3 = ((Linear<64, 32>, ReLU), Linear<32, 10>);
type I4 = ((Linear<784, 128>, ReLU), (Linear<128, 64>, ReLU), Linear<64, 10>);
type I5 = ((Linear<64, 64>, Tanh), (Linear<64, 64>, Tanh), Linear<64, 4>);
type T3 = ((Linear<2, 16>, Tanh), Linear<16, 1>);
type T4 = ((Linear<17, 256>, ReLU), (Linear<256, 256>, ReLU), Linear<256, 6>);

pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    /// `contender!(prediction | step, network, inputs, outputs, batch, loss)`
    macro_rules! contender {
        (predict $net:ty, $in:literal, $out:literal, $batch:literal) => {{
            let dev = Cpu::default();
            let mut net = dev.build_module::<$net, f32>();
            net.load(&mut problem.flat().into_iter());
            let x: Tensor<Rank2<$batch, $in>, f32, Cpu> = dev.tensor(problem.x.clone());
            let y: Tensor<Rank2<$batch, $out>, f32, Cpu> = dev.zeros();
            Box::new(Predict { forward: move |x: Tensor<Rank2<$batch, $in>, f32, Cpu>| net.forward(x), x, y })
        }};
        (train $net:ty, $in:literal, $out:literal, $batch:literal, $loss:ident) => {{
            let dev = Cpu::default();
            let x: Tensor<Rank2<$batch, $in>, f32, Cpu> = dev.tensor(problem.x.clone());
            let t: Tensor<Rank2<$batch, $out>, f32, Cpu> = dev.tensor(targets(problem));
            let start = problem.flat();
            let build = move || {
                let mut net = dev.build_module::<$net, f32>();
                net.load(&mut start.iter().copied());
                net
            };
            match problem.workload.task {
                Task::Train(_, workload::Optimizer::Sgd(lr)) => {
                    let config = SgdConfig { lr: lr.into(), ..Default::default() };
                    contender!(build $net, build, x, t, $loss, Sgd, config)
                }
                Task::Train(_, workload::Optimizer::Adam(lr)) => {
                    let config = AdamConfig { lr: lr.into(), ..Default::default() };
                    contender!(build $net, build, x, t, $loss, Adam, config)
                }
                Task::Predict | Task::Apply => unreachable!("no training"),
            }
        }};
        (build $net:ty, $build:ident, $x:ident, $t:ident, $loss:ident, $optimizer:ident, $config:ident) => {{
            let net = $build();
            let optimizer = $optimizer::new(&net, $config);
            let gradients = Some(net.alloc_grads());
            Box::new(Train {
                state: State { net, optimizer, gradients },
                fresh: move |state: &mut State<Built<$net>, $optimizer<Built<$net>, f32, Cpu>>| {
                    state.net = $build();
                    state.optimizer = $optimizer::new(&state.net, $config);
                    state.gradients = Some(state.net.alloc_grads());
                },
                step: move |State { net, optimizer, gradients }: &mut State<Built<$net>, $optimizer<Built<$net>, f32, Cpu>>| {
                    let gradient = gradients.take().expect("gradients");
                    let y = net.forward_mut(black_box(&$x).clone().traced(gradient));
                    let loss = $loss(y, $t.clone());
                    let last = loss.array();
                    let mut gradient = loss.backward();
                    optimizer.update(net, &gradient).expect("all parameters are used");
                    net.zero_grads(&mut gradient);
                    *gradients = Some(gradient);
                    last
                },
                last: 0.0,
            })
        }};
    }
    Ok(match problem.workload.name {
        "I1" => contender!(predict I1, 4, 2, 1),
        "I2" => contender!(predict I2, 16, 10, 1),
        "I3" => contender!(predict I3, 64, 10, 1),
        "I4" => contender!(predict I4, 784, 10, 1),
        "I5" => contender!(predict I5, 64, 4, 1),
        "II 64" => contender!(predict I4, 784, 10, 64),
        "II 256" => contender!(predict I4, 784, 10, 256),
        "T1" => contender!(train I3, 64, 10, 32, cross_entropy_with_logits_loss),
        "T2 32" => contender!(train I4, 784, 10, 32, cross_entropy_with_logits_loss),
        "T2 128" => contender!(train I4, 784, 10, 128, cross_entropy_with_logits_loss),
        "T3" => contender!(train T3, 2, 1, 4, mse_loss),
        "T4" => contender!(train T4, 17, 6, 256, mse_loss),
        _ => return absent("its functions are timed within networks"),
    })
}

type Built<N> = <N as BuildOnDevice<Cpu, f32>>::Built;

/// Probabilities, where the targets are classes.
fn targets(problem: &Problem) -> Vec<f32> {
    let outputs = problem.workload.outputs();
    if let Task::Train(workload::Loss::MeanSquaredError, _) = problem.workload.task {
        return problem.targets.clone();
    }
    let one_hot = |class| (0..outputs).map(move |o| f32::from(u8::from(o == class)));
    problem.classes().into_iter().flat_map(one_hot).collect()
}

/// The parameters of a network, in the order of [`Problem`].
trait Parameters {
    fn save(&self, to: &mut Vec<f32>);
    fn load(&mut self, from: &mut impl Iterator<Item = f32>);
}

impl<const IN: usize, const OUT: usize> Parameters for modules::Linear<IN, OUT, f32, Cpu> {
    fn save(&self, to: &mut Vec<f32>) {
        to.extend(self.weight.as_vec());
        to.extend(self.bias.as_vec());
    }

    fn load(&mut self, from: &mut impl Iterator<Item = f32>) {
        let w: Vec<f32> = from.take(IN * OUT).collect();
        self.weight.copy_from(&w);
        let b: Vec<f32> = from.take(OUT).collect();
        self.bias.copy_from(&b);
    }
}

macro_rules! nothing {
    ($($name:ty),+) => {$(
        impl Parameters for $name {
            fn save(&self, _: &mut Vec<f32>) {}
            fn load(&mut self, _: &mut impl Iterator<Item = f32>) {}
        }
    )+};
}

nothing!(Tanh, ReLU);

macro_rules! tuple {
    ($($name:ident),+) => {
        impl<$($name: Parameters),+> Parameters for ($($name,)+) {
            #[expect(non_snake_case, reason = "one name for type and value")]
            fn save(&self, to: &mut Vec<f32>) {
                let ($($name,)+) = self;
                $($name.save(to);)+
            }

            #[expect(non_snake_case, reason = "one name for type and value")]
            fn load(&mut self, from: &mut impl Iterator<Item = f32>) {
                let ($($name,)+) = self;
                $($name.load(from);)+
            }
        }
    };
}

tuple!(A, B);
tuple!(A, B, C);

struct Predict<F, X, Y> {
    forward: F,
    x: X,
    y: Y,
}

impl<F, X, S> Contender for Predict<F, X, Tensor<S, f32, Cpu>>
where
    F: Fn(X) -> Tensor<S, f32, Cpu>,
    X: Clone,
    S: dfdx::shapes::Shape,
{
    fn once(&mut self) {
        self.y = black_box((self.forward)(black_box(&self.x).clone()));
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.as_vec()
    }
}

struct State<N, O> {
    net: N,
    optimizer: O,
    /// Always there between two steps: the tape takes them and gives them back.
    gradients: Option<Gradients<f32, Cpu>>,
}

struct Train<N, O, R, F> {
    state: State<N, O>,
    fresh: R,
    step: F,
    last: f32,
}

impl<N, O, R, F> Contender for Train<N, O, R, F>
where
    N: Parameters,
    R: Fn(&mut State<N, O>),
    F: Fn(&mut State<N, O>) -> f32,
{
    fn once(&mut self) {
        self.last = black_box((self.step)(&mut self.state));
    }

    fn reset(&mut self) {
        (self.fresh)(&mut self.state);
    }

    fn numbers(&mut self) -> Vec<f32> {
        let mut numbers = vec![self.last];
        self.state.net.save(&mut numbers);
        numbers
    }
}
