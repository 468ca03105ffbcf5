//! Weights in files, and baked in at compile time.
//!
//! The files are [safetensors](https://huggingface.co/docs/safetensors), which PyTorch and the rest
//! of the field read and write. W is in them as `[OUT, IN]`, and tensors are called as in PyTorch's
//! `nn.Sequential`, or as [`Names`] say.
//!
//! | | |
//! |---|---|
//! | [`bake!`](crate::bake) | a file into a constant, while the program is compiled |
//! | [`read()`] | a file's bytes into a network: no allocation, no `std` |
//! | `load`, `save` | a file into a network, a network into a file, with `std` |
//! | `write` | a network into anything that takes bytes, with `std` |
//! | [`SafeTensors`] | the tensors of a file, whatever they are |
//!
//! All of them go by one reader and one check: what compiles is what loads. A file is checked as a
//! whole before a weight is changed, and what is wrong is said in the same words at run time and
//! at compile time: a tensor that is missing, of another shape or type, or of no layer; a number
//! that is infinite or NaN; a file that is cut off or contradicts itself. Numbers of type F64, F32,
//! F16 and BF16 become the network's `f32` or `f64`, rounded to the nearest.
//!
//! # From PyTorch
//!
//! ```python
//! net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
//! safetensors.torch.save_file(net.state_dict(), "digits.safetensors")
//! ```
//!
//! is read, or baked in, as a
//!
//! ```
//! use constgrad::prelude::*;
//! use constgrad::weights::{self, Names, WeightsError};
//! use constgrad::{Dense, Relu, net};
//!
//! type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
//!
//! // What `0.weight`, `0.bias`, `2.weight` and `2.bias` of the file are.
//! fn network(bytes: &[u8]) -> Result<Net, WeightsError> {
//!     let mut net = Net::ZERO;
//!     weights::read(&mut net, bytes, Names::SEQUENTIAL)?;
//!     Ok(net)
//! }
//! # let file = include_bytes!("../../examples/data/pytorch.safetensors");
//! # assert!(network(file).is_ok() && network(&file[..99]).is_err());
//! ```
//!
//! A module with names of its own, `self.fc1` and `self.out`, has [`Names::list`]`(&["fc1", "out"])`; a
//! part of something larger has [`Names::prefix`]`("actor.")`.
//!
//! # To PyTorch
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use constgrad::prelude::*;
//! use constgrad::weights::{self, Names};
//! use constgrad::{Dense, Relu, net};
//!
//! type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
//!
//! let mut bytes = Vec::new(); // or weights::save(&net, "digits.safetensors", Names::SEQUENTIAL)
//! weights::write(&Net::ZERO, Names::SEQUENTIAL, &mut bytes)?;
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! ```python
//! net.load_state_dict(safetensors.torch.load_file("digits.safetensors"))
//! ```
//!
//! # What baking costs
//!
//! The compiler interprets the reader, about a million weights in 5 seconds: 64-32-10 adds 0.1 s to
//! a build, 784-128-64-10 adds 0.8 s, 64 small layers some seconds. A layer may have 3 million
//! weights, 300,000 if they are stored as F16.

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
