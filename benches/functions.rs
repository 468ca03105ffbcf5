//! exp, tanh and their kin in `f32`: of 1024 numbers in the first cache, and of one vector that
//! waits for the one before. Each with the vectors of the target and, where there are any, with
//! those of AVX2 and AVX-512, which round a product and its sum once; beside them exp and tanh of `std`.
//!
//! `cargo bench --bench functions`

#[path = "common/elements.rs"]
mod elements;

use std::hint::black_box;

use constgrad::kernel::functions;
use constgrad::kernel::rounding::{Once, Twice};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use elements::{COUNT, many, numbers};

/// Numbers of a vector, and how many of them wait for each other.
const LANES: usize = 16;
const CHAIN: usize = 100;

/// Benches `$apply` on a machine of these `$features`.
macro_rules! level {
    ($c:ident, $name:expr, $apply:path, $level:literal $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        fn chain(mut x: [f32; LANES]) -> [f32; LANES] {
            for _ in 0..CHAIN {
                for x in &mut x {
                    // Keeps the next argument in -1..1, where no function is slow or trivial.
                    *x = $apply(*x) * 0.25;
                }
            }
            x
        }

        let many = many!($apply $(, $features)?);
        let (x, mut y) = (numbers(), [0.0; COUNT]);
        let mut group = $c.benchmark_group(format!("{} {}", $name, $level));
        group.throughput(Throughput::Elements(COUNT as u64));
        // SAFETY: a level with features is reached where the processor has them.
        group.bench_function("each of 1024", |b| {
            b.iter(|| unsafe_call!(many(black_box(&x), black_box(&mut y)) $(, $features)?));
        });
        group.throughput(Throughput::Elements(CHAIN as u64));
        let x: [f32; LANES] = std::array::from_fn(|i| i as f32 / 8.0 - 1.0);
        group.bench_function("a vector after another", |b| {
            b.iter(|| unsafe_call!(chain(black_box(x)) $(, $features)?));
        });
        group.finish();
    }};
}

/// A call, which is only unsafe of a function with features.
macro_rules! unsafe_call {
    ($call:expr) => {
        $call
    };
    ($call:expr, $features:literal) => {
        unsafe { $call }
    };
}

macro_rules! function {
    ($c:ident, $name:ident) => {
        let name = stringify!($name);
        function!($c, name, functions::$name::<Twice, f32>, functions::$name::<Once, f32>);
    };
    ($c:ident, $name:expr, $twice:path, $once:path) => {{
        level!($c, $name, $twice, "baseline");
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                level!($c, $name, $once, "AVX2", "avx2,fma");
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
            {
                level!($c, $name, $once, "AVX-512", "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma");
            }
        }
    }};
}

fn functions(c: &mut Criterion) {
    function!(c, exp);
    function!(c, exp_m1);
    function!(c, ln);
    function!(c, ln_1p);
    function!(c, softplus);
    function!(c, tanh);
    function!(c, sigmoid);
    function!(c, normal_cdf);
    function!(c, "std exp", f32::exp, f32::exp);
    function!(c, "std tanh", f32::tanh, f32::tanh);
}

criterion_group!(benches, functions);
criterion_main!(benches);
