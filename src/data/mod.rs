//! Data: labels, order, and the files it comes in.
//!
//! [`Class`] is a label, [`shuffle`], [`split`] and [`gather`] make mini-batches without a heap,
//! and with the feature `std` `read_idx` reads MNIST's format and `read_csv` tables.

mod class;
#[cfg(feature = "std")]
mod csv;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
mod idx;
mod order;

pub use self::class::{Class, ClassError};
#[cfg(feature = "std")]
pub use self::csv::{read_csv, read_csv_classes};
#[cfg(feature = "std")]
pub use self::error::{DataError, Place};
#[cfg(feature = "std")]
pub use self::idx::{read_idx, read_idx_classes};
pub use self::order::{Split, gather, shuffle, split};
