//! Whether a prediction takes the same instructions whatever its input is.

use core::hint::black_box;

use constgrad::prelude::*;
use constgrad::{
    Activation, Dense, Elu, Gelu, GeluTanh, HardSigmoid, HardTanh, Identity, LeakyRelu, Relu, Selu,
    Sigmoid, Silu, Softmax, Softplus, Softsign, Tanh, net,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use semihosting::println;

use firmware::chip::Counter;

type Net<Act> = net![Dense<5, 7, Act>, Dense<7, 2>];

/// Inputs that are tried for each activation.
const INPUTS: usize = 1_000;

/// Predictions that are counted together: one instruction more in each is more than the timer's
/// tick of 40.
const CALLS: u32 = 64;

const SPECIAL: [f32; 8] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    -f32::MIN_POSITIVE,
    1e-42, // subnormal
    0.0,
    -0.0,
];

/// Counts for every activation, and says which are not constant.
pub fn check(counter: &Counter) -> bool {
    let mut ok = true;
    macro_rules! check {
        ($($activation:ident)*) => {$(
            let (fewest, most) = instructions::<$activation>(counter);
            if most > fewest + 40 {
                println!("NOT CONSTANT {}: {fewest} to {most} for {CALLS}", stringify!($activation));
                ok = false;
            }
        )*};
    }
    check!(
        Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh HardTanh
        Softplus Softsign Softmax
    );
    if ok {
        println!("time        constant for {INPUTS} inputs and each activation");
    }
    ok
}

/// The fewest and the most instructions that `CALLS` predictions take, of all inputs.
fn instructions<Act: Activation>(counter: &Counter) -> (u64, u64) {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(11);
    let mut net = Net::<Act>::ZERO;
    net.init(rng);
    let (mut fewest, mut most) = (u64::MAX, 0);
    for n in 0..INPUTS {
        // Any bits at all: one in 128 is subnormal, infinite or NaN.
        let mut x = [(); 5].map(|()| f32::from_bits(rng.random()));
        if n % 2 == 0 {
            x[n % 5] = SPECIAL[n / 2 % SPECIAL.len()];
        } else if n % 4 == 1 {
            x = x.map(|x| (x.to_bits() as i32) as f32 * 1e-9);
        }
        let count = counter.instructions(|| {
            for _ in 0..CALLS {
                black_box(net.predict(black_box(&x)));
            }
        });
        fewest = fewest.min(count);
        most = most.max(count);
    }
    (fewest, most)
}
