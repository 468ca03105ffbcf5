use core::error::Error;
use core::fmt;

use crate::text::Text;

/// Why a network was not exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportError(Problem);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// A name, and what it should be.
    Name {
        found: Text<40>,
        expected: &'static str,
    },
    /// The place of a weight is that in `W[out][in]`, row by row.
    NonFinite {
        layer: &'static str,
        tensor: &'static str,
        index: usize,
    },
    /// The path of an activation, and what its formula has.
    Formula(&'static str, &'static str),
    /// A layer without inputs or outputs.
    Empty(&'static str),
    Write,
}

impl ExportError {
    pub(super) fn new(problem: Problem) -> Self {
        ExportError(problem)
    }

    /// A name that is not what is `expected`.
    pub(super) fn name(name: &str, expected: &'static str) -> Self {
        let mut found = Text::new();
        found.push(name);
        ExportError(Problem::Name { found, expected })
    }
}

impl From<fmt::Error> for ExportError {
    fn from(_: fmt::Error) -> Self {
        ExportError(Problem::Write)
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Name { found, expected } => {
                write!(f, "the name `{}` found, {expected}", found.as_str())
            }
            Problem::NonFinite { layer, tensor, index } => {
                let expected = "finite numbers expected";
                write!(
                    f,
                    "NaN or an infinity found as number {index} of {tensor} of {layer}, {expected}"
                )
            }
            Problem::Formula(path, found) => {
                let expected = "a function of s with finite numbers expected";
                write!(f, "{found} found in the formula of `{path}`, {expected}")
            }
            Problem::Empty(layer) => {
                write!(
                    f,
                    "{layer} found, at least one input and one output expected: C has no empty arrays"
                )
            }
            Problem::Write => f.write_str("the export could not be written"),
        }
    }
}

impl Error for ExportError {}
