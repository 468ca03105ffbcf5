//! Where the time goes: the number types and their functions, the machines, and the three
//! products of a dense layer.
//!
//! The rest of the crate says *what* is computed; this module decides how. It is also the only
//! one with `unsafe` in it: entering code that is compiled for a machine which was found at run
//! time, writing a constant into a fresh box, and memory that holds one activation at each end.
//!
//! The kernels are safe loops over small arrays whose lengths are constants. Inlined into one
//! function that is compiled for a [`Machine`], the compiler turns them into vector instructions.

mod arena;
#[cfg(feature = "alloc")]
pub mod boxed;
pub(crate) mod elementwise;
mod float;
mod functions;
mod lanes;
#[cfg(feature = "std")]
mod level;
mod machine;
mod part;
pub(crate) mod product;

pub use arena::{Arena, Larger, Room};
pub use float::Float;
#[cfg(feature = "std")]
pub use level::{Level, LevelError, UnknownLevel};
pub(crate) use machine::dispatch;
pub use machine::{Machine, Task};
pub(crate) use part::parts;
