//! More than one core: the feature `parallel`, on the threads of [rayon].
//!
//! | | what is split | what is the same as on one thread |
//! |---|---|---|
//! | [`ParallelTrainer`] | a batch, and each large tensor of the update | all but the rounding of sums |
//! | `Network::predict_batch_parallel` | blocks of samples | every bit |
//!
//! Where work is cut and in which order sums are taken depends on types and lengths alone, never
//! on how many threads there are or which of them is free: the same call gives the same bits.
//! All splitting is by [`rayon::join`] in halves, whose jobs live on the stack.
//!
//! On two virtual cores of an Intel Xeon the update of a step of 784-128-64-10 takes as long as on one
//! thread, some 40 µs, and the pass of 128 samples 5 % longer than that of 64: lines of the cache go from
//! core to core, 3.4 ns each. Tried, and left: to fetch them before they are needed, in the update, is no
//! gain; to hand the gradient's over with `cldemote` takes 10 ns each.

mod awake;
mod predict;
mod tensor;
mod trainer;

pub(crate) use predict::{join, predict_batch};
pub(crate) use tensor::to_update;
pub use trainer::ParallelTrainer;

/// A step is split if forward takes so many multiply-accumulates for the batch, and
/// [`STEP_PER_PARAMETER`] more for each parameter.
const STEP: usize = 1 << 18;

/// The cost of a parameter that changes, which is sent from core to core, in multiply-accumulates.
const STEP_PER_PARAMETER: usize = 24;

/// Multiply-accumulates of a step from which threads are [`awake`] between its splits. In a smaller one
/// it takes longer to begin and end that than the threads would take to wake up: 64-32-10 with 256
/// samples gained 1.41 times without it, and 1.35 with it; 16-64-64-10 with 256 1.33, and 1.52.
const AWAKE: usize = 1 << 20;

/// Multiply-accumulates that a prediction split over threads leaves in one piece.
const PIECE: usize = 1 << 19;

/// Parameters that an update split over threads leaves in one piece.
const PARAMETERS: usize = 1 << 12;
