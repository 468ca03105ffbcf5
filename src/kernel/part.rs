//! The same part of several values.

use core::mem::MaybeUninit;

/// The part that `of` gives, of each of the `wholes`.
///
/// As `wholes.each_mut().map(of)`, which costs the compiler ten times as much: an update of a deep
/// network calls it for each layer.
#[inline(always)]
pub(crate) fn parts<'a, W, P: ?Sized, const K: usize>(
    wholes: &'a mut [&mut W; K],
    of: impl Fn(&'a mut W) -> &'a mut P,
) -> [&'a mut P; K] {
    let mut parts = MaybeUninit::<[&'a mut P; K]>::uninit();
    let to = parts.as_mut_ptr().cast::<&'a mut P>();
    let from = wholes.as_mut_ptr();
    let mut k = 0;
    while k < K {
        // SAFETY: k is an index of both; each whole is borrowed once, for as long as `wholes` is.
        unsafe { to.add(k).write(of(&mut **from.add(k))) };
        k += 1;
    }
    // SAFETY: all K have been written.
    unsafe { parts.assume_init() }
}
