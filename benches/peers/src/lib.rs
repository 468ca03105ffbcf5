//! constgrad and its peers, side by side: the same work from the same weights, checked against
//! one reference, timed in turns. See README.md.

pub mod clock;
pub mod limits;
pub mod peers;
pub mod plot;
pub mod reference;
pub mod remote;
pub mod single;
pub mod workload;

use std::time::Duration;

/// A workload as one peer does it, ready to be done again and again.
pub trait Contender {
    /// Does it once: a prediction of all samples, or a training step.
    fn once(&mut self);

    /// Back to the initial weights; a prediction has nothing to forget.
    fn reset(&mut self) {}

    /// What there is to compare after [`once`](Self::once): the outputs of a prediction; the loss
    /// of the step and all weights, in the order of [`Problem`](workload::Problem), of training.
    fn numbers(&mut self) -> Vec<f32>;

    /// The [processor time](clock) of `count` times [`once`](Self::once). The loop is here, and not in the caller,
    /// so that it is compiled for each contender: a call that is not known costs as much as the
    /// smallest workload's tenth.
    fn time(&mut self, count: u64) -> Duration {
        let start = clock::now();
        for _ in 0..count {
            self.once();
        }
        clock::now() - start
    }
}
