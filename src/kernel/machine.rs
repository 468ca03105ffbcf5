//! The machines a kernel can be compiled for, and the choice among them at run time.

use super::Float;

/// The machine that a pass runs on: what its arithmetic offers.
///
/// A layer's passes are generic over it and hand it on; the crate chooses it once per public
/// call ([`Network::predict`](crate::Network::predict), [`Trainer::step`](crate::Trainer::step), ...)
/// by asking the processor. Sealed: a machine can only be had inside such a call.
pub trait Machine: private::Sealed + Copy + 'static {
    /// Whether [`mul_add`](Self::mul_add) rounds once.
    const FUSED: bool;

    /// a · b + c, in the fastest way that the machine has: see [`FUSED`](Self::FUSED).
    #[inline(always)]
    fn mul_add<T: Float>(a: T, b: T, c: T) -> T {
        #[cfg(feature = "std")]
        if Self::FUSED {
            return T::fused(a, b, c);
        }
        a * b + c
    }

    /// Runs `body` as a function of its own, compiled for this machine. Everything that `body`
    /// inlines is compiled with the machine's instructions.
    fn run<R>(body: impl FnOnce() -> R) -> R;
}

mod private {
    pub trait Sealed {}
}

/// What every processor of the target has.
#[derive(Clone, Copy)]
pub struct Baseline;

impl private::Sealed for Baseline {}

impl Machine for Baseline {
    const FUSED: bool = cfg!(all(
        feature = "std",
        any(target_arch = "aarch64", all(target_arch = "x86_64", target_feature = "fma"))
    ));

    #[inline(never)]
    fn run<R>(body: impl FnOnce() -> R) -> R {
        body()
    }
}

/// Runs an expression that is generic over the [`Machine`] on the best one that this processor
/// is. The only place that may name a machine other than [`Baseline`].
macro_rules! dispatch {
    (|$M:ident| $body:expr) => {{
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        match $crate::kernel::machine::x86::level() {
            $crate::kernel::machine::x86::Level::Avx512 => {
                type $M = $crate::kernel::machine::x86::Avx512;
                <$M as $crate::Machine>::run(|| $body)
            }
            $crate::kernel::machine::x86::Level::Avx2 => {
                type $M = $crate::kernel::machine::x86::Avx2;
                <$M as $crate::Machine>::run(|| $body)
            }
            $crate::kernel::machine::x86::Level::Baseline => {
                type $M = $crate::kernel::machine::Baseline;
                <$M as $crate::Machine>::run(|| $body)
            }
        }
        #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
        {
            type $M = $crate::kernel::machine::Baseline;
            <$M as $crate::Machine>::run(|| $body)
        }
    }};
}
pub(crate) use dispatch;

#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(crate) mod x86 {
    use core::sync::atomic::{AtomicU8, Ordering};
    use std::is_x86_feature_detected;

    use super::{Machine, private};

    #[derive(Clone, Copy, PartialEq, Eq)]
    #[repr(u8)]
    pub(crate) enum Level {
        Baseline = 1,
        Avx2 = 2,
        Avx512 = 3,
    }

    /// The best level of this processor, asked once per process.
    #[inline(always)]
    pub(crate) fn level() -> Level {
        static LEVEL: AtomicU8 = AtomicU8::new(0);
        match LEVEL.load(Ordering::Relaxed) {
            1 => Level::Baseline,
            2 => Level::Avx2,
            3 => Level::Avx512,
            _ => {
                let level = detect();
                LEVEL.store(level as u8, Ordering::Relaxed);
                level
            }
        }
    }

    #[cold]
    fn detect() -> Level {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw");
        match (avx2, avx512) {
            (true, true) => Level::Avx512,
            (true, false) => Level::Avx2,
            (false, _) => Level::Baseline,
        }
    }

    macro_rules! machine {
        ($(#[$doc:meta])* $name:ident, $features:literal) => {
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub(crate) struct $name;

            impl private::Sealed for $name {}

            impl Machine for $name {
                const FUSED: bool = true;

                #[inline(always)]
                fn run<R>(body: impl FnOnce() -> R) -> R {
                    #[inline(never)]
                    #[target_feature(enable = $features)]
                    fn compiled_for<R>(body: impl FnOnce() -> R) -> R {
                        body()
                    }
                    // SAFETY: the type is private to the crate, and `dispatch!` alone names it,
                    // after `level` has found these features on this processor.
                    unsafe { compiled_for(body) }
                }
            }
        };
    }

    machine!(
        /// AVX2 and FMA: vectors of 8 `f32`.
        Avx2,
        "avx2,fma"
    );
    machine!(
        /// AVX-512: vectors of 16 `f32`, and 32 of them.
        Avx512,
        "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"
    );
}
