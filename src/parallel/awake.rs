//! Threads that stay awake between one split and the next.

use core::hint;
use core::sync::atomic::{AtomicBool, Ordering};

use rayon::Yield;

/// How often in a row a thread looks in vain for something to do, before it goes.
const LOOKS: usize = 1 << 12;

/// Does `work`, which is split several times, while other threads of the pool, so many with this one,
/// look for its parts without a pause.
///
/// A thread with nothing to do gives way to others at first, and sleeps after some 10 µs: then it takes
/// 25 to 35 µs to wake up. A training step is split where a thread has just been waiting for another.
///
/// Whoever finds nothing for long goes: it may be that nothing is found because what `work` waits for
/// is beneath it on the same stack.
pub(super) fn awake<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    /// Says that the work is done, after a panic too.
    struct Done<'a>(&'a AtomicBool);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }

    let done = AtomicBool::new(false);
    beside(threads - 1, &done, || {
        let _done = Done(&done);
        work()
    })
}

/// Does `work` with so many helpers.
fn beside<R: Send>(helpers: usize, done: &AtomicBool, work: impl FnOnce() -> R + Send) -> R {
    if helpers == 0 {
        return work();
    }
    rayon::join(|| beside(helpers - 1, done, work), || help(done)).0
}

/// Does what there is to do until all is done.
fn help(done: &AtomicBool) {
    let mut looks = 0;
    while !done.load(Ordering::Acquire) && looks < LOOKS {
        if rayon::yield_now() == Some(Yield::Executed) {
            looks = 0;
        } else {
            looks += 1;
            hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::vec;

    use rayon::{ThreadPool, ThreadPoolBuilder};

    use super::*;

    fn pool(threads: usize) -> ThreadPool {
        ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
    }

    /// The sum of the numbers from `first` on, by halves.
    fn sum(first: u64, numbers: u64) -> u64 {
        if numbers == 1 {
            return first;
        }
        let half = numbers / 2;
        let (a, b) = rayon::join(|| sum(first, half), || sum(first + half, numbers - half));
        a + b
    }

    #[test]
    fn the_work_is_done_with_any_number_of_threads() {
        for threads in 1..=4 {
            for asked in 1..=4 {
                let found = pool(threads).install(|| awake(asked, || sum(0, 1000)));
                assert_eq!(found, 499_500, "{asked} of {threads} threads");
            }
        }
        assert_eq!(awake(2, || sum(0, 1000)), 499_500, "from outside of a pool");
    }

    /// Each within another, beside others that are split too: whoever waits beneath another's helper
    /// is not waited for in vain.
    #[test]
    fn many_at_once_do_not_wait_for_each_other() {
        let works =
            || (0..64_u8).map(|first| move || awake(3, || awake(2, || sum(first.into(), 100))));
        let found = pool(4).install(|| {
            let mut sums = vec![0; works().len()];
            rayon::scope(|scope| {
                for (sum, work) in sums.iter_mut().zip(works()) {
                    scope.spawn(move |_| *sum = work());
                }
            });
            sums
        });
        assert!(found.iter().zip(0..).all(|(&sum, first)| sum == 4950 + 100 * first), "{found:?}");
    }

    #[test]
    fn a_panic_ends_it() {
        let pool = pool(2);
        let work = || pool.install(|| awake(2, || assert_eq!(sum(0, 100), 0, "the panic")));
        assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
        assert_eq!(pool.install(|| awake(2, || sum(0, 100))), 4950);
    }

    #[test]
    fn whoever_finds_nothing_goes() {
        pool(1).install(|| help(&AtomicBool::new(false)));
        help(&AtomicBool::new(false));
    }
}
