//! Outputs that are written in place, and what is in the place first.

use core::array;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::{Machine, Task, dispatch_made};
use crate::{Float, Layer, Zero};

/// What is written to memory for a `Y` before it is reached for: zeros, or any numbers at all, which
/// will be overwritten before they are read.
pub struct Fresh<Y> {
    /// Only for arrays of numbers, of which any bits are a value: `write` relies on it.
    any: bool,
    of: PhantomData<fn() -> Y>,
}

impl<Y: Zero> Fresh<Y> {
    /// Zeros.
    pub const ZERO: Self = Fresh { any: false, of: PhantomData };

    /// The same for a batch.
    #[inline(always)]
    pub(crate) const fn each<const B: usize>(self) -> Fresh<[Y; B]> {
        Fresh { any: self.any, of: PhantomData }
    }

    /// Puts a `Y` into the place: zeros, or what is there.
    #[inline(always)]
    pub(super) fn write(self, place: &mut MaybeUninit<Y>) -> &mut Y {
        #[cfg(all(
            not(miri),
            any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "arm")
        ))]
        if self.any
            && const {
                /// Bytes up to which 4-16-16-2 takes 41 ns with zeros, and 45 without. Zeros of 2 KiB
                /// take 2 % of a prediction. An Arm with an FPU is slow at storing even a few.
                const FEW: usize = 512;
                let has_slow_stores = cfg!(all(target_arch = "arm", target_abi = "eabihf"));
                has_slow_stores || size_of::<Y>() > FEW
            }
        {
            // SAFETY: to the compiler the assembly writes any bits to the place, and any bits are a `Y`,
            // which is an array of numbers.
            unsafe {
                core::arch::asm!("/* {0} */", in(reg) place.as_mut_ptr(), options(nostack, preserves_flags));
                return place.assume_init_mut();
            }
        }
        place.write(Y::ZERO)
    }
}

impl<T: Float, const N: usize> Fresh<[T; N]> {
    /// Any numbers.
    pub(crate) const ANY: Self = Fresh { any: true, of: PhantomData };
}

/// [`Network::predict`](crate::Network::predict).
///
/// The place is uninitialised until the machine's function writes it, so that the compiler can use the
/// caller's place instead of a copy. It does for a chip, which has one machine.
#[inline(always)]
pub(crate) fn predict<N: Layer>(net: &N, x: &N::Input) -> N::Output {
    let mut y = MaybeUninit::uninit();
    dispatch_made(Predict::of, net, x, &mut y, (), (), ());
    // SAFETY: a `Predict` has written it, on whichever machine.
    unsafe { y.assume_init() }
}

struct Predict<'a, N: Layer> {
    net: &'a N,
    x: &'a N::Input,
    y: &'a mut MaybeUninit<N::Output>,
}

impl<'a, N: Layer> Predict<'a, N> {
    #[inline(always)]
    #[rustfmt::skip]
    fn of(net: &'a N, x: &'a N::Input, y: &'a mut MaybeUninit<N::Output>, (): (), (): (), (): ()) -> Self {
        Predict { net, x, y }
    }
}

impl<N: Layer> Task for Predict<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let y = N::FRESH.write(self.y);
        self.net.infer::<M, 1>(array::from_ref(self.x), array::from_mut(y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_any_numbers_is_zero() {
        let mut place = MaybeUninit::new([[f32::NAN; 200]; 2]);
        assert_eq!(Fresh::<[[f32; 200]; 2]>::ZERO.write(&mut place), &[[0.0; 200]; 2]);
        let mut pairs = MaybeUninit::new(([1.0_f32; 3], [2.0_f64; 2]));
        assert_eq!(Fresh::ZERO.write(&mut pairs), &([0.0; 3], [0.0; 2]));
    }

    /// What is written through the reference is in the place.
    #[test]
    fn any_numbers_are_overwritten_where_they_are() {
        let mut place = MaybeUninit::<[[f32; 200]; 2]>::uninit();
        let numbers = Fresh::<[f32; 200]>::ANY.each().write(&mut place);
        *numbers = [[1.5; 200], [2.5; 200]];
        let numbers = &raw const *numbers;
        assert_eq!(numbers, place.as_ptr());
        // SAFETY: they have been written.
        assert_eq!(unsafe { place.assume_init() }, [[1.5; 200], [2.5; 200]]);
    }
}
