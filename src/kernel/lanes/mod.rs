//! Vectors of numbers, one trait over the vector instructions of all targets.
//!
//! | machine | `f32` | `f64` | a · b + c |
//! |---|---|---|---|
//! | AVX-512 | 16 | 8 | rounded once |
//! | AVX2 with FMA | 8 | 4 | rounded once |
//! | SSE2 | 4 | 2 | rounded twice |
//! | NEON | 4 | 2 | rounded once |
//! | WebAssembly `simd128` | 4 | 2 | rounded twice |
//! | any other, microcontrollers among them | array of 4 | array of 4 | rounded twice |
//!
//! The feature `unfused` makes all of them round twice.
//!
//! What a kernel computes for one number never depends on how many are in a vector, so machines
//! of the same rounding give the same bits. Only tanh of `f32` differs: machines of the last row look it up
//! in a table (`kernel::tanh`), and with `unfused` all do.

use super::Float;

/// Implements [`Lanes`] for a vector type by the names of its instructions.
#[cfg(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
macro_rules! lanes {
    (
        $vector:ty: [$t:ty; $n:literal], half $half:ty, sums $sums:literal or $partial:literal, width $width:literal,
        $splat:ident, $load:ident, $store:ident, $add:ident,
        |$x:ident| $relu:expr,
        |$a:ident, $b:ident, $c:ident| $mul_add:expr,
        |$from:ident, $loaded:ident| $load_first:expr,
        |$rest:ident, $to:ident, $stored:ident| $store_first:expr
        $(, |$four:ident, $places:ident| $splat_four:expr, $all_places:expr)?
    ) => {
        impl Lanes<$t> for $vector {
            type Half = $half;

            const N: usize = $n;
            const SUMS: usize = $sums;
            const PARTIAL_SUMS: usize = $partial;
            const WIDTH: usize = $width;

            #[inline(always)]
            fn splat(x: $t) -> Self {
                // SAFETY: see `Lanes`: a machine with this vector has its instructions.
                unsafe { $splat(x) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $add(self, other) }
            }

            #[inline(always)]
            fn mul_add(self, $b: Self, $c: Self) -> Self {
                let $a = self;
                // SAFETY: as above.
                unsafe { $mul_add }
            }

            #[inline(always)]
            fn relu(self) -> Self {
                let $x = self;
                // SAFETY: as above.
                unsafe { $relu }
            }

            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: as above, and the caller's.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn load_first($from: *const $t, $loaded: usize) -> Self {
                debug_assert!((1..=$n).contains(&$loaded));
                // SAFETY: as above, and the caller's.
                unsafe { $load_first }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: as above, and the caller's.
                unsafe { $store(to, self) }
            }

            #[inline(always)]
            unsafe fn store_first(self, $to: *mut $t, $stored: usize) {
                debug_assert!((1..=$n).contains(&$stored));
                let $rest = self;
                // SAFETY: as above, and the caller's.
                unsafe { $store_first }
            }

            $(
                const SPLATS_FOUR: bool = true;

                #[inline(always)]
                fn places() -> [Self; 4] {
                    // SAFETY: as above.
                    unsafe { $all_places }
                }

                #[inline(always)]
                unsafe fn splat_four($four: *const $t, $places: &[Self; 4]) -> [Self; 4] {
                    // SAFETY: as above, and the caller's.
                    unsafe { $splat_four }
                }
            )?
        }
    };
}

/// Implements [`Square`] for a vector type of so many numbers in 128 bits.
#[cfg(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
macro_rules! square {
    (
        $vector:ty: $t:ty, segment $segment:literal,
        |$a:ident, $b:ident| $zip:expr,
        |$from:ident, $step:pat_param| $load:expr
        $(,
            |$from_eight:ident, $loaded:ident| $load_eight:expr,
            |$numbers:ident, $places:ident| $permute:expr,
            |$first:ident, $n:ident, $rest:ident| $then:expr
        )?
    ) => {
        impl Square<$t> for $vector {
            const SEGMENT: usize = $segment;

            #[inline(always)]
            fn zip(self, $b: Self) -> (Self, Self) {
                let $a = self;
                // SAFETY: see `Lanes`: a machine with this vector has its instructions.
                unsafe { $zip }
            }

            #[inline(always)]
            unsafe fn load_segments($from: *const $t, $step: usize) -> Self {
                // SAFETY: as above, and the caller's.
                unsafe { $load }
            }

            $(
                const PERMUTES: bool = true;

                #[inline(always)]
                unsafe fn load_eight($from_eight: *const $t, $loaded: usize) -> Self {
                    // SAFETY: as above, and the caller's.
                    unsafe { $load_eight }
                }

                #[inline(always)]
                unsafe fn permute(self, $places: *const i32) -> Self {
                    let $numbers = self;
                    // SAFETY: as above, and the caller's.
                    unsafe { $permute }
                }

                #[inline(always)]
                fn then(self, $n: usize, $rest: Self) -> Self {
                    let $first = self;
                    // SAFETY: as above.
                    unsafe { $then }
                }
            )?
        }
    };
}

/// Of a fused multiply-add and its two steps the one that the crate is built for.
#[cfg(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
macro_rules! fused {
    ($fused:expr, $steps:expr) => {
        if cfg!(feature = "unfused") { $steps } else { $fused }
    };
}

mod array;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86;

/// A vector of [`N`](Self::N) numbers.
///
/// A vector type is named by its [`Machine`](super::Machine) alone, and a machine is had only
/// where its instructions are: so the arithmetic is safe to call. The pointers are the caller's
/// business.
pub trait Lanes<T>: Copy {
    /// A vector of half as many numbers, where the machine gains by taking it for few numbers, to
    /// transpose them too; else this.
    type Half: Square<T>;

    /// Numbers in a vector.
    const N: usize;
    /// Vectors of sums that a tile may keep in registers, beside what is multiplied.
    const SUMS: usize;
    /// The same where the last vectors of the rows are not whole: fewer, if a mask takes a
    /// register that sums would need.
    const PARTIAL_SUMS: usize;
    /// The most vectors in a row of a tile.
    const WIDTH: usize;
    /// Whether this is no vector but an array: then the products are those of `product::plain`.
    const PLAIN: bool = false;

    /// `x` everywhere.
    fn splat(x: T) -> Self;
    /// a + b.
    fn add(self, other: Self) -> Self;
    /// `self` · b + c.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// The larger of each number and 0, as [`Series::relu`](super::functions::Series::relu).
    fn relu(self) -> Self;

    /// The `N` numbers from `from` on.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load(from: *const T) -> Self;
    /// The first `n` of 1 to `N` numbers from `from` on, the rest being zero.
    ///
    /// # Safety
    /// The first `n` can be read.
    unsafe fn load_first(from: *const T, n: usize) -> Self;
    /// Writes the `N` numbers.
    ///
    /// # Safety
    /// `N` numbers can be written from `to` on.
    unsafe fn store(self, to: *mut T);
    /// Writes the first `n` of 1 to `N` numbers.
    ///
    /// # Safety
    /// `n` numbers can be written from `to` on.
    unsafe fn store_first(self, to: *mut T, n: usize);

    /// Whether [`splat_four`](Self::splat_four) is quicker than to load each.
    const SPLATS_FOUR: bool = false;

    /// What [`splat_four`](Self::splat_four) needs, to be kept in registers.
    #[inline(always)]
    fn places() -> [Self; 4]
    where
        T: Float,
    {
        [Self::splat(T::ZERO); 4]
    }

    /// Each of the four numbers from `from` on, everywhere. `places` is what [`places`](Self::places) gives.
    ///
    /// # Safety
    /// They can be read.
    #[inline(always)]
    unsafe fn splat_four(from: *const T, _places: &[Self; 4]) -> [Self; 4]
    where
        T: Float,
    {
        // SAFETY: the caller's.
        unsafe {
            let (second, third, fourth) = (*from.add(1), *from.add(2), *from.add(3));
            [Self::splat(*from), Self::splat(second), Self::splat(third), Self::splat(fourth)]
        }
    }
}

/// The same pointer: the compiler does not know how it was computed, or where it points.
#[inline(always)]
pub(super) fn hidden<T>(pointer: *const T) -> *const T {
    #[cfg(all(not(miri), target_arch = "x86_64"))]
    let pointer = {
        let mut hidden = pointer;
        // SAFETY: to the compiler this may read memory and change the pointer; it is a comment.
        unsafe {
            core::arch::asm!("/* {0} */", inout(reg) hidden, options(pure, readonly, nostack, preserves_flags));
        }
        hidden
    };
    pointer
}

/// The same number: the compiler does not know it.
#[inline(always)]
pub(in crate::kernel) fn unknown(number: usize) -> usize {
    #[cfg(all(not(miri), target_arch = "x86_64"))]
    let number = {
        let mut unknown = number;
        // SAFETY: to the compiler this may change the number; it is a comment.
        unsafe {
            core::arch::asm!("/* {0} */", inout(reg) unknown, options(pure, nomem, nostack, preserves_flags));
        }
        unknown
    };
    number
}

/// A vector of one or more segments of 128 bits, across which it costs more to move a number.
pub trait Square<T>: Lanes<T> {
    /// Numbers in a segment.
    const SEGMENT: usize;

    /// The numbers of both in turn, in two vectors: in each segment a₀ b₀ a₁ b₁ and so on.
    fn zip(self, b: Self) -> (Self, Self);

    /// Segments: the numbers from `from` on, those from `step` behind it on, and so on.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load_segments(from: *const T, step: usize) -> Self;

    /// Whether this is a vector of 8 or 16 numbers that has the operations below; else none is called.
    const PERMUTES: bool = false;

    /// The first `n` of 1 to 8 numbers from `from` on, −0 up to the eighth, and what there may be behind it in a
    /// vector of 16.
    ///
    /// # Safety
    /// The first `n` can be read.
    #[inline(always)]
    unsafe fn load_eight(from: *const T, n: usize) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::load_first(from, n) }
    }

    /// The numbers at the `N` places from `places` on, which count modulo `N`.
    ///
    /// # Safety
    /// They can be read.
    #[inline(always)]
    unsafe fn permute(self, _places: *const i32) -> Self {
        self
    }

    /// The first `n` of these numbers, and the rest of those. The compiler must know `n`, which is then
    /// part of an instruction and takes no register; else it would have to jump.
    #[inline(always)]
    fn then(self, _n: usize, _rest: Self) -> Self {
        self
    }
}

/// The vectors that every processor of the target has.
pub(super) mod baseline {
    cfg_select! {
        all(target_arch = "x86_64", target_feature = "sse2") => {
            pub use super::x86::baseline::*;
        }
        all(target_arch = "aarch64", target_feature = "neon") => {
            pub use super::neon::*;
        }
        all(target_arch = "wasm32", target_feature = "simd128") => {
            pub use super::wasm::*;
        }
        _ => {
            pub type F32 = [f32; 4];
            pub type F64 = [f64; 4];
        }
    }
}

/// Whether the target has no vectors, or none that are used: the last row of the table above.
pub(super) const PLAIN: bool = <baseline::F32 as Lanes<f32>>::PLAIN;

#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(super) use x86::avx2;
#[cfg(all(feature = "std", target_arch = "x86_64", any(test, not(debug_assertions))))]
pub(super) use x86::avx512;
