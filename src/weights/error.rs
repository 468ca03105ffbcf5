use core::error::Error;
use core::fmt;
#[cfg(feature = "std")]
use std::{
    boxed::Box,
    io,
    path::{Path, PathBuf},
};

use super::json::Quoted;
use crate::tensors::{Dtype, TensorInfo};
use crate::text::Text;

/// What is wrong with weights in a file, where, and what was expected there.
///
/// A plain value, made in the same words at run time and at compile time. Very long names in it
/// are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightsError {
    /// The tensor, if it is one that is wrong, or the name of a layer.
    name: Text<40>,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Fewer bytes than there must be.
    Truncated {
        found: usize,
        needed: u64,
    },
    LargeHeader(u64),
    /// What the header must have at a byte of the file.
    Header {
        at: usize,
        expected: &'static str,
    },
    /// Too many tensors in an order of their own.
    Disorder(usize),
    /// Bytes of data that are no tensor's.
    Unused(usize),

    UnknownDtype(Text<16>),
    Incomplete,
    SecondTensor,
    Offsets {
        begin: u64,
        end: u64,
    },
    BeyondEnd {
        end: u64,
        found: usize,
    },
    Overlap,
    /// Bytes of a tensor, which are not those of its shape.
    Size {
        found: usize,
        shape: Text<24>,
        dtype: Dtype,
    },

    Missing {
        layer: &'static str,
        needed: &'static TensorInfo,
    },
    Foreign {
        layers: usize,
    },
    Shape {
        found: Text<24>,
        layer: &'static str,
        needed: &'static TensorInfo,
    },
    Type {
        found: Dtype,
        layer: &'static str,
        needed: &'static TensorInfo,
    },
    NonFinite {
        index: usize,
        layer: &'static str,
    },

    Names {
        found: usize,
        layers: usize,
    },
    SameName,
    /// `TENSORS` of a layer is not what `visit` or `inspect` hands out.
    Layer(&'static str),
}

pub(super) const fn shape_text<const N: usize>(shape: &[usize]) -> Text<N> {
    let mut text = Text::new();
    text.push("[");
    let mut dimension = 0;
    while dimension < shape.len() {
        if dimension > 0 {
            text.push(", ");
        }
        text.push_number(shape[dimension] as u64);
        dimension += 1;
    }
    text.push("]");
    text
}

impl WeightsError {
    pub(super) const fn new(problem: Problem) -> Self {
        WeightsError { name: Text::new(), problem }
    }

    /// A problem of a tensor of a file.
    pub(super) const fn of(name: Quoted<'_>, problem: Problem) -> Self {
        let mut error = Self::new(problem);
        let mut characters = name.characters();
        while let Some(character) = characters.next() {
            error.name.push_char(character);
        }
        error
    }

    /// A problem of a tensor that a file should have.
    pub(super) const fn named(name: Text<40>, problem: Problem) -> Self {
        WeightsError { name, problem }
    }

    /// The tensor that is wrong, or missing, if it is a tensor.
    pub fn tensor(&self) -> Option<&str> {
        match self.problem {
            Problem::SameName => None,
            _ => Some(self.name.as_str()).filter(|name| !name.is_empty()),
        }
    }

    /// The message, in one line.
    pub(super) const fn text(&self) -> Text<320> {
        let mut text = Text::new();
        if !self.name.as_str().is_empty() {
            text.push(if let Problem::SameName = self.problem { "layer `" } else { "tensor `" });
            text.push(self.name.as_str());
            text.push("` ");
        }
        self.problem.push_to(&mut text);
        text
    }
}

impl Problem {
    const fn push_to(&self, text: &mut Text<320>) {
        match self {
            Problem::Truncated { found, needed } => {
                text.push("the file has ");
                text.push_number(*found as u64);
                text.push(" bytes, but a safetensors file that begins like it needs at least ");
                text.push_number(*needed);
            }
            Problem::LargeHeader(found) => {
                text.push("the file says that its header has ");
                text.push_number(*found);
                text.push(" bytes, but a safetensors header has at most 100000000");
            }
            Problem::Header { at, expected } => {
                text.push("byte ");
                text.push_number(*at as u64);
                text.push(" of the file: no safetensors header, ");
                text.push(expected);
                text.push(" expected");
            }
            Problem::Disorder(found) => {
                text.push("the file has ");
                text.push_number(*found as u64);
                text.push(" tensors, too many to be checked: the data must be in the order of the header, and the names in that of the alphabet");
            }
            Problem::Unused(found) => {
                text.push("the file has ");
                text.push_number(*found as u64);
                text.push(" bytes of data that belong to no tensor");
            }
            Problem::UnknownDtype(found) => {
                text.push("has type `");
                text.push(found.as_str());
                text.push("`, which safetensors does not have");
            }
            Problem::Incomplete => {
                text.push("lacks one of `dtype`, `shape` and `data_offsets` in the header");
            }
            Problem::SecondTensor => text.push("is in the file twice"),
            Problem::Offsets { begin, end } => {
                text.push("begins at byte ");
                text.push_number(*begin);
                text.push(" of the data and ends before it, at ");
                text.push_number(*end);
            }
            Problem::BeyondEnd { end, found } => {
                text.push("ends at byte ");
                text.push_number(*end);
                text.push(" of the data, but the file has ");
                text.push_number(*found as u64);
                text.push(" bytes of data");
            }
            Problem::Overlap => text.push("shares bytes with another tensor"),
            Problem::Size { found, shape, dtype } => {
                text.push("has ");
                text.push_number(*found as u64);
                text.push(" bytes of data, but its shape ");
                text.push(shape.as_str());
                text.push(" of ");
                text.push(dtype.name());
                text.push(" needs another number");
            }
            Problem::Missing { layer, needed } => {
                text.push("is missing, but ");
                text.push(layer);
                text.push(" needs it, with shape ");
                text.push(shape_text::<64>(needed.shape()).as_str());
            }
            Problem::Foreign { layers } => {
                text.push("belongs to no layer of the network, which has ");
                text.push_number(*layers as u64);
                text.push(if *layers == 1 { " layer" } else { " layers" });
            }
            Problem::Shape { found, layer, needed } => {
                text.push("has shape ");
                text.push(found.as_str());
                text.push(", but ");
                text.push(layer);
                text.push(" needs ");
                text.push(shape_text::<64>(needed.shape()).as_str());
            }
            Problem::Type { found, layer, needed } => {
                text.push("has type ");
                text.push(found.name());
                text.push(", but ");
                text.push(layer);
                text.push(" needs ");
                text.push(needed.dtype().name());
                text.push(", or another of F64, F32, F16 and BF16");
            }
            Problem::NonFinite { index, layer } => {
                text.push("has NaN or an infinity as number ");
                text.push_number(*index as u64);
                text.push(", but ");
                text.push(layer);
                text.push(" needs finite numbers");
            }
            Problem::Names { found, layers } => {
                text.push_number(*found as u64);
                text.push(" names found for the layers of a network of ");
                text.push_number(*layers as u64);
            }
            Problem::SameName => text.push("is named twice"),
            Problem::Layer(layer) => {
                text.push("the network cannot be read or written: `TENSORS` of ");
                text.push(layer);
                text.push(" does not list what its `visit` and `inspect` hand out");
            }
        }
    }
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl Error for WeightsError {}

/// A file of weights that cannot be read or written, or what is wrong with the weights in it.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct FileError {
    file: PathBuf,
    problem: FileProblem,
}

#[cfg(feature = "std")]
#[derive(Debug)]
enum FileProblem {
    Io(io::Error),
    Weights(Box<WeightsError>),
}

#[cfg(feature = "std")]
impl FileError {
    pub(super) fn io(file: &Path, error: io::Error) -> Self {
        FileError { file: file.into(), problem: FileProblem::Io(error) }
    }

    pub(super) fn weights(file: &Path, error: WeightsError) -> Self {
        FileError { file: file.into(), problem: FileProblem::Weights(Box::new(error)) }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong with the weights, of the file or of the network to be saved, if that is it.
    pub fn weights_error(&self) -> Option<&WeightsError> {
        match &self.problem {
            FileProblem::Io(_) => None,
            FileProblem::Weights(error) => Some(error),
        }
    }
}

#[cfg(feature = "std")]
impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.problem {
            FileProblem::Io(error) => error.fmt(f),
            FileProblem::Weights(error) => error.fmt(f),
        }
    }
}

#[cfg(feature = "std")]
impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            FileProblem::Io(error) => Some(error),
            FileProblem::Weights(error) => Some(error),
        }
    }
}
