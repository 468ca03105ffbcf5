//! What is exported computes the same elsewhere: compiled by rustc and by gcc, and, with
//! `onnx.py`, run by ONNX Runtime.
#![cfg(feature = "std")]

mod c;
mod networks;
#[cfg(feature = "onnx")]
mod onnx;
mod own;
mod refused;
mod rust;
