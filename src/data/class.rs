use core::error::Error;
use core::fmt;

use crate::Float;

/// One of `N` classes: a label that cannot be out of range.
///
/// It is made once, fallibly, where data is loaded; a loss or a confusion matrix then needs no
/// check.
///
/// ```
/// use constgrad::Class;
///
/// let seven = Class::<10>::new(7)?;
/// assert_eq!(seven.index(), 7);
/// assert_eq!(Class::<10>::new(10).unwrap_err().to_string(), "class 10 found, 0 to 9 expected");
/// # Ok::<(), constgrad::ClassError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Class<const N: usize>(u32);

impl<const N: usize> Class<N> {
    /// The class with an index in 0..N.
    ///
    /// # Errors
    /// [`ClassError`] if the index is `N` or more.
    pub const fn new(index: usize) -> Result<Self, ClassError> {
        if index < N && index <= u32::MAX as usize {
            Ok(Class(index as u32))
        } else {
            Err(ClassError { found: index, classes: N })
        }
    }

    /// The class with the largest output: what a network of logits or probabilities says. The
    /// first of equals; a NaN is never the largest, and class 0 is the answer if all are.
    pub fn largest<T: Float>(outputs: &[T; N]) -> Self {
        const { assert!(N > 0, "there is no class among 0 outputs") };
        let mut best = (0, -T::INFINITY);
        for (index, &output) in outputs.iter().enumerate() {
            if output > best.1 {
                best = (index as u32, output);
            }
        }
        Class(best.0)
    }

    /// The index, in 0..N.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl<const N: usize> TryFrom<usize> for Class<N> {
    type Error = ClassError;

    fn try_from(index: usize) -> Result<Self, ClassError> {
        Class::new(index)
    }
}

impl<const N: usize> fmt::Display for Class<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const N: usize> fmt::Debug for Class<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Class<{N}>({})", self.0)
    }
}

/// A label that is no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassError {
    found: usize,
    classes: usize,
}

impl fmt::Display for ClassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClassError { found, classes } = *self;
        match classes.checked_sub(1) {
            Some(last) => write!(f, "class {found} found, 0 to {last} expected"),
            None => write!(f, "class {found} found where there are no classes"),
        }
    }
}

impl Error for ClassError {}
