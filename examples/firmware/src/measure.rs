//! What a call costs: instructions and stack.

use firmware::chip::{Counter, stack_pointer};

pub struct Cost {
    /// Instructions of one call, with the call itself and the loop around it.
    pub instructions: u64,
    /// Bytes of stack below the caller's.
    pub stack: usize,
}

/// What one call of `f` costs, on average.
pub fn cost(counter: &Counter, mut f: impl FnMut()) -> Cost {
    const CALLS: u32 = 20;
    let stack = peak_stack(&mut f);
    let instructions = counter.instructions(|| {
        for _ in 0..CALLS {
            f();
        }
    });
    Cost { instructions: instructions / u64::from(CALLS), stack }
}

/// Bytes of RAM between the statics and the stack.
#[inline(always)]
pub fn free() -> usize {
    unsafe extern "C" {
        /// The linker's name for the end of the statics.
        static __euninit: u32;
    }
    stack_pointer().addr() - (&raw const __euninit).addr()
}

/// Bytes of stack that are painted: more than a call needs.
pub const PAINTED: usize = 2048;

/// Paints what lies below the stack pointer, calls `f`, and looks how far down the paint is gone.
#[inline(never)]
fn peak_stack(f: impl FnOnce()) -> usize {
    const WORDS: usize = PAINTED / size_of::<u32>();
    /// What nobody else writes to a stack, it is hoped.
    const PAINT: u32 = 0xc0de_57ac;

    assert!(free() >= PAINTED, "less than {PAINTED} bytes of stack are free");
    let bottom = stack_pointer().wrapping_sub(WORDS);
    for word in 0..WORDS {
        // SAFETY: this is RAM, and below the stack pointer it is nobody's: there are no
        // interrupts.
        unsafe { bottom.wrapping_add(word).write_volatile(PAINT) };
    }
    f();
    // SAFETY: as above.
    let painted = |word: &usize| unsafe { bottom.wrapping_add(*word).read_volatile() } == PAINT;
    let untouched = (0..WORDS).take_while(painted).count();
    assert!(untouched > 0, "a call needs more than {PAINTED} bytes of stack");
    PAINTED - untouched * size_of::<u32>()
}
