//! What the programs for chips share.
//!
//! Only what is not generic: `main.rs` would have its own copy of a training here.

#![no_std]

pub mod chip;
pub mod difference;
pub mod held_out;
