//! A network on a chip: reads digits with weights in flash, learns, and prints what that costs.
//!
//! `examples/firmware/run` builds it, runs it in QEMU, and adds what only the linker knows.

#![no_std]
#![no_main]

mod bits;
mod constant_time;
mod digits;
mod expected;
mod measure;
mod soak;
mod xor;

use core::hint::black_box;

use constgrad::prelude::*;
use constgrad::{
    Adam, Class, CrossEntropy, Dense, Layer, OnlineSgd, Optimizer, Relu, Sgd, Tanh, Trainer, net,
};
use digits::{BATCH, LastLayerTrainer, NET, Net, features};
use expected::{LOGITS, RELEARNED, XOR};
use firmware::chip::{self, Counter};
use firmware::difference::{TOLERANCE, larger, largest_difference};
use firmware::held_out::{self, HELD_OUT};
use measure::{Cost, cost};
use semihosting::{println, process};
use xor::XorTrainer;

type WholeTrainer<O> = Trainer<Net, CrossEntropy, O, 1>;
type WholeOnline = OnlineSgd<Net, CrossEntropy>;

/// Networks of other sizes, to be measured only.
type Small = net![Dense<4, 16, Tanh>, Dense<16, 16, Tanh>, Dense<16, 2>];
type Large = net![Dense<16, 64, Relu>, Dense<64, 64, Relu>, Dense<64, 10>];

static SMALL: Small = (dense(), (dense(), dense()));
static LARGE: Large = (dense(), (dense(), dense()));

/// Weights of ordinary numbers: without an FPU zeros would be quicker.
const fn dense<const IN: usize, const OUT: usize, Act>() -> Dense<IN, OUT, Act> {
    Dense::new([[0.07; IN]; OUT], [0.01; OUT])
}

#[chip::entry]
fn main() -> ! {
    let mut ok = read_digits();
    if cfg!(feature = "train") {
        ok &= learn_xor();
        ok &= learn_last_layer();
    }
    if cfg!(feature = "compare") {
        ok &= train_to_the_same_bits();
        ok &= train_for_long();
    }
    let counter = Counter::start();
    // Without an FPU the time of a sum depends on its numbers.
    if cfg!(all(feature = "compare", target_abi = "eabihf")) {
        ok &= constant_time::check(&counter);
    }
    print_costs(&counter);
    process::exit(if ok { 0 } else { 1 })
}

fn read_digits() -> bool {
    let (mut right, mut right_on_host) = (0, 0);
    let mut difference = 0.0;
    for (digit, expected) in HELD_OUT.iter().zip(&LOGITS) {
        let logits = predict(&digit.input());
        right += usize::from(Class::largest(&logits) == digit.label);
        right_on_host += usize::from(Class::largest(expected) == digit.label);
        difference = larger(difference, largest_difference(&logits, expected));
    }
    println!("digits      {right} of {} read rightly, {right_on_host} on the host", HELD_OUT.len());
    agrees(difference) & (right == right_on_host)
}

fn learn_xor() -> bool {
    let learned = xor::learn();
    let ([before, after], [a, b, c, d]) = (learned.losses, learned.answers);
    println!("xor         loss {before:.6} → {after:.6} in {} steps of 4", xor::STEPS);
    println!("            answers {a:.3}, {b:.3}, {c:.3}, {d:.3}");
    let losses = largest_difference(&learned.losses, &XOR.losses);
    let answers = largest_difference(&learned.answers, &XOR.answers);
    agrees(larger(losses, answers)) & (after < 0.001)
}

fn learn_last_layer() -> bool {
    let learned = digits::relearn();
    let [before, after, test] = learned.losses;
    let (steps, others) = (digits::STEPS, HELD_OUT.len() - digits::LEARNED);
    println!("last layer  loss {before:.6} → {after:.6} in {steps} steps of {BATCH}");
    println!("            {} of {others} other digits read rightly, loss {test:.6}", learned.right);
    agrees(largest_difference(&learned.losses, &RELEARNED.losses))
        & (learned.right == RELEARNED.right)
        & (after < before)
}

fn train_to_the_same_bits() -> bool {
    if !fits(bits::NetTrainer::<Adam>::RAM) {
        println!("bits        too large for this chip");
        return true;
    }
    let (hash, steps) = (bits::hash(), bits::STEPS);
    let same = hash == bits::UNFUSED;
    let verdict = if same { "the same as" } else { "OTHER THAN" };
    println!("bits        {hash:016x} after {steps} steps of 4, {verdict} on the host");
    same
}

fn train_for_long() -> bool {
    let steps = 20_000;
    if !fits(soak::NetTrainer::RAM) {
        println!("soak        too large for this chip");
        return true;
    }
    let Ok(soaked) = soak::soak(steps) else { return false };
    let (refused, partial) = (soaked.refused, soaked.partial);
    println!("soak        {steps} steps, {partial} of them shorter, and {refused} refused");
    println!("            loss {:.6} in the end", soaked.loss);
    if !soaked.as_documented {
        println!("            NOT AS DOCUMENTED");
    }
    soaked.as_documented
}

/// Whether the largest difference between the answers here and on the host is small enough.
fn agrees(difference: f32) -> bool {
    let agrees = difference <= TOLERANCE;
    let verdict = if agrees { "" } else { ": TOO MUCH" };
    println!("            largest difference from the host {difference:.1e}{verdict}");
    agrees
}

fn print_costs(counter: &Counter) {
    println!("\n{:36}{:>12}  {:>10}  {:>11}", "", "instructions", "peak stack", "RAM by type");
    print_cost("inference", inference_cost(counter), Net::INFERENCE_RAM);
    if cfg!(feature = "train") {
        print_cost("step of xor, batch of 4", xor_cost(counter), XorTrainer::RAM);
        let last_layer = last_layer_cost(counter);
        print_cost("step of the last layer, batch of 4", last_layer, LastLayerTrainer::RAM);
        print_cost(
            "online step of the whole network",
            fits(WholeOnline::RAM).then(|| online_cost(counter)),
            WholeOnline::RAM,
        );
        let (sgd, adam) = (Sgd::new(0.01), Adam::new(0.01));
        print_whole("SGD step of the whole network", counter, sgd);
        print_whole("Adam step of the whole network", counter, adam);
    }
    if cfg!(feature = "compare") {
        print_cost("inference of 4-16-16-2", other_cost(counter, &SMALL), Small::INFERENCE_RAM);
        print_cost("inference of 16-64-64-10", other_cost(counter, &LARGE), Large::INFERENCE_RAM);
    }
}

/// Whether so many bytes are free for what is measured.
#[inline(always)]
fn fits(ram: usize) -> bool {
    measure::free() >= ram + measure::PAINTED + 512
}

fn print_whole<O: Optimizer>(name: &str, counter: &Counter, optimizer: O) {
    let ram = WholeTrainer::<O>::RAM;
    print_cost(name, fits(ram).then(|| whole_cost(counter, optimizer)), ram);
}

fn print_cost(name: &str, cost: impl Into<Option<Cost>>, ram: usize) {
    match cost.into() {
        Some(Cost { instructions, stack }) => {
            println!("{name:36}{instructions:>12}  {stack:>10}  {ram:>11}");
        }
        None => println!("{name:36}{:>24}  {ram:>11}", "too large for this chip"),
    }
}

/// The logits of the network. As the functions below, it is not inlined: its cost can be seen, and
/// its stack is free again afterwards.
#[inline(never)]
fn predict(x: &[f32; 64]) -> [f32; 10] {
    if cfg!(feature = "predict") {
        NET.predict(x)
    } else {
        // An input that nobody reads would not be made either.
        black_box(x);
        black_box([0.0; 10])
    }
}

#[inline(never)]
fn inference_cost(counter: &Counter) -> Cost {
    let x = HELD_OUT[0].input();
    cost(counter, || {
        black_box(&predict(black_box(&x)));
    })
}

#[inline(never)]
fn xor_cost(counter: &Counter) -> Cost {
    let (mut net, mut trainer) = xor::begin();
    cost(counter, || {
        black_box(trainer.step(&mut net, black_box(&xor::INPUTS), &xor::TARGETS));
    })
}

#[inline(never)]
fn last_layer_cost(counter: &Counter) -> Cost {
    let digits: &[_; BATCH] = HELD_OUT.first_chunk().expect("more digits than a batch");
    let features = digits.each_ref().map(features);
    let labels = digits.each_ref().map(|digit| digit.label);
    let (mut layer, mut trainer) = digits::forget();
    cost(counter, || {
        black_box(trainer.step(&mut layer, black_box(&features), &labels));
    })
}

#[inline(never)]
fn whole_cost<O: Optimizer>(counter: &Counter, optimizer: O) -> Cost {
    let (x, label) = ([HELD_OUT[0].input()], [HELD_OUT[0].label]);
    let mut net = NET.clone();
    let mut trainer = WholeTrainer::new(CrossEntropy::new(), optimizer);
    cost(counter, || {
        black_box(trainer.step(&mut net, black_box(&x), &label));
    })
}

#[inline(never)]
fn online_cost(counter: &Counter) -> Cost {
    let (x, label) = (HELD_OUT[0].input(), HELD_OUT[0].label);
    let mut net = NET.clone();
    let mut online = WholeOnline::new(CrossEntropy::new(), 0.01);
    cost(counter, || {
        black_box(online.step(&mut net, black_box(&x), &label));
    })
}

#[inline(never)]
fn other_cost<const IN: usize, N: Layer<Input = [f32; IN]>>(counter: &Counter, net: &N) -> Cost {
    let mut x = [0.0; IN];
    x.iter_mut().zip(HELD_OUT[0].input()).for_each(|(x, pixel)| *x = pixel);
    cost(counter, || {
        black_box(net.predict(black_box(&x)));
    })
}
