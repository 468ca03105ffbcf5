//! What the constants promise is what happens: sizes, stack, statics and boxes.

use std::hint::black_box;
use std::sync::Mutex;

use constgrad::prelude::*;
use constgrad::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

type Digits = net![Dense<64, 32, Relu>, Dense<32, 10>];
type Mnist = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
type MnistTrainer = Trainer<Mnist, CrossEntropy, Adam, 32>;

/// A layer in memory: where there are vectors, whole lines of the cache.
const fn in_memory(bytes: usize) -> usize {
    let vectors = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    if vectors { bytes.next_multiple_of(64) } else { bytes }
}

#[test]
fn budgets_are_the_sizes() {
    const _: () = assert!(Digits::PARAMS == 2_410 && Digits::INFERENCE_RAM <= 1024);
    assert_eq!(Digits::PARAMS, 64 * 32 + 32 + 32 * 10 + 10);
    assert_eq!(Digits::MACS, 64 * 32 + 32 * 10);
    assert_eq!(Digits::WEIGHT_BYTES, 4 * Digits::PARAMS);
    let layers = in_memory(4 * (64 * 32 + 32)) + in_memory(4 * (32 * 10 + 10));
    assert_eq!(size_of::<Digits>(), layers);
    assert_eq!(Digits::INFERENCE_RAM, 4 * (64 + 32 + 10));
    assert_eq!(Mnist::INFERENCE_RAM, 4 * (784 + 128 + 64 + 10));

    // The largest two hidden neighbours decide, wherever they are and however the network is nested.
    type Left = (((Dense<2, 30>, Dense<30, 40, Tanh>), Dense<40, 5>), Dense<5, 1>);
    type Right = (Dense<2, 30>, (Dense<30, 40, Tanh>, (Dense<40, 5>, Dense<5, 1>)));
    type Balanced = ((Dense<2, 30>, Dense<30, 40, Tanh>), (Dense<40, 5>, Dense<5, 1>));
    let found = [Left::INFERENCE_RAM, Right::INFERENCE_RAM, Balanced::INFERENCE_RAM];
    assert_eq!(found, [4 * (2 + 30 + 40 + 1); 3]);
    assert_eq!(<(Dense<2, 30>, Dense<30, 1>)>::INFERENCE_RAM, 4 * (2 + 30 + 1));
    assert_eq!(<Dense<2, 30>>::INFERENCE_RAM, 4 * 32);
    assert_eq!(<Dense<3, 5, Relu, f64>>::WEIGHT_BYTES, 8 * 20);
}

/// As many as an optimizer is shown; and each weight of W multiplies one number of the input.
#[test]
fn parameters_and_multiplications_are_those_of_the_tensors() {
    struct Count(usize);
    impl Visitor<0> for Count {
        fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
            self.0 += parameters.len();
        }
    }
    let (mut net, mut count) = (Digits::ZERO, Count(0));
    net.visit([], &mut count);
    assert_eq!(count.0, Digits::PARAMS);
    let (hidden, output) = &net;
    let weights = hidden.rows().flatten().count() + output.rows().flatten().count();
    assert_eq!(weights, Digits::MACS);
}

#[test]
fn plain_sgd_has_no_state() {
    assert_eq!(size_of::<<Sgd as Optimizer>::State<Mnist>>(), 0);
    assert_eq!(size_of::<<Sgd<Momentum> as Optimizer>::State<Mnist>>(), size_of::<Mnist>());
}

/// The tape keeps y and each h, s only where f′ needs it, and no more derivatives than two of
/// neighbours.
#[test]
fn the_tape_holds_no_more_than_it_must() {
    type From<Act> = net![Dense<3, 20, Act>, Dense<20, 2>];
    let (output, hidden) = (in_memory(7 * 2 * 4), in_memory(7 * 20 * 4));
    let derivatives = in_memory(7 * (20 + 2) * 4);
    assert_eq!(size_of::<Tape<From<Relu>, 7>>(), output + hidden + derivatives);
    assert_eq!(size_of::<Tape<From<Softmax>, 7>>(), output + hidden + derivatives);
    assert_eq!(size_of::<Tape<From<Silu>, 7>>(), output + 2 * hidden + derivatives);

    type Deep =
        (net![Dense<3, 30>, Dense<30, 20>, Dense<20, 29>], net![Dense<29, 20>, Dense<20, 2>]);
    let activations = [2, 20, 29, 20, 30].map(|n| in_memory(7 * n * 4)).iter().sum::<usize>();
    assert_eq!(size_of::<Tape<Deep, 7>>(), activations + in_memory(7 * (30 + 20) * 4));
}

#[test]
fn training_ram_is_network_gradient_state_and_tapes() {
    let tape = size_of::<Tape<Mnist, 32>>() + size_of::<Tape<Mnist, 1>>();
    let settings = MnistTrainer::RAM - 4 * size_of::<Mnist>() - tape;
    // The loss, the optimizer's numbers, the clipping, two powers of β, and padding.
    assert!((1..=256).contains(&settings), "{settings} bytes");
}

/// Runs `work` in a thread with a stack of 1 MiB.
fn in_one_mebibyte(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

fn train(net: &mut Mnist, trainer: &mut MnistTrainer) {
    net.init(&mut Xoshiro256PlusPlus::seed_from_u64(1));
    static X: [[f32; 784]; 32] = [[0.25; 784]; 32];
    let labels = [Class::new(3).unwrap(); 32];
    let before = trainer.step(net, &X, &labels);
    for _ in 0..3 {
        trainer.step(net, &X, &labels);
    }
    trainer.step_partial(net, &X[..7], &labels[..7]).unwrap();
    let after = trainer.evaluate(net, &X[..], &labels).unwrap();
    assert!(after < before, "{after} after {before}");
}

/// The weights and the trainer of a large network need 2.3 MB; the stack has 1 MiB.
#[test]
fn a_large_network_trains_in_statics() {
    static NET: Mutex<Mnist> = Mutex::new(Mnist::ZERO);
    static TRAINER: Mutex<MnistTrainer> =
        Mutex::new(Trainer::new(CrossEntropy::new(), Adam::new(1e-3)));
    in_one_mebibyte(|| train(&mut NET.lock().unwrap(), &mut TRAINER.lock().unwrap()));
}

#[cfg(feature = "alloc")]
#[test]
fn a_large_network_trains_in_boxes() {
    in_one_mebibyte(|| {
        let mut net = boxed!(Mnist::ZERO);
        let mut trainer = boxed!(MnistTrainer::new(CrossEntropy::new(), Adam::new(1e-3)));
        train(&mut net, &mut trainer);
    });
}

/// The most stack that `work` uses, by running it on a painted one; beyond that of doing nothing.
fn peak_stack(mut work: impl FnMut()) -> usize {
    // The first time the dynamic linker works on the stack too, and the processor is asked.
    painted(&mut work);
    painted(&mut work) - painted(&mut || ())
}

fn painted(work: &mut dyn FnMut()) -> usize {
    const PAINT: u8 = 0xa5;
    let mut stack = vec![PAINT; 1 << 20];
    // SAFETY: the memory is ours, is aligned by psm's own rule for a base and a size, and is not
    // touched while `work` runs on it.
    unsafe {
        let base = stack.as_mut_ptr();
        let offset = base.align_offset(4096);
        psm::on_stack(base.add(offset), (1 << 20) - 8192, work);
    }
    let untouched = stack[4096..].iter().take_while(|&&byte| byte == PAINT).count();
    (1 << 20) - 4096 - untouched
}

/// The stack that a call may use beyond what the constants count: return addresses, saved
/// registers, spilled vectors.
const FRAMES: usize = 1536;

/// What a kernel packs where it multiplies with Wᵀ, in every backward pass.
const PACKED: usize = 64 * 32 * 4;

fn assert_uses(what: &str, net: &str, used: usize, counted: usize) {
    let line = format!("{what} of {net}: {used} bytes of stack, {counted} + {FRAMES} allowed");
    println!("{line}");
    assert!(used <= counted + FRAMES, "{line}");
}

/// Prediction of one sample, and of a block of 16.
fn assert_predicts_within_budget<N: Layer<Input: Copy>>(name: &str, x: N::Input) {
    let net = Box::leak(Box::new(N::ZERO));
    let (inputs, mut outputs) = ([x; 16], vec![N::Output::ZERO; 16]);
    let outputs = &mut outputs[..];
    let one = peak_stack(|| {
        black_box(&net.predict(black_box(&x)));
    });
    let block = peak_stack(|| net.predict_batch(black_box(&inputs), outputs).unwrap());
    // The input is not on this stack. A single output is there twice, since it is returned by
    // value; those of a block are not there either.
    let output = size_of::<N::Output>();
    let between = N::INFERENCE_RAM - size_of::<N::Input>() - output;
    assert_uses("predict", name, one, between + 2 * output);
    assert_uses("predict_batch", name, block, 16 * between);
}

/// Two neighbouring activations are there at a time, however deep the network is and however it is
/// nested. All activations of these would be 10 kB and more, two buffers for the larger of two
/// neighbours 4 kB; and 16 times that for a block.
#[test]
#[cfg_attr(debug_assertions, ignore = "the optimiser lays out the stack: run with --release")]
fn prediction_uses_the_stack_that_inference_ram_promises() {
    type L<const A: usize, const B: usize> = Dense<A, B, Relu>;
    type Four<const A: usize, const B: usize, const C: usize> =
        net![L<500, A>, L<A, B>, L<B, C>, L<C, 500>];
    type Right = net![
        L<50, 500>, L<500, 51>, L<51, 501>, L<501, 52>, L<52, 502>, L<502, 53>, L<53, 503>,
        L<503, 54>, L<54, 504>, L<504, 55>, L<55, 505>, L<505, 56>, L<56, 506>, L<506, 57>,
        L<57, 507>, L<507, 10>
    ];
    type Balanced =
        ((Four<50, 501, 51>, Four<52, 502, 53>), (Four<54, 503, 55>, Four<56, 504, 57>));
    type Left =
        ((((Four<50, 501, 51>, L<500, 52>), L<52, 502>), (L<502, 53>, L<53, 503>)), L<503, 10>);
    const { assert!(Right::INFERENCE_RAM == 4 * (50 + 10 + 507 + 57)) };
    const { assert!(Balanced::INFERENCE_RAM == 4 * (500 + 500 + 504 + 57)) };
    const { assert!(Left::INFERENCE_RAM == 4 * (500 + 10 + 503 + 53)) };
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            assert_predicts_within_budget::<Digits>("64-32-10", [0.5; 64]);
            assert_predicts_within_budget::<Mnist>("784-128-64-10", [0.5; 784]);
            assert_predicts_within_budget::<Right>("16 layers to the right", [0.5; 50]);
            assert_predicts_within_budget::<Balanced>("16 layers, balanced", [0.5; 500]);
            assert_predicts_within_budget::<Left>("9 layers to the left", [0.5; 500]);
        })
        .unwrap()
        .join()
        .unwrap();
}

/// A step works in the trainer's memory; a shorter batch has the tape of one sample on the stack
/// too, and evaluation the activations of a prediction.
#[test]
#[cfg_attr(debug_assertions, ignore = "the optimiser lays out the stack: run with --release")]
fn training_uses_the_stack_that_its_ram_promises() {
    static X: [[f32; 784]; 32] = [[0.25; 784]; 32];
    static NET: Mutex<Mnist> = Mutex::new(Mnist::ZERO);
    static TRAINER: Mutex<MnistTrainer> =
        Mutex::new(Trainer::new(CrossEntropy::new(), Adam::new(1e-3)));
    let (net, trainer) = (&mut *NET.lock().unwrap(), &mut *TRAINER.lock().unwrap());
    let labels = [Class::new(3).unwrap(); 32];
    let step = peak_stack(|| {
        black_box(trainer.step(net, &X, &labels));
    });
    let partial = peak_stack(|| {
        black_box(trainer.step_partial(net, &X[..7], &labels[..7])).unwrap();
    });
    let evaluate = peak_stack(|| {
        black_box(trainer.evaluate(net, &X, &labels)).unwrap();
    });
    // What the constant counts, and is not on this stack: the network and the trainer.
    let counted = MnistTrainer::RAM - size_of::<Mnist>() - size_of::<MnistTrainer>();
    assert_uses("step", "784-128-64-10", step, PACKED);
    assert_uses("step_partial", "784-128-64-10", partial, counted + PACKED);
    assert_uses("evaluate", "784-128-64-10", evaluate, counted);
}

/// In `f64` a kernel packs half as many columns: no more bytes.
#[test]
#[cfg_attr(debug_assertions, ignore = "the optimiser lays out the stack: run with --release")]
fn training_in_double_precision_packs_no_more() {
    type Double =
        net![Dense<64, 128, Relu, f64>, Dense<128, 64, Relu, f64>, Dense<64, 10, Identity, f64>];
    type DoubleTrainer = Trainer<Double, MeanSquaredError, Sgd, 32>;
    static X: [[f64; 64]; 32] = [[0.25; 64]; 32];
    static TARGETS: [[f64; 10]; 32] = [[0.5; 10]; 32];
    static NET: Mutex<Double> = Mutex::new(Double::ZERO);
    static TRAINER: Mutex<DoubleTrainer> =
        Mutex::new(Trainer::new(MeanSquaredError, Sgd::new(1e-3)));
    let (net, trainer) = (&mut *NET.lock().unwrap(), &mut *TRAINER.lock().unwrap());
    let step = peak_stack(|| {
        black_box(trainer.step(net, &X, &TARGETS));
    });
    assert_uses("step", "64-128-64-10 of f64", step, PACKED);
}
