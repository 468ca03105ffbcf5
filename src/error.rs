//! What can be wrong with data that the compiler has not seen.

use core::error::Error;
use core::fmt;

/// A slice has another length than it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthError {
    what: &'static str,
    found: usize,
    expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Exactly(usize),
    Between(usize, usize),
}

impl LengthError {
    /// `Ok` if `found` is `expected`.
    pub(crate) fn check(what: &'static str, found: usize, expected: usize) -> Result<(), Self> {
        if found == expected {
            return Ok(());
        }
        Err(LengthError { what, found, expected: Expected::Exactly(expected) })
    }

    /// `Ok` if `found` is in `low..=high`.
    pub(crate) fn check_range(
        what: &'static str,
        found: usize,
        low: usize,
        high: usize,
    ) -> Result<(), Self> {
        if (low..=high).contains(&found) {
            return Ok(());
        }
        Err(LengthError { what, found, expected: Expected::Between(low, high) })
    }
}

impl fmt::Display for LengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LengthError { what, found, expected } = self;
        match expected {
            Expected::Exactly(expected) => write!(f, "{found} {what} found, {expected} expected"),
            Expected::Between(low, high) if *high == usize::MAX => {
                write!(f, "{found} {what} found, at least {low} expected")
            }
            Expected::Between(low, high) => {
                write!(f, "{found} {what} found, {low} to {high} expected")
            }
        }
    }
}

impl Error for LengthError {}

/// A training step's loss or its gradient is infinite or NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonFinite<T> {
    /// The loss.
    pub loss: T,
}

impl<T: fmt::Display> fmt::Display for NonFinite<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = "a loss and a gradient of finite numbers expected; the weights were not changed";
        write!(f, "a loss of {} found, {what}", self.loss)
    }
}

impl<T: fmt::Debug + fmt::Display> Error for NonFinite<T> {}
