//! What is done to every parameter by itself, on several threads.

use core::mem;
use core::ops::Range;
use std::cell::Cell;
use std::thread_local;

use super::PARAMETERS;
use crate::kernel::Task;
use crate::optimizer::{Rule, Sum, Tensor, apply};
use crate::{Float, Layer, Machine};

/// What a thread does of a step on several.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// All of it.
    Alone,
    /// The last pass before the update of a network, between these addresses, of which it will do
    /// a part.
    LastPass { part: Part, network: [usize; 2] },
    /// The update, for which large tensors are split into so many parts.
    Update(usize),
}

thread_local! {
    static ROLE: Cell<Role> = const { Cell::new(Role::Alone) };
}

impl Role {
    /// Does `work`, which is to be on a thread of the pool.
    ///
    /// The role is a mark on the thread, because layers and optimizers of a user's own lie between
    /// here and where it matters: they need not know of threads.
    pub(super) fn play<R>(self, work: impl FnOnce() -> R) -> R {
        /// Takes the mark away, after a panic too.
        struct Mark(Role);

        impl Drop for Mark {
            fn drop(&mut self) {
                ROLE.set(self.0);
            }
        }

        let _mark = Mark(ROLE.replace(self));
        work()
    }
}

/// One of several parts of each large tensor.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) index: usize,
    pub(super) of: usize,
}

impl Part {
    /// The parameters of a tensor of so many that are updated on the thread of this part.
    fn range(self, parameters: usize) -> Range<usize> {
        let (mut part, mut range) = (self, 0..parameters);
        while let Some(half) = Half::of(range.len(), part.of) {
            if part.index < half.parts {
                range.end = range.start + half.parameters;
                part.of = half.parts;
            } else {
                range.start += half.parameters;
                part = Part { index: part.index - half.parts, of: part.of - half.parts };
            }
        }
        if part.index == 0 { range } else { 0..0 }
    }
}

/// Which of the weights this thread will update after the pass that it is in: none, if they are not
/// of the network that it trains.
pub(crate) fn to_update<T>(weights: &[T]) -> Range<usize> {
    let Role::LastPass { part, network: [start, end] } = ROLE.get() else { return 0..0 };
    let Range { start: first, end: last } = weights.as_ptr_range();
    if start <= first.addr() && last.addr() <= end { part.range(weights.len()) } else { 0..0 }
}

/// The first half of a tensor that is split.
struct Half {
    parameters: usize,
    parts: usize,
}

impl Half {
    /// Of a tensor of so many parameters and parts, if it is worth a split.
    fn of(parameters: usize, parts: usize) -> Option<Self> {
        if parts < 2 || parameters < 2 * PARAMETERS {
            return None;
        }
        let half = parts / 2;
        // Whole lines of the cache, as far as the tensor starts at one.
        Some(Half { parameters: (parameters * half / parts).next_multiple_of(64), parts: half })
    }
}

impl<R: Rule<K>, T: Float, const K: usize> Tensor<'_, R, T, K> {
    /// Applies the rule: in parts, if this thread updates together with others. What happens to a
    /// parameter depends on no other, so the bits are those of one piece.
    ///
    /// There are no more parts than threads, so that from step to step each thread mostly has the
    /// same: its parameters are in the cache of its core.
    pub(crate) fn run_in_parts<M: Machine>(self) {
        match ROLE.get() {
            Role::Update(parts) => self.split::<M>(parts),
            _ => M::run(self),
        }
    }

    fn split<M: Machine>(self, parts: usize) {
        let Tensor { rule, weights, others } = self;
        let Some(half) = Half::of(weights.len(), parts) else {
            return M::run(Tensor { rule, weights, others });
        };
        let (weights, weights_b) = weights.split_at_mut(half.parameters);
        let mut halves = others.map(|other| other.split_at_mut(half.parameters));
        let others_b = halves.each_mut().map(|(_, b)| mem::take(b));
        let others = halves.map(|(a, _)| a);
        rayon::join(
            || Tensor { rule, weights, others }.split::<M>(half.parts),
            || Tensor { rule, weights: weights_b, others: others_b }.split::<M>(parts - half.parts),
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::kernel::dispatch;

    /// Notes which numbers it is applied to.
    struct Note(Mutex<Vec<Range<usize>>>);

    impl Rule<0> for Note {
        fn apply<M: Machine, T: Float>(&self, weights: &mut [T], []: [&mut [T]; 0]) {
            let Range { start, end } = weights.as_ptr_range();
            self.0.lock().unwrap().push(start.addr()..end.addr());
        }
    }

    struct Apply<'a>(&'a Note, &'a mut [f32]);

    impl Task for Apply<'_> {
        type Output = ();

        #[inline(always)]
        fn run<M: Machine>(self) {
            Tensor { rule: self.0, weights: self.1, others: [] }.run_in_parts::<M>();
        }
    }

    #[test]
    fn what_is_claimed_is_what_will_be_updated() {
        let least = 2 * PARAMETERS;
        for parameters in [0, 1, least - 1, least, 3 * least, 100_352] {
            for parts in 1..=5 {
                let mut weights = vec![0.0_f32; parameters];
                let Range { start: first, end } = weights.as_ptr_range();
                let claimed = |index, network| {
                    let part = Part { index, of: parts };
                    Role::LastPass { part, network }.play(|| to_update(&weights))
                };
                let expected: Vec<_> = (0..parts)
                    .map(|index| claimed(index, [first.addr(), end.addr()]))
                    .filter(|range| !range.is_empty())
                    .map(|Range { start, end }| {
                        first.wrapping_add(start).addr()..first.wrapping_add(end).addr()
                    })
                    .collect();
                assert!(parameters < 3 * least || expected.len() == parts);
                assert!((0..parts).all(|index| claimed(index, [0; 2]).is_empty()));

                let note = Note(Mutex::default());
                Role::Update(parts).play(|| dispatch(Apply(&note, &mut weights)));
                let mut found = note.0.into_inner().unwrap();
                found.retain(|range| !range.is_empty());
                found.sort_by_key(|range| range.start);
                assert_eq!(found, expected, "{parameters} parameters in {parts} parts");
                assert!(to_update(&weights).is_empty(), "the roles are played");
            }
        }
    }
}
