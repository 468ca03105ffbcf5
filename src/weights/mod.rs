//! Weights in files, and baked in at compile time.

mod bake;
mod check;
mod error;
mod file;
mod json;
mod names;
mod number;
mod read;
#[cfg(feature = "std")]
mod write;

#[doc(hidden)]
pub use bake::assert_right;
pub use bake::{After, Bake, Baked, Position, Source, Start, baked_f32, baked_f64};
#[cfg(feature = "std")]
pub use error::FileError;
pub use error::WeightsError;
pub use file::{SafeTensors, TensorView};
pub use names::Names;
#[cfg(feature = "std")]
pub use read::load;
pub use read::read;
#[cfg(feature = "std")]
pub use write::{save, write};
