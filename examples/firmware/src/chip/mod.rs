//! What differs from chip to chip: how a program starts, and how instructions are counted.

#[cfg_attr(target_arch = "arm", path = "cortex_m.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv.rs")]
mod this;

pub use this::{Counter, entry, stack_pointer};
