//! Processor time: what this process has computed, not how long it waited for others. All contenders
//! have one thread, and a loaded machine would otherwise time its scheduler.

use std::mem::MaybeUninit;
use std::time::Duration;

/// The time that all threads of this process have run.
pub fn now() -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the clock writes to where it is told, and all zeros are a time too.
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr());
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
