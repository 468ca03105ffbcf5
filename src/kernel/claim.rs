//! Weights that a thread will change, claimed while it still computes their gradient.
//!
//! A core that writes what another core has read must wait until the other has dropped its copy:
//! some 10 ns for each line of the cache. All cores read all weights. Where several threads share
//! an update (the feature `parallel`), half of it would take as long as all of it on one thread, for
//! these waits. So each thread writes a byte of every line that its part of the update will change
//! back to where it is, as soon as the line of the gradient is done: between products the waits
//! cost nothing. `prefetchw` does not help: it leaves a line that is there as it is.
//!
//! So it is on AMD's Zen 4. On an Intel Xeon what is written back waits as long in the queue of what is
//! to be stored, and fills it: a step of 784-128-64-10 takes 3 % longer with 128 samples, 7 % with 32; but
//! one of 64-32-10 with 256 takes 5 % less, where one thread updates all. So on processors that are not
//! AMD's, of which no others have been measured, tensors are claimed that one thread has for itself.

use core::ops::Range;

use super::processor::is_amd;
use super::{Float, Panels};
use crate::parallel::to_update;

/// The weights that this thread will change.
#[derive(Clone)]
pub struct Claim<T> {
    weights: *const T,
    gradient: *const T,
    range: Range<usize>,
}

impl<T: Float> Claim<T> {
    /// None of them.
    pub(crate) const NONE: Self =
        Claim { weights: core::ptr::null(), gradient: core::ptr::null(), range: 0..0 };

    /// Of the weights whose gradient this is.
    #[inline(always)]
    pub(crate) fn of<const IN: usize, const OUT: usize>(
        weights: &Panels<T, IN, OUT>,
        gradient: &Panels<T, IN, OUT>,
    ) -> Self {
        let (weights, gradient) = (weights.numbers(), gradient.numbers());
        let mut range = to_update(weights);
        if range.len() < weights.len() && !is_amd() {
            range = 0..0;
        }
        Claim { weights: weights.as_ptr(), gradient: gradient.as_ptr(), range }
    }

    /// Whether there is nothing to claim.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        cfg!(not(target_arch = "x86_64")) || self.range.is_empty()
    }

    /// Claims the line of the weight whose gradient is there, if it is one of these.
    #[inline(always)]
    pub(super) fn line(&self, gradient: *const T) {
        let index = gradient.addr().wrapping_sub(self.gradient.addr()) / const { size_of::<T>() };
        if self.range.contains(&index) {
            write_back(self.weights.wrapping_add(index));
        }
    }
}

/// Writes the first byte of a weight that is [to be updated](to_update).
#[inline(always)]
fn write_back<T>(weight: *const T) {
    // SAFETY: to the language this block does nothing, and the machine keeps to that: the byte is
    // there and may be written, because the trainer has a `&mut` to the network; and nobody writes
    // another to its place, because the network is borrowed for the pass. So what is written is
    // what every thread reads there before, meanwhile and after.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        core::arch::asm!(
            "mov {byte}, byte ptr [{weight}]",
            "mov byte ptr [{weight}], {byte}",
            weight = in(reg) weight,
            byte = out(reg_byte) _,
            options(nostack, preserves_flags),
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = weight;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_change_nothing() {
        let (weights, gradient) = ([1.5_f32, -2.5, f32::NAN].repeat(8), [0.0_f32; 24]);
        let before = weights.clone();
        let claim = Claim { weights: weights.as_ptr(), gradient: gradient.as_ptr(), range: 5..20 };
        for line in &gradient {
            claim.line(line);
        }
        assert!(weights.iter().map(|x| x.to_bits()).eq(before.iter().map(|x| x.to_bits())));
    }
}
