//! What is done to every parameter by itself, on several threads.

use core::mem;
use std::cell::Cell;
use std::thread_local;

use super::PARAMETERS;
use crate::kernel::Task;
use crate::optimizer::{Rule, Tensor, apply};
use crate::{Float, Layer, Machine};

thread_local! {
    static SPLITS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is within [`splitting`].
pub(crate) fn splits() -> bool {
    SPLITS.get()
}

/// Does `work`, which is to be on a thread of the pool, so that the rules of optimizers and of
/// clipping split large tensors.
///
/// A mark on the thread, because an optimizer of a user's own lies between here and there: it
/// need not know of threads.
pub(super) fn splitting<R>(work: impl FnOnce() -> R) -> R {
    /// Takes the mark away, after a panic too.
    struct Mark(bool);

    impl Drop for Mark {
        fn drop(&mut self) {
            SPLITS.set(self.0);
        }
    }

    let _mark = Mark(SPLITS.replace(true));
    work()
}

impl<R: Rule<K>, T: Float, const K: usize> Tensor<'_, R, T, K> {
    /// Applies the rule by halves. What happens to a parameter depends on no other, so the bits
    /// are those of one piece.
    pub(crate) fn split<M: Machine>(self) {
        let Tensor { rule, weights, others } = self;
        if weights.len() < 2 * PARAMETERS {
            return M::run(Tensor { rule, weights, others });
        }
        // Whole lines of the cache, as far as the tensor starts at one.
        let half = (weights.len() / 2).next_multiple_of(64);
        let (weights, weights_b) = weights.split_at_mut(half);
        let mut halves = others.map(|other| other.split_at_mut(half));
        let others_b = halves.each_mut().map(|(_, b)| mem::take(b));
        let others = halves.map(|(a, _)| a);
        rayon::join(
            || Tensor { rule, weights, others }.split::<M>(),
            || Tensor { rule, weights: weights_b, others: others_b }.split::<M>(),
        );
    }
}

/// Adds one network to another.
pub(super) struct Add<'a, N> {
    pub(super) sum: &'a mut N,
    pub(super) other: &'a mut N,
}

impl<N: Layer> Task for Add<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        apply::<M, N, _, 1>(Sum, self.sum, [self.other]);
    }
}

struct Sum;

impl Rule<1> for Sum {
    #[inline(always)]
    fn apply<T: Float>(&self, sums: &mut [T], [others]: [&mut [T]; 1]) {
        for (sum, &mut other) in sums.iter_mut().zip(others) {
            *sum += other;
        }
    }
}
