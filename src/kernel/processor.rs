//! What depends on the maker and the family of the processor: which of two ways is the quicker, where
//! both give the same bits.
//!
//! It is found before a pass begins: in a pass, code that might have to find it would be slower. There
//! is nothing to be found but on x86-64.

#[cfg(all(not(miri), target_arch = "x86_64"))]
use core::arch::x86_64::{__cpuid, CpuidResult};
#[cfg(target_arch = "x86_64")]
use core::sync::atomic::{AtomicU8, Ordering};

/// It has been looked for.
#[cfg(all(not(miri), target_arch = "x86_64"))]
const LOOKED_FOR: u8 = 1;
/// The processor is AMD's.
#[cfg(all(any(not(miri), feature = "parallel"), target_arch = "x86_64"))]
const AMD: u8 = 2;
/// It is a Zen 4, which does half of 512 bits at a time. No other that does has been measured.
#[cfg(target_arch = "x86_64")]
const HALVES: u8 = 4;

/// What has been found.
#[cfg(target_arch = "x86_64")]
static FOUND: AtomicU8 = AtomicU8::new(0);

/// Whether the processor is AMD's.
#[cfg(feature = "parallel")]
#[inline(always)]
pub(super) fn is_amd() -> bool {
    #[cfg(target_arch = "x86_64")]
    return FOUND.load(Ordering::Relaxed) & AMD != 0;
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether vectors of 256 bits do twice as many operations in a cycle as those of 512.
#[inline(always)]
pub(super) fn gains_by_halves() -> bool {
    #[cfg(all(test, feature = "std"))]
    if let Some(gains) = tests::GAINS.get() {
        return gains;
    }
    #[cfg(target_arch = "x86_64")]
    return FOUND.load(Ordering::Relaxed) & HALVES != 0;
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Looks for it, if nobody has.
#[inline(always)]
pub(super) fn look() {
    #[cfg(all(not(miri), target_arch = "x86_64"))]
    if FOUND.load(Ordering::Relaxed) == 0 {
        find();
    }
}

#[cfg(all(not(miri), target_arch = "x86_64"))]
#[cold]
fn find() {
    let mut found = LOOKED_FOR;
    let CpuidResult { ebx, ecx, edx, .. } = __cpuid(0);
    if [ebx, edx, ecx].map(u32::to_le_bytes).as_flattened() == b"AuthenticAMD" {
        found |= AMD;
        let version = __cpuid(1).eax;
        let family = (version >> 8 & 0xf) + (version >> 20 & 0xff);
        // Zen 3 is of this family too, and has no vectors of 512 bits.
        if family == 0x19 {
            found |= HALVES;
        }
    }
    FOUND.store(found, Ordering::Relaxed);
}

#[cfg(all(test, feature = "std"))]
pub(super) mod tests {
    use core::cell::Cell;

    std::thread_local! {
        /// What a test wants this thread to take for true.
        pub(in crate::kernel) static GAINS: Cell<Option<bool>> = const { Cell::new(None) };
    }
}
