//! What PyTorch computed, and what it means to agree with it.

use std::sync::LazyLock;

use approx::relative_eq;
use constgrad::Float;
use serde_json::Value;

static REFERENCE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("reference.json")).unwrap());

/// A number type, with how closely it must agree.
pub trait Number: Float {
    const NAME: &'static str;
    const TOLERANCE: f64;
    /// The distance from 1 to the next number.
    const EPSILON: f64;
    /// Below this, digits run out with the exponents.
    const SMALLEST: f64;
}

impl Number for f32 {
    const NAME: &'static str = "f32";
    const TOLERANCE: f64 = 1e-5;
    const EPSILON: f64 = f32::EPSILON as f64;
    const SMALLEST: f64 = f32::MIN_POSITIVE as f64;
}

impl Number for f64 {
    const NAME: &'static str = "f64";
    const TOLERANCE: f64 = 1e-10;
    const EPSILON: f64 = f64::EPSILON;
    const SMALLEST: f64 = f64::MIN_POSITIVE;
}

/// A part of the reference.
#[derive(Clone, Copy)]
pub struct Reference(&'static Value);

/// The part of the reference with this name.
pub fn reference(name: &str) -> Reference {
    Reference(&REFERENCE).at(name)
}

impl Reference {
    pub fn at(self, name: &str) -> Reference {
        Reference(self.0.get(name).unwrap_or_else(|| panic!("no {name:?} in reference.json")))
    }

    pub fn entries(self) -> impl Iterator<Item = Reference> {
        self.0.as_array().expect("a list").iter().map(Reference)
    }

    /// All numbers, row by row.
    pub fn numbers(self) -> Vec<f64> {
        match self.0 {
            Value::Array(_) => self.entries().flat_map(Reference::numbers).collect(),
            Value::String(name) => vec![name.parse().unwrap()],
            number => vec![number.as_f64().unwrap()],
        }
    }

    pub fn vector<T: Float, const N: usize>(self) -> [T; N] {
        let numbers: Vec<T> = self.numbers().into_iter().map(T::from_f64).collect();
        numbers.try_into().expect("a list of another length")
    }

    pub fn matrix<T: Float, const ROWS: usize, const COLUMNS: usize>(self) -> [[T; COLUMNS]; ROWS] {
        let rows: Vec<[T; COLUMNS]> = self.entries().map(Reference::vector).collect();
        rows.try_into().expect("a matrix of another shape")
    }
}

/// That a tensor agrees with PyTorch's: each number within the tolerance relative to PyTorch's
/// number, however small that is; and a zero is zero.
pub fn close<'a, T: Number>(what: &str, ours: impl IntoIterator<Item = &'a T>, theirs: Reference) {
    let ours: Vec<T> = ours.into_iter().copied().collect();
    let theirs = theirs.numbers();
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (index, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
        close_within(&format!("{what}, number {index}"), ours, theirs, 0.0);
    }
}

/// That a number agrees with PyTorch's: within the tolerance relative to PyTorch's, or within
/// `epsilon` where that is more.
pub fn close_within<T: Number>(what: &str, ours: T, theirs: f64, epsilon: f64) {
    assert!(
        relative_eq!(ours.to_f64(), theirs, epsilon = epsilon, max_relative = T::TOLERANCE),
        "{what}: {ours} as {}, but PyTorch {theirs}",
        T::NAME
    );
}
