//! Ourselves.

use std::hint::black_box;

use constgrad::kernel::functions;
use constgrad::kernel::rounding::Rounding;
use constgrad::prelude::*;
use constgrad::{
    Adam, Class, CrossEntropy, Dense, Elementwise, Float, FromOutput, Init, Inspector, Layer, Loss,
    Machine, MeanSquaredError, Optimizer, Relu, Sgd, Store, Tanh, Trainer, Visitor, boxed, net,
};

use crate::Contender;
use crate::workload::{self, Problem, Task};

type I1 = net![Dense<4, 16, Tanh>, Dense<16, 16, Tanh>, Dense<16, 2>];
type I2 = net![Dense<16, 64, Relu>, Dense<64, 64, Relu>, Dense<64, 10>];
type I3 = net![Dense<64, 32, Relu>, Dense<32, 10>];
type I4 = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
type I5 = net![Dense<64, 64, Tanh>, Dense<64, 64, Tanh>, Dense<64, 4>];
type T3 = net![Dense<2, 16, Tanh>, Dense<16, 1>];
type T4 = net![Dense<17, 256, Relu>, Dense<256, 256, Relu>, Dense<256, 6>];

/// Compiled where [`all`](super::all) is.
#[inline]
pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    Ok(match problem.workload.name {
        "I1" => predict::<I1, 4, 2>(problem),
        "I2" => predict::<I2, 16, 10>(problem),
        "I3" => predict::<I3, 64, 10>(problem),
        "I4" => predict::<I4, 784, 10>(problem),
        "I5" => predict::<I5, 64, 4>(problem),
        "II 64" | "II 256" => predict_batch::<I4, 784, 10>(problem),
        "T1" => train_classes::<I3, 64, 10, 32>(problem),
        "T2 32" => train_classes::<I4, 784, 10, 32>(problem),
        "T2 128" => train_classes::<I4, 784, 10, 128>(problem),
        "T3" => train_values::<T3, 2, 1, 4>(problem),
        "T4" => train_values::<T4, 17, 6, 256>(problem),
        "exp" => apply::<Exp, 1024>(problem),
        "tanh" => apply::<Tanh, 1024>(problem),
        name => return Err(format!("{name} is unknown")),
    })
}

/// The parameters of a network, in the order of [`Problem`].
pub trait Parameters {
    fn read(&self, to: &mut Vec<f32>);
    /// Takes as many numbers as there are parameters.
    fn write(&mut self, from: &mut impl Iterator<Item = f32>);
}

impl<const IN: usize, const OUT: usize, Act> Parameters for Dense<IN, OUT, Act> {
    fn read(&self, to: &mut Vec<f32>) {
        to.extend(self.rows().flatten());
        to.extend(self.bias());
    }

    fn write(&mut self, from: &mut impl Iterator<Item = f32>) {
        for out in 0..OUT {
            for input in 0..IN {
                *self.weight_mut(out, input).expect("in range") = from.next().expect("a weight");
            }
        }
        self.bias_mut().fill_with(|| from.next().expect("a bias"));
    }
}

impl<A: Parameters, B: Parameters> Parameters for (A, B) {
    fn read(&self, to: &mut Vec<f32>) {
        self.0.read(to);
        self.1.read(to);
    }

    fn write(&mut self, from: &mut impl Iterator<Item = f32>) {
        self.0.write(from);
        self.1.write(from);
    }
}

fn network<N: Layer + Parameters>(problem: &Problem) -> Box<N> {
    let mut net = boxed!(N::ZERO);
    net.write(&mut problem.flat().into_iter());
    net
}

fn rows<const N: usize>(numbers: &[f32]) -> Vec<[f32; N]> {
    numbers.as_chunks().0.to_vec()
}

struct Predict<N: Shape> {
    net: Box<N>,
    x: N::Input,
    y: N::Output,
}

fn predict<N, const IN: usize, const OUT: usize>(problem: &Problem) -> Box<dyn Contender>
where
    N: Layer<Input = [f32; IN], Output = [f32; OUT]> + Parameters + 'static,
{
    Box::new(Predict::<N> { net: network(problem), x: rows(&problem.x)[0], y: [0.0; OUT] })
}

impl<N: Layer<Output = [f32; OUT]>, const OUT: usize> Contender for Predict<N> {
    fn once(&mut self) {
        self.y = black_box(self.net.predict(black_box(&self.x)));
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.to_vec()
    }
}

struct PredictBatch<N: Shape> {
    net: Box<N>,
    x: Vec<N::Input>,
    y: Vec<N::Output>,
}

fn predict_batch<N, const IN: usize, const OUT: usize>(problem: &Problem) -> Box<dyn Contender>
where
    N: Layer<Input = [f32; IN], Output = [f32; OUT]> + Parameters + 'static,
{
    let y = vec![[0.0; OUT]; problem.workload.batch];
    Box::new(PredictBatch::<N> { net: network(problem), x: rows(&problem.x), y })
}

impl<N: Layer<Output = [f32; OUT]>, const OUT: usize> Contender for PredictBatch<N> {
    fn once(&mut self) {
        let done = self.net.predict_batch(black_box(&self.x), black_box(&mut self.y));
        done.expect("as many outputs as inputs");
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.concat()
    }
}

struct Train<N: Layer, L: Loss<N::Output>, O: Optimizer, const B: usize> {
    net: Box<N>,
    trainer: Box<Trainer<N, L, O, B>>,
    start: Box<N>,
    loss: L,
    optimizer: O,
    x: Vec<N::Input>,
    targets: Vec<L::Target>,
    last: L::Scalar,
}

fn train_classes<N, const IN: usize, const OUT: usize, const B: usize>(
    problem: &Problem,
) -> Box<dyn Contender>
where
    N: Layer<Input = [f32; IN], Output = [f32; OUT]> + Parameters + 'static,
{
    let classes = problem.classes().into_iter().map(|i| Class::new(i).expect("a class"));
    train::<N, _, IN, B>(problem, CrossEntropy::new(), classes.collect())
}

fn train_values<N, const IN: usize, const OUT: usize, const B: usize>(
    problem: &Problem,
) -> Box<dyn Contender>
where
    N: Layer<Input = [f32; IN], Output = [f32; OUT]> + Parameters + 'static,
{
    train::<N, _, IN, B>(problem, MeanSquaredError, rows::<OUT>(&problem.targets))
}

fn train<N, L, const IN: usize, const B: usize>(
    problem: &Problem,
    loss: L,
    targets: Vec<L::Target>,
) -> Box<dyn Contender>
where
    N: Layer<Input = [f32; IN]> + Parameters + 'static,
    L: Loss<N::Output, Scalar = f32> + Copy + 'static,
{
    // As it reads in decimal, not the nearest f32.
    let lr = |lr: f32| lr.to_string().parse().expect("a number");
    match problem.workload.task {
        Task::Train(_, workload::Optimizer::Sgd(rate)) => {
            train_with::<N, _, _, IN, B>(problem, loss, targets, Sgd::new(lr(rate)))
        }
        Task::Train(_, workload::Optimizer::Adam(rate)) => {
            train_with::<N, _, _, IN, B>(problem, loss, targets, Adam::new(lr(rate)))
        }
        Task::Predict | Task::Apply => unreachable!("no training"),
    }
}

fn train_with<N, L, O, const IN: usize, const B: usize>(
    problem: &Problem,
    loss: L,
    targets: Vec<L::Target>,
    optimizer: O,
) -> Box<dyn Contender>
where
    N: Layer<Input = [f32; IN]> + Parameters + 'static,
    L: Loss<N::Output, Scalar = f32> + Copy + 'static,
    O: Optimizer + Copy + 'static,
{
    Box::new(Train::<N, L, O, B> {
        net: network(problem),
        trainer: Box::new(Trainer::new(loss, optimizer)),
        start: network(problem),
        loss,
        optimizer,
        x: rows(&problem.x),
        targets,
        last: 0.0,
    })
}

impl<N, L, O, const B: usize> Contender for Train<N, L, O, B>
where
    N: Layer + Parameters,
    L: Loss<N::Output, Scalar = f32> + Copy,
    O: Optimizer + Copy,
{
    fn once(&mut self) {
        let x = self.x.as_array::<B>().expect("a batch of inputs");
        let targets = self.targets.as_array::<B>().expect("a batch of targets");
        self.last = black_box(self.trainer.step(&mut self.net, black_box(x), targets));
    }

    fn reset(&mut self) {
        let mut numbers = Vec::new();
        self.start.read(&mut numbers);
        self.net.write(&mut numbers.into_iter());
        *self.trainer = Trainer::new(self.loss, self.optimizer);
    }

    fn numbers(&mut self) -> Vec<f32> {
        let mut numbers = vec![self.last];
        self.net.read(&mut numbers);
        numbers
    }
}

/// An activation alone, as a layer of one's own: that is how vectorised functions are had.
struct Map<Act, const N: usize>(std::marker::PhantomData<Act>);

impl<Act, const N: usize> Zero for Map<Act, N> {
    const ZERO: Self = Map(std::marker::PhantomData);
}

impl<Act, const N: usize> Shape for Map<Act, N> {
    type Input = [f32; N];
    type Output = [f32; N];
    type First = Self;
    type Last = Self;
    type Live<X: Copy, Y: Copy> = (X, Y);
}

impl<Act: Elementwise, const N: usize> Layer for Map<Act, N> {
    type Tape<const B: usize> = ();

    #[inline(always)]
    fn infer<M: Machine, const B: usize>(&self, x: &[[f32; N]; B], y: &mut [[f32; N]; B]) {
        for (y, &x) in y.as_flattened_mut().iter_mut().zip(x.as_flattened()) {
            *y = Act::apply_rounding::<M::Rounding, f32>(x);
        }
    }

    #[inline(always)]
    fn forward<M: Machine, const B: usize>(
        &self,
        x: &[[f32; N]; B],
        (): &mut (),
        y: &mut [[f32; N]; B],
    ) {
        self.infer::<M, B>(x, y);
    }

    fn backward<M: Machine, const B: usize>(
        &self,
        _: &[[f32; N]; B],
        (): &mut (),
        _: &[[f32; N]; B],
        _: &mut [[f32; N]; B],
        _: Option<&mut [[f32; N]; B]>,
        _: &mut Self,
        _: Store,
    ) {
        unreachable!("only inferred");
    }

    fn visit<const K: usize, V: Visitor<K>>(&mut self, _: [&mut Self; K], _: &mut V) {}

    fn inspect<I: Inspector>(&self, _: &mut I) {}

    fn initialize<R: rand::Rng + ?Sized>(&mut self, _: Option<Init>, _: &mut R) {}
}

struct Exp;

impl Elementwise for Exp {
    const INIT: Init = Init::XavierUniform;
    type Derivative = FromOutput;

    #[inline(always)]
    fn apply<T: Float>(x: T) -> T {
        x.exp()
    }

    #[inline(always)]
    fn apply_rounding<R: Rounding, T: Float>(x: T) -> T {
        functions::exp::<R, T>(x)
    }

    #[inline(always)]
    fn derivative<T: Float>(y: T) -> T {
        y
    }
}

fn apply<Act: Elementwise, const N: usize>(problem: &Problem) -> Box<dyn Contender> {
    let map =
        PredictBatch { net: Box::new(Map::<Act, N>::ZERO), x: rows(&problem.x), y: vec![[0.0; N]] };
    Box::new(map)
}
