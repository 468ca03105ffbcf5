use core::arch::asm;

use cortex_m::Peripherals;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
pub use cortex_m_rt::entry;

/// Counts instructions with the timer that every Cortex-M has in QEMU.
///
/// Under `-icount shift=0` an instruction takes 1 ns of the chip's time, whatever it does, so that
/// a tick of the timer is a constant number of instructions: 40 at 25 MHz. A loop of known length
/// tells how many.
pub struct Counter {
    ticks_of_loop: u64,
}

/// Turns of the loop, of 2 instructions each.
const TURNS: u32 = 2_000_000;

impl Counter {
    pub fn start() -> Self {
        // SAFETY: nothing else in the program touches the timer.
        let mut timer = unsafe { Peripherals::steal() }.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(LARGEST);
        timer.clear_current();
        timer.enable_counter();
        let ticks_of_loop = ticks(|| {
            // SAFETY: counts a register down, and touches nothing else.
            unsafe { asm!("2: subs {0}, {0}, #1", "bne 2b", inout(reg) TURNS => _) };
        });
        Counter { ticks_of_loop: ticks_of_loop.into() }
    }

    /// The instructions that `f` executes, of at most 600 million.
    pub fn instructions(&self, f: impl FnOnce()) -> u64 {
        u64::from(ticks(f)) * u64::from(2 * TURNS) / self.ticks_of_loop
    }
}

/// The timer has 24 bits.
const LARGEST: u32 = 0x00ff_ffff;

fn ticks(f: impl FnOnce()) -> u32 {
    let before = SYST::get_current();
    f();
    // It counts downwards.
    before.wrapping_sub(SYST::get_current()) & LARGEST
}

#[inline(always)]
pub fn stack_pointer() -> *mut u32 {
    let pointer;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}
