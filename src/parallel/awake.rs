//! Threads that stay awake between one split and the next.

use core::hint;
use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rayon::Yield;

/// How often a thread looks for something to do, before it goes.
const LOOKS: usize = 1 << 12;

/// Looks in vain after which a thread lets others have its core for once.
const TURNS: usize = 64;

/// Does `work`, which is split several times into so many parts, while the pool's other threads look
/// for parts without sleeping, if the pool has no more threads than that. To be called within the pool.
///
/// A thread with nothing to do sleeps after some 10 µs, and then takes 25 to 35 µs to wake up. Between
/// the splits of a step some wait for about as long.
///
/// Whoever looks in vain goes after a while: what `work` waits for may lie beneath it on the same stack.
pub(super) fn awake<R: Send>(parts: usize, work: impl FnOnce() -> R + Send) -> R {
    let threads = rayon::current_num_threads();
    if threads > parts {
        return work();
    }
    helped(threads - 1, LOOKS, work)
}

/// Does `work` with so many helpers, each of which looks so often.
fn helped<R: Send>(helpers: usize, looks: usize, work: impl FnOnce() -> R + Send) -> R {
    /// Says that the work is done, after a panic too.
    struct Done<'a>(&'a AtomicBool);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }

    let done = AtomicBool::new(false);
    beside(helpers, &|| help(&done, looks), || {
        let _done = Done(&done);
        work()
    })
}

/// Does `work`, and `help` so often beside it.
fn beside<R: Send>(
    helpers: usize,
    help: &(impl Fn() + Sync),
    work: impl FnOnce() -> R + Send,
) -> R {
    if helpers == 0 {
        return work();
    }
    rayon::join(|| beside(helpers - 1, help, work), help).0
}

/// Does what there is to do, until all is done or it has looked so often.
fn help(done: &AtomicBool, looks: usize) {
    for look in 1..=looks {
        if done.load(Ordering::Acquire) {
            return;
        }
        if rayon::yield_now() == Some(Yield::Executed) {
            continue;
        }
        if look.is_multiple_of(TURNS) {
            thread::yield_now();
        } else {
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

    /// On one thread, so that the helper's place is known: whatever else there is, it does.
    #[test]
    fn a_helper_does_what_there_is() {
        let (ran, done) = (AtomicBool::new(false), AtomicBool::new(false));
        let other = || {
            ran.store(true, Ordering::Relaxed);
            done.store(true, Ordering::Release);
        };
        let helper = || {
            help(&done, 1);
            ran.load(Ordering::Relaxed)
        };
        assert!(pool(1).install(|| rayon::join(helper, other)).0);
    }

    /// On one thread helpers wait in its queue, from which they are taken.
    #[test]
    fn there_are_as_many_helpers_as_asked_for() {
        let looks = || [(); 3].map(|()| rayon::yield_now());
        let found = pool(1).install(|| helped(2, 0, looks));
        assert_eq!(found, [Yield::Executed, Yield::Executed, Yield::Idle].map(Some));
    }

    /// They would look forever.
    #[test]
    fn helpers_go_when_the_work_is_done() {
        let pool = pool(2);
        let work = || pool.install(|| helped(1, usize::MAX, || sum(0, 1000)));
        assert_eq!(work(), 499_500);

        let panics = || {
            pool.install(|| helped(1, usize::MAX, || assert_eq!(sum(0, 1000), 0, "the panic")));
        };
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(work(), 499_500);
    }

    #[test]
    fn whoever_looks_in_vain_goes() {
        pool(1).install(|| help(&AtomicBool::new(false), LOOKS));
        help(&AtomicBool::new(false), LOOKS);
    }

    /// Each within another, beside others that are split too.
    #[test]
    fn many_at_once_do_not_wait_for_each_other() {
        for threads in 1..=4 {
            let mut sums = vec![0; 64];
            pool(threads).scope(|scope| {
                for (first, sum_of) in (0..).zip(&mut sums) {
                    scope.spawn(move |_| *sum_of = awake(4, || awake(4, || sum(first, 100))));
                }
            });
            assert!(
                sums.iter().zip(0..).all(|(&sum, first)| sum == 4950 + 100 * first),
                "{sums:?}"
            );
        }
    }
}
