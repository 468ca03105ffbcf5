//! Numbers of their bits, an array at a time: the compiler reads weights in constants, and counts
//! calls there (see `weights::number`).

macro_rules! numbers {
    ($name:ident, $bits:ident, $number:ident) => {
        pub(crate) const fn $name<const N: usize>(bits: &[$bits; N]) -> [$number; N] {
            // SAFETY: both arrays have the same size, and any bits are a number.
            unsafe { (&raw const *bits).cast::<[$number; N]>().read_unaligned() }
        }
    };
}
numbers!(f32s, u32, f32);
numbers!(f64s, u64, f64);
