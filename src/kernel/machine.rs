//! The machines a kernel can be compiled for, and the choice among them at run time.

use super::Float;
use super::lanes::{self, Square};
use super::rounding::Rounding;
#[cfg(all(test, feature = "std"))]
use super::rounding::Twice;

/// The machine that a pass runs on: what its arithmetic offers.
///
/// A layer's passes are generic over it and hand it on; the crate chooses it for each
/// pass of a public call ([`Network::predict`](crate::Network::predict), [`Trainer::step`](crate::Trainer::step), ...)
/// by asking the processor. Sealed: a machine can only be had inside such a call.
pub trait Machine: private::Sealed + Copy + 'static {
    /// Whether [`mul_add`](Self::mul_add) rounds once.
    const FUSED: bool = Self::Rounding::FUSED;

    /// How it rounds a product and its sum.
    #[doc(hidden)]
    type Rounding: Rounding;
    /// Its vectors of `f32`.
    #[doc(hidden)]
    type F32: Square<f32>;
    /// Its vectors of `f64`.
    #[doc(hidden)]
    type F64: Square<f64>;

    /// a · b + c, in the fastest way that the machine has: see [`FUSED`](Self::FUSED).
    #[inline(always)]
    fn mul_add<T: Float>(a: T, b: T, c: T) -> T {
        Self::Rounding::mul_add(a, b, c)
    }

    /// Does `task` in a function of its own, compiled for this machine: everything that the task
    /// inlines is compiled with the machine's instructions.
    fn run<T: Task>(task: T) -> T::Output;

    /// Does the task that `make` makes of six values, as [`run`](Self::run) does.
    ///
    /// The values are handed over in registers, where a task of more than two is handed over in
    /// memory. `make` is `#[inline(always)]`.
    #[doc(hidden)]
    fn run_made<T: Task, A, B, C, D, E, F>(
        make: impl FnOnce(A, B, C, D, E, F) -> T,
        a: A,
        b: B,
        c: C,
        d: D,
        e: E,
        f: F,
    ) -> T::Output;
}

/// Work to be done on some [`Machine`].
///
/// A closure would be shorter, but whether a closure is inlined is up to the compiler; one that
/// is not would be compiled without the machine's instructions. Implementations are
/// `#[inline(always)]`.
pub trait Task {
    /// What the work gives.
    type Output;

    /// Does the work.
    fn run<M: Machine>(self) -> Self::Output;
}

mod private {
    pub trait Sealed {}
}

/// The functions of a machine that has no more than the target.
macro_rules! functions {
    () => {
        #[inline(never)]
        fn run<T: Task>(task: T) -> T::Output {
            task.run::<Self>()
        }

        #[inline(never)]
        fn run_made<T: Task, A, B, C, D, E, F>(
            make: impl FnOnce(A, B, C, D, E, F) -> T,
            a: A,
            b: B,
            c: C,
            d: D,
            e: E,
            f: F,
        ) -> T::Output {
            make(a, b, c, d, e, f).run::<Self>()
        }
    };
}

mod baseline {
    cfg_select! {
        all(
            not(feature = "unfused"),
            any(
                all(target_arch = "aarch64", target_feature = "neon"),
                all(target_arch = "x86_64", target_feature = "avx2", target_feature = "fma")
            )
        ) => {
            pub type Rounding = crate::kernel::rounding::Once;
        }
        _ => {
            pub type Rounding = crate::kernel::rounding::Twice;
        }
    }
}

/// What every processor of the target has.
#[derive(Clone, Copy)]
pub struct Baseline;

impl private::Sealed for Baseline {}

impl Machine for Baseline {
    type Rounding = baseline::Rounding;
    type F32 = lanes::baseline::F32;
    type F64 = lanes::baseline::F64;

    functions!();
}

/// A machine without vectors, for the tests: microcontrollers are such.
#[cfg(all(test, feature = "std"))]
#[derive(Clone, Copy)]
pub struct Plain;

#[cfg(all(test, feature = "std"))]
impl private::Sealed for Plain {}

#[cfg(all(test, feature = "std"))]
impl Machine for Plain {
    type Rounding = Twice;
    type F32 = [f32; 4];
    type F64 = [f64; 4];

    functions!();
}

/// On the best machine that this processor is: the only place that may name one other than
/// [`Baseline`]. Of others it calls the function with their instructions, or else what `Baseline` does.
///
/// Not by its address: then LLVM would not see that nothing unwinds.
macro_rules! on_the_best {
    ($function:ident or $otherwise:ident($($argument:expr),*)) => {
        cfg_select! {
            all(feature = "std", target_arch = "x86_64") => {
                match super::Level::current() {
                    // SAFETY: `current` is a level that this processor has.
                    super::Level::Avx512 => unsafe { x86::Avx512::$function($($argument),*) },
                    // SAFETY: as above.
                    super::Level::Avx2 => unsafe { x86::Avx2::$function($($argument),*) },
                    super::Level::Baseline => Baseline::$otherwise($($argument),*),
                }
            }
            _ => {{
                super::processor::look();
                Baseline::$otherwise($($argument),*)
            }}
        }
    };
}

/// Does `task` on the best machine that this processor is.
#[inline(always)]
pub(crate) fn dispatch<T: Task>(task: T) -> T::Output {
    on_the_best!(function or run(task))
}

/// Does the task that `make` makes: see [`Machine::run_made`].
#[inline(always)]
pub(crate) fn dispatch_made<T: Task, A, B, C, D, E, F>(
    make: impl FnOnce(A, B, C, D, E, F) -> T,
    a: A,
    b: B,
    c: C,
    d: D,
    e: E,
    f: F,
) -> T::Output {
    on_the_best!(function_made or run_made(make, a, b, c, d, e, f))
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(crate) mod x86 {
    use super::{Machine, Task, lanes, private};

    #[cfg(not(feature = "unfused"))]
    type Found = crate::kernel::rounding::Once;
    #[cfg(feature = "unfused")]
    type Found = crate::kernel::rounding::Twice;

    macro_rules! machine {
        ($(#[$doc:meta])* $name:ident, $lanes:ident, $features:literal) => {
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub(crate) struct $name;

            impl private::Sealed for $name {}

            impl Machine for $name {
                type Rounding = Found;
                type F32 = lanes::$lanes::F32;
                type F64 = lanes::$lanes::F64;

                #[inline(always)]
                fn run<T: Task>(task: T) -> T::Output {
                    // SAFETY: the type is private to the kernels, and `on_the_best` and their tests
                    // alone name it, for a `Level` that this processor has.
                    unsafe { $name::call(task) }
                }

                #[inline(always)]
                fn run_made<T: Task, A, B, C, D, E, F>(
                    make: impl FnOnce(A, B, C, D, E, F) -> T,
                    a: A,
                    b: B,
                    c: C,
                    d: D,
                    e: E,
                    f: F,
                ) -> T::Output {
                    // SAFETY: as above.
                    unsafe { $name::call_made(make, a, b, c, d, e, f) }
                }
            }

            // `run` has no target features: if it called `function`, the compiler would not heed
            // `inline(never)`, or would call it by way of a jump. `call` has them, and is inlined
            // into kernels, which have them too; its own call stays one.
            impl $name {
                #[inline]
                #[target_feature(enable = $features)]
                fn call<T: Task>(task: T) -> T::Output {
                    $name::function(task)
                }

                #[inline(never)]
                #[target_feature(enable = $features)]
                pub(super) fn function<T: Task>(task: T) -> T::Output {
                    task.run::<$name>()
                }

                #[inline]
                #[target_feature(enable = $features)]
                fn call_made<T: Task, A, B, C, D, E, F>(
                    make: impl FnOnce(A, B, C, D, E, F) -> T,
                    a: A,
                    b: B,
                    c: C,
                    d: D,
                    e: E,
                    f: F,
                ) -> T::Output {
                    $name::function_made(make, a, b, c, d, e, f)
                }

                #[inline(never)]
                #[target_feature(enable = $features)]
                pub(super) fn function_made<T: Task, A, B, C, D, E, F>(
                    make: impl FnOnce(A, B, C, D, E, F) -> T,
                    a: A,
                    b: B,
                    c: C,
                    d: D,
                    e: E,
                    f: F,
                ) -> T::Output {
                    make(a, b, c, d, e, f).run::<$name>()
                }
            }
        };
    }

    machine!(
        /// AVX2 and FMA: vectors of 8 `f32`.
        Avx2,
        avx2,
        "avx2,fma"
    );
    /// Without optimisation nothing is vectorised, and AVX-512 would give the bits of AVX2: a
    /// debug build is spared compiling every pass once more.
    #[cfg(not(any(test, not(debug_assertions))))]
    pub(crate) type Avx512 = Avx2;

    #[cfg(any(test, not(debug_assertions)))]
    machine!(
        /// AVX-512: vectors of 16 `f32`, and 32 of them.
        Avx512,
        avx512,
        "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"
    );
}

#[cfg(test)]
mod tests {
    use core::hint::black_box;
    use core::marker::PhantomData;

    use super::*;
    use crate::kernel::lanes::Lanes;

    /// (1 + ε)² − (1 + 2ε) of single numbers, and of vectors: ε² if rounded once, else 0.
    struct Rounds<T>(T);

    impl<T: Float> Task for Rounds<T> {
        type Output = ();

        #[inline(always)]
        fn run<M: Machine>(self) {
            let epsilon = self.0;
            let a = black_box(T::ONE + epsilon);
            let c = black_box(-(a + epsilon));
            let expected = if M::FUSED { epsilon * epsilon } else { T::ZERO };
            assert!(M::mul_add(a, a, c) == expected);

            let [a, c] = [a, c].map(T::Lanes::<M>::splat);
            for n in 1..=T::Lanes::<M>::N {
                let mut sums = [T::NAN; 16];
                // SAFETY: no vector is longer.
                unsafe { a.mul_add(a, c).store_first(sums.as_mut_ptr(), n) };
                assert!(sums[..n].iter().all(|&sum| sum == expected));
                assert!(sums[n..].iter().all(|sum| sum.is_nan()));
            }
        }
    }

    /// Relu of numbers in vectors has the bits of each, but for those of NaN.
    struct Edges<T>(PhantomData<T>);

    impl<T: Float> Task for Edges<T> {
        type Output = ();

        #[inline(always)]
        fn run<M: Machine>(self) {
            for x in [0.0, 1.5, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NAN] {
                for x in [x, -x].map(T::from_f64) {
                    let mut found = T::NAN;
                    // SAFETY: this is one number.
                    unsafe { T::Lanes::<M>::splat(black_box(x)).relu().store_first(&mut found, 1) };
                    let sign = T::ONE.copysign(found);
                    assert!(
                        found == x.relu() && sign == T::ONE || found.is_nan() && x.is_nan(),
                        "{x}"
                    );
                }
            }
        }
    }

    #[test]
    fn relu_of_vectors_is_that_of_numbers() {
        Baseline::run(Edges::<f32>(PhantomData));
        Baseline::run(Edges::<f64>(PhantomData));
        dispatch(Edges::<f32>(PhantomData));
        dispatch(Edges::<f64>(PhantomData));
    }

    #[test]
    fn numbers_and_vectors_round_as_their_machine_says() {
        Baseline::run(Rounds(f32::EPSILON));
        Baseline::run(Rounds(f64::EPSILON));
        dispatch(Rounds(f32::EPSILON));
        dispatch(Rounds(f64::EPSILON));
    }
}
