//! Networks for others: Rust source, C, ONNX.
//!
//! - [`rust()`] writes a module with the network as a type and a `static`;
//! - [`c_header`] writes a C99 header that predicts by itself;
//! - `onnx` (feature `onnx`) writes a model for ONNX Runtime and its kin.
//!
//! All of them are for networks of [`Dense`](crate::Dense) layers, of `f32` or `f64`, with any
//! activation of the crate, or one of your own that is an [`ExportActivation`]. What cannot be
//! exported does not compile, and the compiler names it:
//!
//! ```compile_fail,E0277
//! # use constgrad::{Dense, Elementwise, Float, FromOutput, Init, export};
//! # struct Cube;
//! # impl Elementwise for Cube {
//! #     const INIT: Init = Init::XavierUniform;
//! #     type Derivative = FromOutput;
//! #     fn apply<T: Float>(s: T) -> T { s * s * s }
//! #     fn derivative<T: Float>(h: T) -> T { h }
//! # }
//! let layer: Dense<1, 1, Cube> = Dense::new([[1.0]], [0.0]);
//! // error: the activation `Cube` cannot be exported
//! export::c_header(&layer, "cube", &mut String::new())?;
//! # Ok::<(), export::ExportError>(())
//! ```
//!
//! Weights must be finite. Nothing is written of a network that is refused.

mod c;
mod error;
mod formula;
mod graph;
#[cfg(feature = "onnx")]
mod onnx;
#[cfg(feature = "onnx")]
mod proto;
mod rust;
mod text;

pub use c::c_header;
pub use error::ExportError;
pub use formula::{ExportActivation, Formula, S};
pub use graph::Export;
#[cfg(feature = "onnx")]
pub use onnx::onnx;
pub use rust::rust;
