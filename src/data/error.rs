use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::string::String;

/// What is wrong with a data file, where, and what was expected there.
#[derive(Debug)]
pub struct DataError {
    file: PathBuf,
    place: Place,
    problem: Problem,
}

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line, counted from 1.
    Line(u64),
    /// A column of a line, both counted from 1.
    Field(u64, usize),
    /// A byte, counted from 0 after unpacking.
    Offset(u64),
}

#[derive(Debug)]
enum Problem {
    Io(io::Error),
    Content { found: String, expected: String },
}

impl DataError {
    pub(super) fn io(file: &Path, error: io::Error) -> Self {
        DataError { file: file.into(), place: Place::File, problem: Problem::Io(error) }
    }

    pub(super) fn content(
        file: &Path,
        place: Place,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        let problem = Problem::Content { found: found.into(), expected: expected.into() };
        DataError { file: file.into(), place, problem }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The place in it.
    pub fn place(&self) -> Place {
        self.place
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match self.place {
            Place::File => {}
            Place::Line(line) => write!(f, "line {line}: ")?,
            Place::Field(line, field) => write!(f, "line {line}, field {field}: ")?,
            Place::Offset(offset) => write!(f, "byte {offset}: ")?,
        }
        match &self.problem {
            Problem::Io(error) => error.fmt(f),
            Problem::Content { found, expected } => write!(f, "{found} found, {expected} expected"),
        }
    }
}

impl Error for DataError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Io(error) => Some(error),
            Problem::Content { .. } => None,
        }
    }
}
