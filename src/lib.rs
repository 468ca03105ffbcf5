//! A neural network is a type.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod activation;
mod budget;
pub mod data;
mod dense;
mod error;
mod init;
#[doc(hidden)]
pub mod kernel;
mod layer;
mod loss;
mod metrics;
mod net;
mod network;
pub mod optimizer;
pub mod schedule;
mod tape;
mod trainer;

pub use activation::*;
pub use budget::{LayerInfo, assert_at_most};
pub use data::{Class, ClassError};
pub use dense::Dense;
pub use error::{LengthError, NonFiniteLoss};
pub use init::Init;
pub use kernel::{Float, Machine};
pub use layer::{Feeds, Layer, PairTape, Shape, Source, Store, Visitor, Zero, assert_network};
pub use loss::{
    BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError,
};
pub use metrics::Confusion;
pub use network::Network;
pub use optimizer::*;
pub use tape::Tape;
pub use trainer::Trainer;

/// The traits whose methods and constants a user calls, and nothing else.
pub mod prelude {
    pub use crate::{Network, Shape, Zero};
}
