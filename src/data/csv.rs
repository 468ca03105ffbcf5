use std::format;
use std::fs;
use std::path::Path;
use std::string::ToString;
use std::vec::Vec;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Class, DataError, Place};
use crate::Float;

/// Reads a table of finite numbers, `COLUMNS` in each row. A first row without any number is a
/// header and is skipped.
///
/// # Errors
/// [`DataError`] if the file cannot be read, a row has more or fewer fields, or a field is no
/// finite number: with the line, what was found and what was expected.
pub fn read_csv<T: Float, const COLUMNS: usize>(
    path: impl AsRef<Path>,
) -> Result<Vec<[T; COLUMNS]>, DataError> {
    let path = path.as_ref();
    let mut rows = Vec::new();
    read_rows(path, COLUMNS, |line, record| {
        rows.push(numbers(path, line, record)?);
        Ok(())
    })?;
    Ok(rows)
}

/// The inputs and the classes of a table, row by row.
type Labelled<T, const IN: usize, const N: usize> = (Vec<[T; IN]>, Vec<Class<N>>);

/// Reads a table whose rows are `IN` finite numbers and a label, which is a whole number below
/// `N`. A first row without any number is a header and is skipped.
///
/// ```no_run
/// let (pixels, digits) = constgrad::data::read_csv_classes::<f32, 64, 10>("digits.csv")?;
/// # Ok::<(), constgrad::data::DataError>(())
/// ```
///
/// # Errors
/// As [`read_csv`], and a label that is no class.
pub fn read_csv_classes<T: Float, const IN: usize, const N: usize>(
    path: impl AsRef<Path>,
) -> Result<Labelled<T, IN, N>, DataError> {
    let path = path.as_ref();
    let (mut inputs, mut classes) = (Vec::new(), Vec::new());
    read_rows(path, IN + 1, |line, record| {
        inputs.push(numbers(path, line, record)?);
        let label = &record[IN];
        let class = label.parse().ok().and_then(|index| Class::new(index).ok());
        classes.push(class.ok_or_else(|| {
            let expected = format!("a label, a whole number below {N},");
            DataError::content(path, Place::Field(line, IN + 1), format!("`{label}`"), expected)
        })?);
        Ok(())
    })?;
    Ok((inputs, classes))
}

/// Calls `f` with each row of `columns` fields and the number of its line.
fn read_rows(
    path: &Path,
    columns: usize,
    mut f: impl FnMut(u64, &StringRecord) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let text = fs::read(path).map_err(|error| DataError::io(path, error))?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_slice());
    let mut lines = Lines { text: &text, line: 1, byte: 0 };
    let mut record = StringRecord::new();
    let mut first = true;
    loop {
        let start = reader.position().byte();
        let more = reader.read_record(&mut record);
        let line = lines.of_record(start);
        // The text is in memory and rows may have any length: only its encoding can be wrong.
        let more = more.map_err(|_| {
            DataError::content(path, Place::Line(line), "bytes that are no UTF-8", "text")
        })?;
        if !more {
            return Ok(());
        }
        let header = first && record.iter().all(|field| field.parse::<f64>().is_err());
        first = false;
        if record.len() != columns {
            let found = match record.len() {
                1 => "1 field".to_string(),
                n => format!("{n} fields"),
            };
            return Err(DataError::content(path, Place::Line(line), found, columns.to_string()));
        }
        if !header {
            f(line, &record)?;
        }
    }
}

/// Counts lines on the way through a text.
struct Lines<'a> {
    text: &'a [u8],
    line: u64,
    byte: usize,
}

impl Lines<'_> {
    /// The line on which the record stands that the reader began to look for at `byte`: it skips
    /// empty lines, without counting them for the record.
    fn of_record(&mut self, byte: u64) -> u64 {
        let until = byte as usize;
        while let Some(&here) = self.text.get(self.byte) {
            if self.byte >= until && here != b'\n' && here != b'\r' {
                break;
            }
            self.line += u64::from(here == b'\n');
            self.byte += 1;
        }
        self.line
    }
}

/// The first `N` fields of a row as numbers.
fn numbers<T: Float, const N: usize>(
    path: &Path,
    line: u64,
    record: &StringRecord,
) -> Result<[T; N], DataError> {
    let mut numbers = [T::ZERO; N];
    for (index, (number, field)) in numbers.iter_mut().zip(record).enumerate() {
        *number = field.parse().map_or(T::INFINITY, T::from_f64);
        if !number.is_finite() {
            let place = Place::Field(line, index + 1);
            return Err(DataError::content(path, place, format!("`{field}`"), "a finite number"));
        }
    }
    Ok(numbers)
}
