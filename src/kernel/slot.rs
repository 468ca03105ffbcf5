//! Memory that holds one value after another.

use core::mem::MaybeUninit;

use crate::Zero;

/// Room for a value as large as an `S`, for one type after another.
pub struct Slot<S>(MaybeUninit<S>);

impl<S> Slot<S> {
    /// Room with nothing in it.
    pub const EMPTY: Self = Slot(MaybeUninit::uninit());

    /// Makes the slot hold a `T`, all zero. That it fits is checked when this is compiled.
    #[inline(always)]
    pub fn hold<T: Zero + Copy>(&mut self) -> &mut T {
        const {
            assert!(size_of::<T>() <= size_of::<S>(), "the slot is too small");
            assert!(align_of::<T>() <= align_of::<S>(), "the slot is not aligned");
        }
        let value = self.0.as_mut_ptr().cast::<T>();
        // SAFETY: the memory is large enough, aligned, borrowed uniquely, and initialised by the
        // assignment, which drops nothing, before the reference is made.
        unsafe {
            *value = T::ZERO;
            &mut *value
        }
    }
}

/// As large as the largest of the three: never read, only measured.
#[derive(Clone, Copy)]
pub union Largest<A: Copy, B: Copy, C: Copy> {
    _a: A,
    _b: B,
    _c: C,
}
