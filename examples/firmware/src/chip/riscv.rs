use core::arch::asm;

use riscv::register::minstret;
pub use riscv_rt::entry;

/// Counts instructions with the chip's own counter of them, `minstret`.
pub struct Counter;

impl Counter {
    pub fn start() -> Self {
        Counter
    }

    /// The instructions that `f` executes.
    pub fn instructions(&self, f: impl FnOnce()) -> u64 {
        let before = minstret::read64();
        f();
        minstret::read64() - before
    }
}

#[inline(always)]
pub fn stack_pointer() -> *mut u32 {
    let pointer;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}
