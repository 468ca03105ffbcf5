//! A neural network is a type.
//!
//! [`Dense<64, 32, Relu>`](Dense) is a layer, a nested tuple of layers is a network, and the
//! compiler derives its forward and backward pass by recursion over the tuple. A matrix,
//! gradient, label or batch of the wrong shape does not compile. Layers are plain arrays, and
//! nothing touches a heap: one and the same type trains on a workstation and on a
//! microcontroller.
//!
//! ```
//! use constgrad::prelude::*; // the traits, nothing else
//! use constgrad::{Adam, Class, CrossEntropy, Dense, Relu, Trainer, assert_network, net};
//! use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
//!
//! type Net = net![Dense<64, 32, Relu>, Dense<32, 10>]; // = (Dense<64, 32, Relu>, Dense<32, 10>)
//! const _: () = assert_network::<Net>(); // the error is here, if two layers do not fit
//! const _: () = assert!(Net::PARAMS == 2_410 && Net::INFERENCE_RAM <= 1024);
//!
//! let mut net = Net::ZERO; // a constant: may also be a static, or boxed
//! net.init(&mut Xoshiro256PlusPlus::seed_from_u64(1)); // He for Relu, Xavier for Tanh, ...
//!
//! let mut trainer = Trainer::<Net, _, _, 2>::new(CrossEntropy::new(), Adam::new(1e-3));
//! let inputs = [[0.5; 64], [-0.5; 64]];
//! let labels = [Class::new(3)?, Class::new(7)?]; // Class<10>: cannot be out of range
//! for _ in 0..100 {
//!     let loss: f32 = trainer.step(&mut net, &inputs, &labels);
//! }
//! assert_eq!(Class::largest(&net.predict(&inputs[1])), labels[1]);
//! # Ok::<(), constgrad::ClassError>(())
//! ```
//!
//! # The mathematics, and where it is
//!
//! Depth D, layers d = 1..D, input h⁽⁰⁾ = x, output y = h⁽ᴰ⁾, loss J = L(y), and f⁽ᵈ⁾ the
//! activation of layer d:
//!
//! | | | |
//! |---|---|---|
//! | forward | s⁽ᵈ⁾ = W⁽ᵈ⁾ h⁽ᵈ⁻¹⁾ + b⁽ᵈ⁾, h⁽ᵈ⁾ = f⁽ᵈ⁾(s⁽ᵈ⁾) | [`Layer::forward`], [`Dense`], [`activation`] |
//! | loss | J = L(y), g⁽ᴰ⁺¹⁾ = ∂J/∂y | [`Loss`] |
//! | backward | ∂J/∂b⁽ᵈ⁾ = g⁽ᵈ⁺¹⁾ ⊙ f′⁽ᵈ⁾(s⁽ᵈ⁾) | [`Layer::backward`], [`Activation::backward`] |
//! | | ∂J/∂W⁽ᵈ⁾ = ∂J/∂b⁽ᵈ⁾ (h⁽ᵈ⁻¹⁾)ᵀ | |
//! | | g⁽ᵈ⁾ = (W⁽ᵈ⁾)ᵀ ∂J/∂b⁽ᵈ⁾ | |
//! | update | W ← W − η ∂J/∂W, or something wiser | [`optimizer`], [`schedule`] |
//!
//! with W⁽ᵈ⁾ ∈ ℝ^(OUT×IN), b⁽ᵈ⁾, s⁽ᵈ⁾, h⁽ᵈ⁾, g⁽ᵈ⁺¹⁾ ∈ ℝ^OUT, g⁽ᵈ⁾ ∈ ℝ^IN. Each derivative is computed once
//! and used by the layer below: a full gradient costs a small multiple of forward, at any
//! depth. [`Tape`] runs the two passes by hand.
//!
//! The types follow the equations: what holds the gradient of a network has the network's type,
//! and so has what an optimizer remembers.
//!
//! # What the compiler checks
//!
//! - Two layers that do not fit: an error that names both layers and both sizes.
//! - Inputs, upstream gradients, targets and batches of another size; labels of another number
//!   of classes; gradients and optimizer states of another network.
//! - Budgets ([`assert_at_most`]): parameters, multiply-accumulates, bytes of weights and of RAM.
//! - A file of weights that is baked in ([`bake!`]): every tensor, its shape and its numbers.
//!
//! What it cannot know, data that comes in at run time, is checked once, where it comes in, and a
//! wrong one gets an error that says what was found and what was expected: [`ClassError`],
//! [`LengthError`], [`NonFinite`], [`WeightsError`](weights::WeightsError), and with the feature
//! `std` `data::DataError` and `weights::FileError`.
//!
//! # Memory: stack, static, box, chip
//!
//! Everything has a constant to start from ([`Zero::ZERO`], [`Trainer::new`]) and is changed in
//! place. A small network may live on the stack. A large one, and its trainer, belong elsewhere:
//!
//! ```
//! use constgrad::prelude::*;
//! use constgrad::{Adam, CrossEntropy, Dense, Relu, Trainer, net};
//! use std::sync::Mutex;
//!
//! type Net = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
//! type NetTrainer = Trainer<Net, CrossEntropy, Adam, 32>;
//!
//! // A static.
//! static NET: Mutex<Net> = Mutex::new(Net::ZERO);
//! static TRAINER: Mutex<NetTrainer> = Mutex::new(Trainer::new(CrossEntropy::new(), Adam::new(1e-3)));
//!
//! # #[cfg(feature = "alloc")] {
//! // A box, without a copy on the stack.
//! let mut net = constgrad::boxed!(Net::ZERO);
//! let mut trainer = constgrad::boxed!(NetTrainer::new(CrossEntropy::new(), Adam::new(1e-3)));
//! # }
//! ```
//!
//! On a chip, where there is no `Mutex`, the crate `static_cell` hands a static out once, in place:
//!
//! ```
//! use constgrad::prelude::*;
//! use constgrad::{CrossEntropy, Dense, Relu, Sgd, Trainer, net};
//! use static_cell::ConstStaticCell;
//!
//! type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
//! type NetTrainer = Trainer<Net, CrossEntropy, Sgd, 4>;
//!
//! static NET: ConstStaticCell<Net> = ConstStaticCell::new(Net::ZERO);
//! static TRAINER: ConstStaticCell<NetTrainer> =
//!     ConstStaticCell::new(Trainer::new(CrossEntropy::new(), Sgd::new(0.1)));
//!
//! let net: &'static mut Net = NET.take();
//! let trainer: &'static mut NetTrainer = TRAINER.take();
//! # let _ = (net, trainer);
//! ```
//!
//! `static NET: Net = bake!(..)` without a lock is a network in flash, to predict with. A network, a
//! gradient or a tape of `ZERO` costs no flash (it is in `.bss`). A trainer in a static does: it
//! has numbers that are not zero, its learning rate for one, so all of it is in `.data`, and in
//! the program file.
//! [`Shape::INFERENCE_RAM`] and [`Trainer::RAM`] are what prediction and training need.
//!
//! # Features
//!
//! - `std` (default) finds the vector instructions of the processor at run time (`Level`); without
//!   it the crate uses those that the build is for. With it the first call that predicts or trains
//!   asks the environment, and may allocate; no panic comes out of that call or any other (`Level`
//!   says more). `std` reads and writes files: of weights with `weights::load` and `weights::save`,
//!   of data with `data::read_csv` and `data::read_idx`, for which it brings `csv` and `flate2`;
//!   without it the crate depends on `rand` alone.
//! - `alloc` (part of `std`) has `boxed!`, and nothing else: only what reads and writes files
//!   allocates by itself.
//! - `parallel` has `ParallelTrainer` and `Network::predict_batch_parallel`, on the threads of
//!   `rayon`.
//! - `unfused` rounds every product before it is added, and looks up `tanh` of `f32` in a table: the
//!   same bits on all processors. Without it three kinds differ in the last digits: those with fused
//!   multiply-add in their vectors (AVX2, AVX-512, NEON), where what an optimizer has all but forgotten
//!   is 0 too; SSE2 of x86-64 and `simd128` of WebAssembly, which round each; and all others, which do
//!   as with `unfused`. Nothing else differs: the same
//!   seed, data and build give the same bits, whatever the width of the vectors.
//! - `serde` writes and reads networks, optimizers with their states, trainers and schedules in any
//!   format of serde's: a training that is continued gives the same bits as one that was not
//!   interrupted ([`Trainer`]). W is written as `OUT` rows of `IN`. A network of another shape is
//!   an error that names the length found and the one expected.
//! - `bytemuck` lets zeroed memory be a network (`Zeroable`), and checks bytes that are to be a
//!   [`Class`] (`CheckedBitPattern`).
//! - `onnx` has `export::onnx`, which writes models of ONNX with the crate `prost`. The other two
//!   [exports](export), to Rust and to C, are always there.
//! - None of them: `no_std`, no allocator, any target.
//!
//! # Deep networks
//!
//! [`net!`] nests to the right, which the compiler follows to about 100 layers; beyond, group the
//! layers: `net![net![..], net![..]]` is the same network. All nestings give the same numbers. 200
//! layers of distinct sizes in groups of 20 are checked in 0.2 s; 64 are built in release, with
//! training, in about 7 to 9 s, 16 in 3 s. In the source tree `benches/compile` measures it.
#![no_std]
#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]
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
pub mod export;
mod init;
#[doc(hidden)]
#[expect(unsafe_code, reason = "vectors, and memory that is not initialised: here alone")]
pub mod kernel;
mod layer;
mod loss;
mod metrics;
mod net;
mod network;
mod online;
pub mod optimizer;
#[cfg(feature = "parallel")]
mod parallel;
mod pass;
pub mod schedule;
#[cfg(feature = "serde")]
mod serialize;
mod tape;
mod tensors;
mod text;
mod trainer;
pub mod weights;

pub use activation::*;
pub use budget::{LayerInfo, assert_at_most};
pub use data::{Class, ClassError};
pub use dense::Dense;
pub use error::{LengthError, NonFinite};
pub use init::Init;
pub use kernel::{Float, Machine};
#[cfg(feature = "std")]
pub use kernel::{Level, LevelError, UnknownLevel};
pub use layer::{Feeds, Inspector, Layer, PairTape, Shape, Store, Visitor, Zero, assert_network};
pub use loss::{
    BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError,
};
pub use metrics::Confusion;
pub use network::Network;
pub use online::OnlineSgd;
pub use optimizer::*;
#[cfg(feature = "parallel")]
pub use parallel::ParallelTrainer;
pub use tape::Tape;
pub use tensors::{Dtype, Storage, TensorInfo};
pub use trainer::Trainer;

/// The traits whose methods and constants a user calls, and nothing else.
pub mod prelude {
    pub use crate::{Network, Shape, Zero};
}

/// The programs in the README, run with the tests.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
