//! What the machine can do: the most multiplications and additions, and bytes loaded, in a second
//! of one core.

use std::hint::black_box;

use crate::clock;

/// Measured limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// f32 operations a second, a fused multiply-add being two, in units of 10⁹.
    pub gflops: f64,
    /// Loads a second from a working set of [`L1_BYTES`], in units of 10⁹ bytes.
    pub l1: f64,
    /// The same of [`L2_BYTES`].
    pub l2: f64,
}

/// Half of the smallest first-level cache in use.
pub const L1_BYTES: usize = 16 << 10;
/// Beyond every first-level cache, and within every second-level one in use.
pub const L2_BYTES: usize = 256 << 10;

/// The best of many short runs of each kernel; `None` for a machine that has none here.
pub fn measure() -> Option<Limits> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        let wide = is_x86_feature_detected!("avx512f");
        // SAFETY: the features were just found.
        let fma =
            |n| unsafe { if wide { x86::fma512(n).max(x86::fma256(n)) } else { x86::fma256(n) } };
        let load = |data: &[f32], n| unsafe {
            if wide {
                x86::load512(data, n).max(x86::load256(data, n))
            } else {
                x86::load256(data, n)
            }
        };
        let best = |run: &dyn Fn() -> f64| (0..60).map(|_| run()).fold(0.0, f64::max);
        let bandwidth = |bytes: usize| {
            // A vector across two lines of the cache would be two loads.
            let data = vec![1.0; bytes / 4 + 16];
            let start = data.as_ptr().align_offset(64);
            best(&|| load(&data[start..start + bytes / 4], (1 << 23) / bytes))
        };
        return Some(Limits {
            gflops: best(&|| fma(20_000)),
            l1: bandwidth(L1_BYTES),
            l2: bandwidth(L2_BYTES),
        });
    }
    None
}

/// `amount` a nanosecond of `work`.
fn rate<T>(amount: usize, work: impl FnOnce() -> T) -> f64 {
    let start = clock::now();
    black_box(work());
    amount as f64 / (clock::now() - start).as_nanos() as f64
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{black_box, rate};

    macro_rules! kernels {
        ($fma:ident, $load:ident, $features:literal, $lanes:literal, $chains:literal,
         $set:ident, $fmadd:ident, $add:ident, $loadu:ident) => {
            /// Independent chains of fused multiply-adds: more of them than the units' latency
            /// times their number.
            #[target_feature(enable = $features)]
            pub fn $fma(count: usize) -> f64 {
                let (a, b) = ($set(black_box(0.999)), $set(black_box(0.001)));
                rate(2 * $lanes * $chains * count, || {
                    let mut sums = [b; $chains];
                    for _ in 0..count {
                        for sum in &mut sums {
                            *sum = $fmadd(*sum, a, b);
                        }
                    }
                    black_box(sums)
                })
            }

            /// Loads all of `data`, `count` times, into chains of sums.
            #[target_feature(enable = $features)]
            pub fn $load(data: &[f32], count: usize) -> f64 {
                rate(4 * data.len() * count, || {
                    let mut sums = [$set(0.0); 8];
                    for _ in 0..count {
                        let (blocks, _) = black_box(data).as_chunks::<{ 8 * $lanes }>();
                        for block in blocks {
                            for (i, sum) in sums.iter_mut().enumerate() {
                                // SAFETY: a block has 8 vectors.
                                let x = unsafe { $loadu(block.as_ptr().add(i * $lanes)) };
                                *sum = $add(*sum, x);
                            }
                        }
                    }
                    black_box(sums)
                })
            }
        };
    }

    kernels!(
        fma256,
        load256,
        "avx2,fma",
        8,
        12,
        _mm256_set1_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps,
        _mm256_loadu_ps
    );
    kernels!(
        fma512,
        load512,
        "avx512f",
        16,
        24,
        _mm512_set1_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps,
        _mm512_loadu_ps
    );
}
