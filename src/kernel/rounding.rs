//! How a product and its sum are rounded: once, by an instruction that many processors have, or
//! twice.

use super::Float;

/// How a · b + c is rounded. Sealed.
pub trait Rounding: private::Sealed + 'static {
    /// Whether it is rounded once.
    const FUSED: bool;

    /// a · b + c.
    fn mul_add<T: Float>(a: T, b: T, c: T) -> T;
}

/// The product, and then the sum: what every processor can.
pub enum Twice {}

impl Rounding for Twice {
    const FUSED: bool = false;

    #[inline(always)]
    fn mul_add<T: Float>(a: T, b: T, c: T) -> T {
        a * b + c
    }
}

/// The sum alone: only where there is a function or an instruction for it.
pub enum Once {}

// `core` has no function for it, but those of the processors that have the instruction.
#[cfg(any(
    feature = "std",
    all(target_arch = "x86_64", target_feature = "fma"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
impl Rounding for Once {
    const FUSED: bool = true;

    #[inline(always)]
    fn mul_add<T: Float>(a: T, b: T, c: T) -> T {
        T::fused(a, b, c)
    }
}

mod private {
    pub trait Sealed {}

    impl Sealed for super::Twice {}
    impl Sealed for super::Once {}
}
