//! Which vector instructions run: found once, or forced.

use core::fmt;
use core::mem;
use core::str::FromStr;
use core::sync::atomic::{AtomicU8, Ordering};
use std::env;
use std::error::Error;
use std::panic;

use super::processor;

/// The vector instructions that passes are compiled for, one of which is chosen at run time.
///
/// The best one that the processor has is found when first needed. The environment variable
/// `CONSTGRAD_LEVEL` (`baseline`, `avx2` or `avx512`) chooses another, for measurements and tests;
/// so does [`force`](Self::force). What the variable says is ignored where it is no level or the
/// processor lacks it: [`current`](Self::current) tells what runs.
///
/// The variable is read by the first call that predicts or trains, by each if several threads begin
/// at once, and allocates if it is set. Should the standard library panic there, that is caught and
/// the best level runs, so that nothing unwinds; with `panic = "abort"` it would end the program.
/// Nothing else that predicts or trains panics or allocates, and after [`force`](Self::force)
/// nothing is read.
///
/// Only x86-64 has more than [`Baseline`](Self::Baseline), and asks. Debug builds run
/// [`Avx2`](Self::Avx2) for [`Avx512`](Self::Avx512), which gives the same bits, so that they are
/// built sooner.
///
/// ```
/// use constgrad::Level;
///
/// println!("runs on {}", Level::current());
/// Level::Baseline.force()?;
/// assert_eq!(Level::current(), Level::Baseline);
/// # Ok::<(), constgrad::LevelError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Level {
    /// What every processor has that the build is for: on x86-64 SSE2, four `f32` at a time, unless
    /// `target-cpu` or `target-feature` says more.
    Baseline = 1,
    /// AVX2 and FMA: eight `f32` at a time.
    Avx2 = 2,
    /// AVX-512: sixteen `f32` at a time.
    Avx512 = 3,
}

/// The level that runs, 0 before it is known.
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Level {
    /// All levels, the lowest first.
    pub const ALL: [Level; 3] = [Level::Baseline, Level::Avx2, Level::Avx512];

    /// The level that runs.
    #[inline(always)]
    pub fn current() -> Level {
        match CURRENT.load(Ordering::Relaxed) {
            1 => Level::Baseline,
            2 => Level::Avx2,
            3 => Level::Avx512,
            _ => Level::first(),
        }
    }

    /// Whether the processor has these instructions.
    pub fn is_available(self) -> bool {
        match self {
            Level::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                Level::Avx2.is_available()
                    && std::is_x86_feature_detected!("avx512f")
                    && std::is_x86_feature_detected!("avx512vl")
                    && std::is_x86_feature_detected!("avx512dq")
                    && std::is_x86_feature_detected!("avx512bw")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Makes this the level that runs, in the whole process.
    ///
    /// # Errors
    /// [`LevelError`] if the processor lacks it; the level that runs stays.
    pub fn force(self) -> Result<(), LevelError> {
        if !self.is_available() {
            return Err(LevelError { lacking: self });
        }
        self.begin();
        Ok(())
    }

    /// The level to begin with: the environment's, or the best one.
    #[cold]
    fn first() -> Level {
        let best = Level::ALL.into_iter().rev();
        let level = Level::asked().into_iter().chain(best).find(|level| level.is_available());
        let level = level.unwrap_or(Level::Baseline);
        level.begin();
        level
    }

    /// Makes this the level that runs, when what a pass asks of the processor is known.
    fn begin(self) {
        processor::look();
        CURRENT.store(self as u8, Ordering::Relaxed);
    }

    /// The level that the environment asks for.
    fn asked() -> Option<Level> {
        // A function of its own, so that nothing is dropped where it is caught: else LLVM would
        // not see that nothing unwinds out of here.
        #[inline(never)]
        fn read() -> Option<Level> {
            env::var_os("CONSTGRAD_LEVEL")?.to_str()?.parse().ok()
        }
        // No other code that can panic is in what predicts and trains: std locks the environment,
        // and panics if a thousand million threads read it at once. What was caught is not
        // dropped, for dropping it could panic too.
        panic::catch_unwind(read).unwrap_or_else(|caught| {
            mem::forget(caught);
            None
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Level::Baseline => "baseline",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        Level::ALL.into_iter().find(|level| level.name() == name).ok_or(UnknownLevel)
    }
}

/// A level that this processor lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelError {
    /// The level that was asked for.
    pub lacking: Level,
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this processor has no level {}, its best is ", self.lacking)?;
        let best = Level::ALL.into_iter().rev().find(|level| level.is_available());
        write!(f, "{}", best.unwrap_or(Level::Baseline))
    }
}

impl Error for LevelError {}

/// The name of no [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLevel;

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a level: expected baseline, avx2 or avx512")
    }
}

impl Error for UnknownLevel {}
