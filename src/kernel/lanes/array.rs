//! Vectors where there are none: four numbers, each in a register of its own.

use super::{Lanes, Square};
use crate::Float;

impl<T: Float> Lanes<T> for [T; 4] {
    type Half = Self;

    const N: usize = 4;
    const SUMS: usize = 4;
    const PARTIAL_SUMS: usize = 4;
    const WIDTH: usize = 4;
    const PLAIN: bool = true;

    #[inline(always)]
    fn splat(x: T) -> Self {
        [x; 4]
    }

    #[inline(always)]
    fn add(self, [e, f, g, h]: Self) -> Self {
        let [a, b, c, d] = self;
        [a + e, b + f, c + g, d + h]
    }

    #[inline(always)]
    fn mul_add(self, [e, f, g, h]: Self, [i, j, k, l]: Self) -> Self {
        let [a, b, c, d] = self;
        [a * e + i, b * f + j, c * g + k, d * h + l]
    }

    #[inline(always)]
    fn relu(self) -> Self {
        self.map(T::relu)
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller's.
        unsafe { from.cast::<Self>().read() }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const T, n: usize) -> Self {
        let mut lanes = [T::ZERO; 4];
        for (i, lane) in lanes.iter_mut().enumerate().take(n) {
            // SAFETY: i is less than n.
            *lane = unsafe { from.add(i).read() };
        }
        lanes
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller's.
        unsafe { to.cast::<Self>().write(self) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, n: usize) {
        for (i, lane) in self.into_iter().enumerate().take(n) {
            // SAFETY: i is less than n.
            unsafe { to.add(i).write(lane) }
        }
    }
}

impl<T: Float> Square<T> for [T; 4] {
    const SEGMENT: usize = 4;

    #[inline(always)]
    fn zip(self, [e, f, g, h]: Self) -> (Self, Self) {
        let [a, b, c, d] = self;
        ([a, e, b, f], [c, g, d, h])
    }

    #[inline(always)]
    unsafe fn load_segments(from: *const T, _: usize) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::load(from) }
    }
}
