//! The vectors of WebAssembly.

use core::arch::wasm32::*;

use super::{Lanes, Square};

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32(v128);

/// Two `f64`.
#[derive(Clone, Copy)]
pub struct F64(v128);

macro_rules! lanes {
    (
        $vector:ident: [$t:ty; $n:literal], $splat:ident, $add:ident, $mul:ident, $max:ident,
        |$even:ident, $odd:ident| $zip:expr,
        |$from:ident, $loaded:ident| $load_first:expr,
        |$rest:ident, $to:ident, $stored:ident| $store_first:expr
    ) => {
        impl Lanes<$t> for $vector {
            type Half = Self;

            const N: usize = $n;
            const SUMS: usize = 12;
            const PARTIAL_SUMS: usize = 8;
            const WIDTH: usize = 2;

            #[inline(always)]
            fn splat(x: $t) -> Self {
                $vector($splat(x))
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                $vector($add(self.0, other.0))
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $vector($add($mul(self.0, b.0), c.0))
            }

            #[inline(always)]
            fn relu(self) -> Self {
                $vector($max(self.0, $splat(0.0)))
            }

            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller's.
                $vector(unsafe { v128_load(from.cast()) })
            }

            #[inline(always)]
            unsafe fn load_first($from: *const $t, $loaded: usize) -> Self {
                // SAFETY: the caller's.
                $vector(unsafe { $load_first })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the caller's.
                unsafe { v128_store(to.cast(), self.0) }
            }

            #[inline(always)]
            unsafe fn store_first(self, $to: *mut $t, $stored: usize) {
                let $rest = self.0;
                // SAFETY: the caller's.
                unsafe { $store_first }
            }
        }

        impl Square<$t> for $vector {
            const SEGMENT: usize = $n;

            #[inline(always)]
            fn zip(self, other: Self) -> (Self, Self) {
                let ($even, $odd) = (self.0, other.0);
                let (low, high) = $zip;
                ($vector(low), $vector(high))
            }

            #[inline(always)]
            unsafe fn load_segments(from: *const $t, _: usize) -> Self {
                // SAFETY: the caller's.
                unsafe { Self::load(from) }
            }
        }
    };
}

lanes!(
    F32: [f32; 4], f32x4_splat, f32x4_add, f32x4_mul, f32x4_max,
    |a, b| (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b)),
    |from, n| match n {
        1 => v128_load32_zero(from.cast()),
        2 => v128_load64_zero(from.cast()),
        3 => v128_load32_lane::<2>(v128_load64_zero(from.cast()), from.add(2).cast()),
        _ => v128_load(from.cast()),
    },
    |vector, to, n| match n {
        1 => v128_store32_lane::<0>(vector, to.cast()),
        2 => v128_store64_lane::<0>(vector, to.cast()),
        3 => {
            v128_store64_lane::<0>(vector, to.cast());
            v128_store32_lane::<2>(vector, to.add(2).cast());
        }
        _ => v128_store(to.cast(), vector),
    }
);

lanes!(
    F64: [f64; 2], f64x2_splat, f64x2_add, f64x2_mul, f64x2_max,
    |a, b| (i64x2_shuffle::<0, 2>(a, b), i64x2_shuffle::<1, 3>(a, b)),
    |from, n| match n {
        1 => v128_load64_zero(from.cast()),
        _ => v128_load(from.cast()),
    },
    |vector, to, n| match n {
        1 => v128_store64_lane::<0>(vector, to.cast()),
        _ => v128_store(to.cast(), vector),
    }
);
