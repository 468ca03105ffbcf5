//! Whether a product is inlined into its layer's pass, or done by functions for all sizes.

use core::marker::PhantomData;

use crate::kernel::lanes::Lanes;
use crate::kernel::{Float, INLINES, Machine};

/// Multiply-accumulates up to which a product is inlined into its layer's pass.
const INLINE: usize = 512;

/// Functions that are chosen for each layer and machine. They are constants because, of an `if
/// const`, the compiler works through both ways and all that they mention: a network of 64 layers
/// took half as long again.
pub(super) struct Chosen<X, P>(PhantomData<(X, P)>);

/// Whether a product of so many multiply-accumulates is inlined. Without vectors all are: a
/// function for any size is larger than one for the size of a layer.
pub(super) const fn is_inlined<X: Machine, T: Float>(macs: usize) -> bool {
    <T::Lanes<X> as Lanes<T>>::PLAIN || INLINES && macs <= INLINE
}
