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
//! On two virtual cores of an Intel Xeon a step of 784-128-64-10 with 128 samples gains 1.73 times, by the
//! median of eight runs, where threads stay awake between its splits ([`awake`]) and the other gradient
//! is added up in small blocks, and 1.70 without. An update takes 40 µs, where half of that on one thread
//! takes 18, and a pass 180, where one of 64 samples takes 172: lines of the cache go from core to core,
//! 3.4 ns each. Tried, and left: to fetch them before they are needed, in the update, is no gain; to hand
//! the gradient's over with `cldemote` takes 10 ns each; tensors of 8,192 parameters in one piece take as
//! long.

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

/// Multiply-accumulates, of a step or an epoch, for which threads stay awake between its splits. In a
/// step of fewer it takes longer to ask them to than they would sleep.
const AWAKE: usize = 1 << 20;

/// Multiply-accumulates that a prediction split over threads leaves in one piece.
const PIECE: usize = 1 << 19;

/// Parameters that an update split over threads leaves in one piece.
const PARAMETERS: usize = 1 << 12;
