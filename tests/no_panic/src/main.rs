//! Everything that runs in a loop, of every activation, loss and optimizer, in a program that
//! links only if none of it can panic: what a panic leads to calls a function that does not exist.

#![cfg_attr(not(feature = "std"), no_std, no_main)]

use core::hint::black_box;

use constgrad::prelude::*;
use constgrad::{
    Adagrad, Adam, AdamW, BinaryCrossEntropy, Class, Clip, CrossEntropy, Dense, Elu, Gelu,
    GeluTanh, HardSigmoid, HardTanh, Huber, Identity, Layer, LeakyRelu, Loss, MeanAbsoluteError,
    MeanSquaredError, OnlineSgd, Optimizer, Relu, RmsProp, Selu, Sgd, Sigmoid, Silu, Softmax,
    Softplus, Softsign, Tanh, Trainer, net,
};

unsafe extern "C" {
    fn constgrad_can_panic() -> !;
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: there is no such function, so there is no such program.
    unsafe { constgrad_can_panic() }
}

#[cfg(not(feature = "std"))]
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    run();
    0
}

/// With `std` the panic handler is std's; but where nothing unwinds, nothing drops this.
#[cfg(feature = "std")]
struct Unwound;

#[cfg(feature = "std")]
impl Drop for Unwound {
    fn drop(&mut self) {
        // SAFETY: there is no such function, so there is no such program.
        unsafe { constgrad_can_panic() }
    }
}

#[cfg(feature = "std")]
fn main() {
    let unwound = Unwound;
    run();
    core::mem::forget(unwound);
}

/// Sizes that no vector divides, most of them too large to be inlined.
type Net<Act> = net![Dense<7, 65, Act>, Dense<65, 33, Act>, Dense<33, 3>];

/// Without a layer between two others, which is quicker to compile.
type Short<Act> = net![Dense<7, 65, Act>, Dense<65, 3>];

const BATCH: usize = 5;

static mut INPUTS: [[f32; 7]; 2 * BATCH] = [[0.5; 7]; 2 * BATCH];
static mut OUTPUTS: [[f32; 3]; 2 * BATCH] = [[0.0; 3]; 2 * BATCH];

/// What the program reads and writes, unknown to the compiler.
struct Data {
    inputs: &'static mut [[f32; 7]; 2 * BATCH],
    outputs: &'static mut [[f32; 3]; 2 * BATCH],
}

fn predict<N: Layer<Input = [f32; 7], Output = [f32; 3]>>(data: &mut Data) {
    let net = N::ZERO;
    let net = black_box(&net);
    black_box(net.predict(&data.inputs[0]));
    let _ =
        black_box(net.predict_batch(black_box(&data.inputs[..]), black_box(&mut data.outputs[..])));
    train::<N, _, _>(MeanSquaredError, Sgd::new(0.1), &[[0.25; 3]; BATCH], data);
}

fn train<N, L, O>(loss: L, optimizer: O, targets: &[L::Target; BATCH], data: &mut Data)
where
    N: Layer<Input = [f32; 7], Output = [f32; 3]>,
    L: Loss<[f32; 3]> + Copy,
    O: Optimizer,
{
    let mut net = N::ZERO;
    let net = black_box(&mut net);
    let mut trainer = Trainer::<N, L, O, BATCH>::new(loss, optimizer);
    let trainer = black_box(&mut trainer);
    let inputs: &[_; BATCH] = data.inputs.as_chunks().0.first().unwrap_or(&[[0.0; 7]; BATCH]);
    let targets = black_box(targets);
    black_box(trainer.step(net, inputs, targets));
    let _ = black_box(trainer.step_checked(net, inputs, targets));
    let _ = black_box(trainer.step_partial(net, black_box(&inputs[..]), black_box(&targets[..])));
    let _ = black_box(trainer.epoch(net, black_box(&inputs[..]), black_box(&targets[..])));
    let _ = black_box(trainer.evaluate(net, black_box(&inputs[..]), black_box(&targets[..])));
    let mut online = OnlineSgd::<N, L>::new(loss, 0.1);
    black_box(black_box(&mut online).step(net, &inputs[0], &targets[0]));
}

fn run() {
    // SAFETY: this is called once.
    let mut data =
        unsafe { Data { inputs: &mut *&raw mut INPUTS, outputs: &mut *&raw mut OUTPUTS } };
    let data = black_box(&mut data);

    if cfg!(feature = "trap") {
        black_box(data.inputs[black_box(7)]);
        return predict::<Short<Identity>>(data);
    }

    macro_rules! predict {
        ($($activation:ident)*) => { $(predict::<Short<$activation>>(data);)* };
    }
    predict!(
        Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh HardTanh
        Softplus Softsign Softmax
    );

    predict::<Net<Relu>>(data);
    let numbers = &[[0.25; 3]; BATCH];
    train::<Net<Tanh>, _, _>(MeanSquaredError, Sgd::new(0.1), numbers, data);
    train::<Net<Tanh>, _, _>(MeanAbsoluteError, Sgd::new(0.1).momentum(0.9), numbers, data);
    train::<Net<Tanh>, _, _>(Huber::new(0.5), Sgd::new(0.1).nesterov(0.9), numbers, data);
    train::<Net<Tanh>, _, _>(BinaryCrossEntropy, Adam::new(0.1), numbers, data);
    let classes = &[Class::largest(&[0.0, 1.0, 0.5]); BATCH];
    train::<Net<Tanh>, _, _>(CrossEntropy { label_smoothing: 0.1 }, AdamW::new(0.1), classes, data);
    train::<Net<Tanh>, _, _>(CrossEntropy::new(), RmsProp::new(0.1), classes, data);
    train::<Net<Tanh>, _, _>(CrossEntropy::new(), Adagrad::new(0.1), classes, data);

    let mut double = <net![Dense<7, 9, Tanh, f64>, Dense<9, 3, Relu, f64>]>::ZERO;
    let mut trainer = Trainer::<_, _, _, 2>::new(MeanSquaredError, Adam::new(0.1));
    let (x, y) = black_box(([[0.5; 7]; 2], [[0.25; 3]; 2]));
    black_box(trainer.step(black_box(&mut double), &x, &y));
    black_box(double.predict(&x[0]));

    let mut gradient = Net::<Relu>::ZERO;
    for clip in black_box([Clip::Value(0.5), Clip::Norm(0.5)]) {
        clip.apply(black_box(&mut gradient));
    }
}
