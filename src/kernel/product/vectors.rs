//! Rows of several vectors, which a tile takes at once, and half vectors. A row of [`Panels`] lies
//! in parts, one in each panel.
//!
//! [`Panels`]: crate::kernel::Panels

use super::matrix::width;
use crate::kernel::lanes::Lanes;
use crate::kernel::{Float, Machine};

/// Half a vector: for few numbers of one sample, since half as long vectors lie across lines of the cache
/// half as often; for those of a batch where the processor gains by it; and to transpose.
pub(super) type Half<X, T> = <<T as Float>::Lanes<X> as Lanes<T>>::Half;

const fn half_is_less<X: Machine, T: Float>() -> bool {
    Half::<X, T>::N < T::Lanes::<X>::N
}

/// Whether half a vector is enough for so many numbers, and less than one.
pub(super) const fn is_half<X: Machine, T: Float>(numbers: usize) -> bool {
    half_is_less::<X, T>() && numbers > 0 && numbers <= Half::<X, T>::N
}

/// Whether it may be for the last of so many columns, as far as they are known.
pub(super) const fn may_have_half<X: Machine, T: Float>(cols: Option<usize>) -> bool {
    match cols {
        Some(cols) => is_half::<X, T>(cols % T::Lanes::<X>::N),
        None => half_is_less::<X, T>(),
    }
}

/// Where vector `n` of a row is, which begins with a part if it is of several.
#[inline(always)]
pub(super) const fn vector<T, V: Lanes<T>>(n: usize, part: usize) -> usize {
    let vectors = const { width::<T>() / V::N };
    n / vectors * part + n % vectors * V::N
}

/// The `N` vectors from `from` on, the last of `last` numbers: of all, if it is `WHOLE`. From a
/// part of the row to the next it is `part`.
///
/// # Safety
/// These numbers can be read.
#[inline(always)]
pub(super) unsafe fn load_row<T, V: Lanes<T>, const N: usize, const WHOLE: bool>(
    from: *const T,
    part: usize,
    last: usize,
) -> [V; N] {
    // SAFETY: the caller's.
    unsafe {
        let end = from.add(vector::<T, V>(N - 1, part));
        let mut row = [if WHOLE { V::load(end) } else { V::load_first(end, last) }; N];
        let mut n = 0;
        while n + 1 < N {
            row[n] = V::load(from.add(vector::<T, V>(n, part)));
            n += 1;
        }
        row
    }
}

/// Writes the `N` vectors of `row` from `to` on, of the last only `last` numbers, unless it is
/// `WHOLE`. From a part of the row to the next it is `part`.
///
/// # Safety
/// These numbers can be written.
#[inline(always)]
pub(super) unsafe fn store_row<T, V: Lanes<T>, const N: usize, const WHOLE: bool>(
    row: &[V; N],
    to: *mut T,
    part: usize,
    last: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut n = 0;
        while n + 1 < N {
            row[n].store(to.add(vector::<T, V>(n, part)));
            n += 1;
        }
        let end = to.add(vector::<T, V>(N - 1, part));
        if WHOLE { row[N - 1].store(end) } else { row[N - 1].store_first(end, last) }
    }
}

/// sums ← sums + factor · row.
#[inline(always)]
pub(super) fn add_multiple<T, V: Lanes<T>, const N: usize>(
    sums: &mut [V; N],
    factor: T,
    row: &[V; N],
) {
    add_multiple_of(sums, V::splat(factor), row);
}

/// The same for a factor that is everywhere in a vector.
#[inline(always)]
pub(super) fn add_multiple_of<T, V: Lanes<T>, const N: usize>(
    sums: &mut [V; N],
    factor: V,
    row: &[V; N],
) {
    let mut n = 0;
    while n < N {
        sums[n] = factor.mul_add(row[n], sums[n]);
        n += 1;
    }
}

/// sums ← Relu of them.
#[inline(always)]
pub(super) fn relu<T, V: Lanes<T>, const N: usize>(sums: &mut [V; N]) {
    let mut n = 0;
    while n < N {
        sums[n] = sums[n].relu();
        n += 1;
    }
}
