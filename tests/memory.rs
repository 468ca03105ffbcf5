//! What the constants promise is what happens: sizes, stack, statics and boxes.

use std::hint::black_box;
use std::sync::Mutex;

use constgrad::prelude::*;
use constgrad::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

type Digits = net![Dense<64, 32, Relu>, Dense<32, 10>];
type Mnist = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
type MnistTrainer = Trainer<Mnist, CrossEntropy, Adam, 32>;

#[test]
fn budgets_are_the_sizes() {
    const _: () = assert!(Digits::PARAMS == 2_410 && Digits::INFERENCE_RAM <= 1024);
    assert_eq!(Digits::PARAMS, 64 * 32 + 32 + 32 * 10 + 10);
    assert_eq!(Digits::MACS, 64 * 32 + 32 * 10);
    assert_eq!(Digits::WEIGHT_BYTES, 4 * Digits::PARAMS);
    assert_eq!(Digits::WEIGHT_BYTES, size_of::<Digits>());
    assert_eq!(Digits::INFERENCE_RAM, 4 * (64 + 32 + 10));
    assert_eq!(Mnist::INFERENCE_RAM, 4 * (784 + 2 * 128 + 10));

    // The largest hidden activation decides, wherever it is and however the network is nested.
    type Left = ((Dense<2, 30>, Dense<30, 40, Tanh>), Dense<40, 1>);
    type Right = (Dense<2, 30>, (Dense<30, 40, Tanh>, Dense<40, 1>));
    assert_eq!(Left::INFERENCE_RAM, 4 * (2 + 2 * 40 + 1));
    assert_eq!(Right::INFERENCE_RAM, 4 * (2 + 2 * 40 + 1));
    assert_eq!(<Dense<2, 30>>::INFERENCE_RAM, 4 * 32);
    assert_eq!(<Dense<3, 5, Relu, f64>>::WEIGHT_BYTES, 8 * 20);
}

#[test]
fn plain_sgd_has_no_state() {
    assert_eq!(size_of::<<Sgd as Optimizer>::State<Mnist>>(), 0);
    assert_eq!(size_of::<<Sgd<Momentum> as Optimizer>::State<Mnist>>(), Mnist::WEIGHT_BYTES);
}

/// The tape keeps h and its derivative between two layers, and s only where f′ needs it.
#[test]
fn the_tape_holds_no_more_than_it_must() {
    type From<Act> = net![Dense<3, 20, Act>, Dense<20, 2>];
    let output = 2 * 7 * 2 * 4; // y and its derivative
    let hidden = 2 * 7 * 20 * 4;
    assert_eq!(size_of::<Tape<From<Relu>, 7>>(), hidden + output);
    assert_eq!(size_of::<Tape<From<Softmax>, 7>>(), hidden + output);
    assert_eq!(size_of::<Tape<From<Silu>, 7>>(), hidden + output + 7 * 20 * 4);
}

#[test]
fn training_ram_is_network_gradient_state_and_tape() {
    let tape = size_of::<Tape<Mnist, 32>>();
    let settings = MnistTrainer::RAM - 4 * Mnist::WEIGHT_BYTES - tape;
    // The loss, the optimizer's numbers, the clipping, two powers of β.
    assert!((1..=128).contains(&settings), "{settings} bytes");
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

/// The most stack that `work` uses, by running it on a painted one.
fn peak_stack(work: impl FnOnce()) -> usize {
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

/// Return addresses, saved registers, spilled vectors and alignment, beyond the activations.
const FRAMES: usize = 1024;

fn assert_predicts_within_budget<N: Layer<Input: Copy>>(x: N::Input) {
    let net = Box::leak(Box::new(N::ZERO));
    net.predict(&x); // asks the processor what it can do
    let idle = peak_stack(|| ());
    let used = peak_stack(|| {
        black_box(&net.predict(black_box(&x)));
    }) - idle;
    // The input is not on this stack; the output is there twice, since it is returned by value.
    let activations = N::INFERENCE_RAM - size_of::<N::Input>() + size_of::<N::Output>();
    let budget = activations + FRAMES;
    println!("{:?}: {used} bytes of stack, {budget} allowed", N::layers());
    assert!(used <= budget, "{:?} uses {used} bytes of stack, {budget} allowed", N::layers());
}

/// Two buffers hold all activations in turn, however deep the network is and however it is
/// nested: these nets would need 16 times 2 KiB otherwise.
#[test]
#[cfg_attr(debug_assertions, ignore = "the optimiser lays out the stack: run with --release")]
fn prediction_uses_the_stack_that_inference_ram_promises() {
    type L<const A: usize, const B: usize> = Dense<A, B, Relu>;
    type Right = net![
        L<500, 501>, L<501, 502>, L<502, 503>, L<503, 504>, L<504, 505>, L<505, 506>, L<506, 507>,
        L<507, 508>, L<508, 509>, L<509, 510>, L<510, 511>, L<511, 512>, L<512, 513>, L<513, 514>,
        L<514, 515>, L<515, 10>
    ];
    type Four = net![L<500, 501>, L<501, 502>, L<502, 503>, L<503, 500>];
    type Balanced = ((Four, Four), (Four, Four));
    type Left = ((((Four, L<500, 500>), Four), L<500, 499>), L<499, 10>);
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            assert_predicts_within_budget::<Digits>([0.5; 64]);
            assert_predicts_within_budget::<Mnist>([0.5; 784]);
            assert_predicts_within_budget::<Right>([0.5; 500]);
            assert_predicts_within_budget::<Balanced>([0.5; 500]);
            assert_predicts_within_budget::<Left>([0.5; 500]);
        })
        .unwrap()
        .join()
        .unwrap();
}

/// A step works in the trainer's memory alone; a shorter batch has the tape of one sample on the
/// stack too.
#[test]
#[cfg_attr(debug_assertions, ignore = "the optimiser lays out the stack: run with --release")]
fn a_training_step_uses_hardly_any_stack() {
    static X: [[f32; 784]; 32] = [[0.25; 784]; 32];
    static NET: Mutex<Mnist> = Mutex::new(Mnist::ZERO);
    static TRAINER: Mutex<MnistTrainer> =
        Mutex::new(Trainer::new(CrossEntropy::new(), Adam::new(1e-3)));
    let (net, trainer) = (&mut *NET.lock().unwrap(), &mut *TRAINER.lock().unwrap());
    let labels = [Class::new(3).unwrap(); 32];
    trainer.step(net, &X, &labels); // asks the processor what it can do
    let idle = peak_stack(|| ());
    let step = peak_stack(|| {
        black_box(trainer.step(net, &X, &labels));
    }) - idle;
    let partial = peak_stack(|| {
        black_box(trainer.step_partial(net, &X[..7], &labels[..7])).unwrap();
    }) - idle;
    println!("step: {step} bytes of stack, step_partial: {partial}");
    assert!(step <= 2 * FRAMES, "a step uses {step} bytes of stack");
    let allowed = size_of::<Tape<Mnist, 1>>() + 2 * FRAMES;
    assert!(partial <= allowed, "a partial step uses {partial} bytes of stack, {allowed} allowed");
}
