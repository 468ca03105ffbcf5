//! A constant in a box, without a copy on the stack.

#[doc(hidden)]
pub use alloc::boxed::Box;

/// Puts a constant into a [`Box`] without a copy on the stack, in debug builds too.
///
/// `Box::new(Net::ZERO)` builds its argument on the stack first unless the optimiser sees
/// through it: a network with its trainer is soon larger than a thread's stack. This writes the
/// constant straight into the heap.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Adam, CrossEntropy, Dense, Relu, Trainer, net};
///
/// type Net = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
/// let net: Box<Net> = constgrad::boxed!(Net::ZERO);
/// let trainer = constgrad::boxed!(Trainer::<Net, _, _, 32>::new(CrossEntropy::new(), Adam::new(1e-3)));
/// ```
///
/// The value must be a constant expression; one that is not is a compile error.
#[macro_export]
macro_rules! boxed {
    ($value:expr) => {{
        let mut slot = $crate::kernel::boxed::Box::new_uninit();
        // SAFETY: the assignment initialises the whole value before it is assumed to be; nothing
        // is dropped by it, because `without_drop` compiles only for types that need no drop.
        unsafe {
            *$crate::kernel::boxed::without_drop(&mut slot) = const { $value };
            slot.assume_init()
        }
    }};
}

/// The place that a box holds, for a type whose assignment drops nothing.
#[doc(hidden)]
pub const fn without_drop<T>(slot: &mut Box<core::mem::MaybeUninit<T>>) -> *mut T {
    const {
        assert!(
            !core::mem::needs_drop::<T>(),
            "boxed! is for plain values: this type has a destructor"
        )
    };
    slot.as_mut_ptr()
}
