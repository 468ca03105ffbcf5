//! Memory that holds one value at each end: the activations of a prediction, or the derivatives of
//! a backward pass, in turn.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::fresh::Fresh;
use crate::{Float, Zero};

/// What starts at a line of the cache, where there are vectors: one that is stored across two is
/// slow to read back.
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), repr(align(64)))]
pub struct Aligned<T>(pub T);

impl<Z: Zero> Zero for Aligned<Z> {
    const ZERO: Self = Aligned(Z::ZERO);
}

/// Memory for an [`Arena`] as large as an `H`.
pub struct Room<H>(Aligned<MaybeUninit<H>>);

// SAFETY: there is nothing in a room but what an arena puts there, and no arena finds what another
// has left, unless as numbers, which any bits are. So another thread that has the room gets no value
// with it.
unsafe impl<H> Send for Room<H> {}
// SAFETY: a shared room cannot be looked into.
unsafe impl<H> Sync for Room<H> {}

impl<H> Room<H> {
    /// Room with nothing in it.
    pub const EMPTY: Self = Room(Aligned(MaybeUninit::uninit()));
}

/// Memory as large as an `H`, with an `X` at one of its ends.
///
/// A layer takes its input from there and puts its output at the other end, over the input of
/// the layer before it. So the memory need be no larger than two neighbours together. Backward goes
/// the other way, from the derivative of the output to that of the input.
///
/// What is left behind is not dropped. The low end is at a line of the cache, the high end wherever
/// the sizes put it.
pub struct Arena<'a, H, X> {
    memory: Memory<'a, H>,
    /// Where the `X` is.
    end: End,
    holds: PhantomData<X>,
}

/// The memory of an [`Arena`] with an `X` at one end and a `Y` at the other.
pub struct Both<'a, H, X, Y> {
    memory: Memory<'a, H>,
    /// Where the `Y` is.
    end: End,
    holds: PhantomData<(X, Y)>,
}

#[derive(Clone, Copy)]
enum End {
    Low,
    High,
}

/// The exclusive use of memory for an `H`. All that is at its two ends is reached by this one
/// pointer, so that reaching for one end leaves references to the other valid.
struct Memory<'a, H> {
    start: *mut MaybeUninit<H>,
    borrow: PhantomData<&'a mut MaybeUninit<H>>,
}

impl<H> Memory<'_, H> {
    /// Where a `T` at an end begins: inside of the memory and aligned, which is checked when
    /// this is compiled.
    #[inline(always)]
    const fn place<T>(&self, end: End) -> *mut T {
        const {
            assert!(size_of::<T>() <= size_of::<H>(), "the arena is too small");
            assert!(align_of::<T>() <= align_of::<H>(), "the arena is not aligned");
        }
        let offset = match end {
            End::Low => 0,
            End::High => size_of::<H>() - size_of::<T>(),
        };
        // A size is a multiple of its type's alignment, and one alignment of the other: so the
        // offset is a multiple of `T`'s.
        self.start.cast::<T>().wrapping_byte_add(offset)
    }
}

impl<'a, H> Arena<'a, H, ()> {
    /// An arena with nothing in it.
    #[inline(always)]
    pub const fn new(Room(Aligned(memory)): &'a mut Room<H>) -> Self {
        let memory = Memory { start: memory, borrow: PhantomData };
        Arena { memory, end: End::Low, holds: PhantomData }
    }
}

impl<'a, H, X: Copy> Arena<'a, H, X> {
    /// An arena with a copy of `x`.
    #[inline(always)]
    pub fn holding(room: &'a mut Room<H>, x: &X) -> Self {
        let Arena { memory, end, .. } = Arena::new(room);
        // SAFETY: `place` is inside of the memory and aligned, and the memory is this arena's alone.
        unsafe { *memory.place::<X>(end) = *x };
        Arena { memory, end, holds: PhantomData }
    }
}

impl<'a, H, X> Arena<'a, H, X> {
    /// What the arena holds.
    #[inline(always)]
    pub const fn held(&self) -> &X {
        // SAFETY: an arena is made with nothing in it, where `X` is `()`, by `holding`, or by
        // `Both::done`: there is an `X` at this end. `place` is inside of the memory and aligned, and
        // the memory is this arena's alone, which is borrowed as long as the reference lives.
        unsafe { &*self.memory.place::<X>(self.end) }
    }

    /// The same, to be changed.
    #[inline(always)]
    pub const fn held_mut(&mut self) -> &mut X {
        // SAFETY: as for `held`; and the arena is borrowed as long as the only reference lives.
        unsafe { &mut *self.memory.place::<X>(self.end) }
    }

    /// Puts a `Y` at the other end, all zero. That both fit is checked when this is compiled.
    #[inline(always)]
    pub fn with<Y: Zero>(self) -> Both<'a, H, X, Y> {
        self.with_fresh(Fresh::<Y>::ZERO)
    }

    /// As [`with`](Self::with), but what the numbers are is not said: they are to be overwritten
    /// before they are read.
    #[inline(always)]
    pub(crate) fn with_any<T: Float, const N: usize, const B: usize>(
        self,
    ) -> Both<'a, H, X, [[T; N]; B]> {
        self.with_fresh(Fresh::<[T; N]>::ANY.each())
    }

    /// Puts a `Y` at the other end, zero or any numbers.
    #[inline(always)]
    pub(crate) fn with_fresh<Y: Zero>(self, fresh: Fresh<Y>) -> Both<'a, H, X, Y> {
        const { assert!(size_of::<X>() + size_of::<Y>() <= size_of::<H>(), "the arena is too small") }
        let Arena { memory, end, .. } = self;
        let end = match end {
            End::Low => End::High,
            End::High => End::Low,
        };
        // SAFETY: `place` is inside of the memory and aligned, the memory is this arena's alone,
        // and no reference into it is alive, since the arena is here by value. This leaves the `X`
        // alone: the two do not overlap. And `write` puts a `Y` there.
        fresh.write(unsafe { &mut *memory.place::<MaybeUninit<Y>>(end) });
        Both { memory, end, holds: PhantomData }
    }
}

impl<'a, H, X, Y> Both<'a, H, X, Y> {
    /// What is at the two ends.
    #[inline(always)]
    pub const fn parts(&mut self) -> (&mut X, &mut Y) {
        let other = match self.end {
            End::Low => End::High,
            End::High => End::Low,
        };
        let x = self.memory.place::<X>(other);
        let y = self.memory.place::<Y>(self.end);
        // SAFETY: `Arena::with_fresh` has found an `X` at its end, and a `Y` is at the other; they
        // do not overlap, as it has checked. Both places are inside of the memory and aligned, and
        // the memory is this value's alone, which is borrowed as long as the references live.
        unsafe { (&mut *x, &mut *y) }
    }

    /// Leaves the `X` behind: its place is free again.
    #[inline(always)]
    pub const fn done(self) -> Arena<'a, H, Y> {
        Arena { memory: self.memory, end: self.end, holds: PhantomData }
    }
}

/// As large as the larger of the two: never read, only measured.
#[derive(Clone, Copy)]
pub union Larger<A: Copy, B: Copy> {
    _a: A,
    _b: B,
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Zero for u8 {
        const ZERO: Self = 0;
    }

    /// Three values in turn, of other sizes and alignments, one after the other.
    #[test]
    fn neighbours_are_whole_while_both_are_there() {
        type Largest = Larger<Larger<([u8; 3], [f64; 2]), ([f64; 2], [f32; 5])>, ([f32; 5], u8)>;
        let mut memory = Room::<[Largest; 2]>::EMPTY;
        let range = &raw const memory as usize..&raw const memory as usize + size_of_val(&memory);

        let mut bytes = Arena::new(&mut memory).with::<[[u8; 3]; 2]>();
        *bytes.parts().1 = [[1, 2, 3], [4, 5, 6]];
        let bytes = bytes.done();
        assert_eq!(bytes.held(), &[[1, 2, 3], [4, 5, 6]]);

        let mut doubles = bytes.with::<[[f64; 2]; 2]>();
        let (bytes, numbers) = doubles.parts();
        assert_eq!((&*bytes, &*numbers), (&[[1, 2, 3], [4, 5, 6]], &[[0.0; 2]; 2]));
        *numbers = [[1.5, 2.5], [3.5, 4.5]];
        assert_eq!(bytes, &[[1, 2, 3], [4, 5, 6]]);

        let mut singles = doubles.done().with::<[[f32; 5]; 2]>();
        let (doubles, numbers) = singles.parts();
        assert!(range.contains(&(&raw const *doubles as usize)));
        assert!(range.contains(&(&raw const *numbers as usize)));
        *numbers = [[-1.0; 5], [-2.0; 5]];
        assert_eq!(doubles, &[[1.5, 2.5], [3.5, 4.5]]);

        let byte = singles.done().with::<[u8; 2]>().done();
        assert_eq!(byte.held(), &[0, 0]);
    }

    /// Both ends changed at once, with zeros between them and without.
    #[test]
    fn both_neighbours_are_changed() {
        type Numbers = [[f32; 100]; 2];
        let mut memory = Room::<(Numbers, Numbers)>::EMPTY;
        let mut small = Arena::holding(&mut memory, &[1.0_f32, 2.0]);
        small.held_mut()[1] = 3.0;
        let mut first = small.with_any::<f32, 100, 2>();
        let (held, numbers) = first.parts();
        *numbers = [[5.0; 100], [6.0; 100]];
        held[0] = 4.0;
        assert_eq!((&*held, &*numbers), (&[4.0, 3.0], &[[5.0; 100], [6.0; 100]]));

        let mut second = first.done().with_any::<f32, 100, 2>();
        let (before, after) = second.parts();
        for (before, after) in before.as_flattened_mut().iter_mut().zip(after.as_flattened_mut()) {
            *after = 2.0 * *before;
            *before = 0.0;
        }
        assert_eq!((&*before, &*after), (&[[0.0; 100]; 2], &[[10.0; 100], [12.0; 100]]));
        assert_eq!(second.done().held(), &[[10.0; 100], [12.0; 100]]);
    }
}
