//! The feature `bytemuck`: which types are what their bytes are.

use bytemuck::{CheckedBitPattern, NoUninit, Zeroable};

use crate::{Class, Dense};

// SAFETY: a layer is arrays of numbers that may be zero, and padding.
unsafe impl<const IN: usize, const OUT: usize, Act, T: Zeroable> Zeroable
    for Dense<IN, OUT, Act, T>
{
}

// SAFETY: a class is a `u32`, in a type that has its layout.
unsafe impl<const N: usize> NoUninit for Class<N> {}

// SAFETY: a class is a `u32`, in a type that has its layout, and one of those that are checked.
unsafe impl<const N: usize> CheckedBitPattern for Class<N> {
    type Bits = u32;

    fn is_valid_bit_pattern(bits: &u32) -> bool {
        usize::try_from(*bits).is_ok_and(|index| index < N)
    }
}
