//! Layers of all widths up to 33 and of some more for one sample, against loops by definition: the same bits.
//!
//! On the Cortex-M4F these are the assembly of `constgrad`, of which each number of outputs takes
//! other registers. `examples/firmware/run` builds and runs it there.

#![no_std]
#![no_main]

use core::array;
use core::hint::black_box;
use core::slice;

use constgrad::Dense;
use constgrad::prelude::*;
use cortex_m_rt::entry;
use semihosting::{println, process};

/// What lies before and behind a result, and stays.
const MARK: f32 = 0.123;

#[entry]
fn main() -> ! {
    let (mut checked, mut wrong) = (0, 0);
    let mut numbers = Numbers(1);
    macro_rules! check {
        ($($outputs:literal)*) => {$(
            // A single chain, a term for some chains, other terms for each, and a multiple of four for all.
            for right in [
                is_right::<1, $outputs>(&mut numbers, predicted),
                is_right::<5, $outputs>(&mut numbers, predicted),
                is_right::<13, $outputs>(&mut numbers, predicted_between_marks),
                is_right::<64, $outputs>(&mut numbers, predicted),
            ] {
                checked += 1;
                wrong += i32::from(!right);
            }
        )*};
    }
    check!(
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33
        40 47 48 49 63 64 65 128 129 137 144
    );
    println!("{wrong} of {checked} layers differ from loops by definition");
    process::exit(i32::from(wrong > 0))
}

/// Numbers from −1 to 1 that round wherever they are added.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

fn predicted<const IN: usize, const OUT: usize>(
    layer: &Dense<IN, OUT>,
    x: &[f32; IN],
) -> Option<[f32; OUT]> {
    Some(layer.predict(x))
}

/// `None` if anything is written beside the outputs, or nothing. Where they are stored is up to their number alone.
fn predicted_between_marks<const IN: usize, const OUT: usize>(
    layer: &Dense<IN, OUT>,
    x: &[f32; IN],
) -> Option<[f32; OUT]> {
    let mut y = [[MARK; OUT]; 3];
    layer.predict_batch(slice::from_ref(x), &mut y[1..2]).ok()?;
    // The compiler may not believe that the margins stay.
    let [before, y, after] = black_box(&y);
    [before, after].iter().all(|margin| **margin == [MARK; OUT]).then_some(*y)
}

#[inline(never)]
fn is_right<const IN: usize, const OUT: usize>(
    numbers: &mut Numbers,
    predict: fn(&Dense<IN, OUT>, &[f32; IN]) -> Option<[f32; OUT]>,
) -> bool {
    let w: [[f32; IN]; OUT] = array::from_fn(|_| array::from_fn(|_| numbers.next()));
    let bias: [f32; OUT] = array::from_fn(|_| numbers.next());
    let x: [f32; IN] = array::from_fn(|_| numbers.next());
    let layer = Dense::<IN, OUT>::new(w, bias);
    let y = predict(&layer, black_box(&x));
    let right = y.is_some_and(|y| by_loops(w.as_flattened(), &bias, &x, black_box(&y)));
    if !right {
        println!("{IN} -> {OUT}: not the bits of loops by definition");
    }
    right
}

/// Whether y = W x + b to the bit, where the inputs are dealt to as many chains of sums as an output
/// has: those in panels of 16 by their number, those behind 8.
#[inline(never)]
fn by_loops(w: &[f32], bias: &[f32], x: &[f32], y: &[f32]) -> bool {
    let whole = y.len() / 16 * 16;
    w.chunks(x.len()).zip(bias).zip(y).enumerate().all(|(out, ((w, &bias), y))| {
        let chains = match whole {
            128.. if out < whole => 1,
            33.. if out < whole => 2,
            17.. if out < whole => 4,
            _ => 8,
        };
        let mut sums = [0.0; 8];
        sums[0] = bias;
        for (i, (w, x)) in w.iter().zip(x).enumerate() {
            // A product is rounded before it is added.
            sums[i % chains] += black_box(w * x);
        }
        let mut half = chains / 2;
        while half > 0 {
            for chain in 0..half {
                sums[chain] += sums[chain + half];
            }
            half /= 2;
        }
        sums[0].to_bits() == y.to_bits()
    })
}
