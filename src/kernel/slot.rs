//! Memory that holds one value after another.

use core::mem::{ManuallyDrop, MaybeUninit, needs_drop};

use crate::Zero;

/// Room for a value as large as an `S`, for one type after another.
pub struct Slot<S>(MaybeUninit<S>);

impl<S> Slot<S> {
    /// Room with nothing in it.
    pub const EMPTY: Self = Slot(MaybeUninit::uninit());

    /// Makes the slot hold a `T`, all zero. That it fits is checked when this is compiled.
    #[inline(always)]
    pub fn hold<T: Zero>(&mut self) -> &mut T {
        const {
            assert!(size_of::<T>() <= size_of::<S>(), "the slot is too small");
            assert!(align_of::<T>() <= align_of::<S>(), "the slot is not aligned");
            assert!(!needs_drop::<T>(), "activations are plain values: this type has a destructor");
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

/// As large as the larger of the two: never read, only measured.
#[repr(C)]
pub union Larger<A, B> {
    _a: ManuallyDrop<A>,
    _b: ManuallyDrop<B>,
}
