//! How good a classifier is.

use core::fmt;

use crate::Class;

/// Counts, for each true class, what was predicted.
///
/// ```
/// use constgrad::{Class, Confusion};
///
/// let [cat, dog] = [0, 1].map(|index| Class::<2>::new(index).unwrap());
/// let mut confusion = Confusion::new();
/// confusion.record(cat, cat);
/// confusion.record(dog, dog);
/// confusion.record(dog, cat);
/// assert_eq!(confusion.accuracy(), 2.0 / 3.0);
/// assert_eq!(confusion.count(dog, cat), 1);
/// ```
///
/// `{}` prints it as a table with a row for each true class and a column for each predicted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion<const N: usize> {
    counts: [[u32; N]; N],
}

impl<const N: usize> Confusion<N> {
    /// Nothing counted yet.
    pub const fn new() -> Self {
        Confusion { counts: [[0; N]; N] }
    }

    /// Counts one sample.
    pub fn record(&mut self, truth: Class<N>, predicted: Class<N>) {
        let count = &mut self.counts[truth.index()][predicted.index()];
        *count = count.saturating_add(1);
    }

    /// How many samples of the class `truth` were taken for `predicted`.
    pub fn count(&self, truth: Class<N>, predicted: Class<N>) -> u32 {
        self.counts[truth.index()][predicted.index()]
    }

    /// All samples counted.
    pub fn total(&self) -> u64 {
        self.counts.as_flattened().iter().map(|&count| u64::from(count)).sum()
    }

    /// The share of samples that were predicted rightly, in 0..1; NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..N).map(|class| u64::from(self.counts[class][class])).sum();
        right as f64 / self.total() as f64
    }
}

impl<const N: usize> Default for Confusion<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Display for Confusion<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = |n: u32| n.checked_ilog10().map_or(1, |log| log as usize + 1);
        let largest = self.counts.as_flattened().iter().copied().max().unwrap_or(0);
        let width = digits(largest).max(digits(N as u32)) + 1;

        write!(f, "true \\ predicted ")?;
        for class in 0..N {
            write!(f, "{class:>width$}")?;
        }
        for (class, row) in self.counts.iter().enumerate() {
            write!(f, "\n{class:>16} ")?;
            for count in row {
                match count {
                    0 => write!(f, "{:>width$}", "·")?,
                    count => write!(f, "{count:>width$}")?,
                }
            }
        }
        Ok(())
    }
}
