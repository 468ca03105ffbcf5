use std::format;
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
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_path(path)
        .map_err(|error| failure(path, error))?;
    let mut record = StringRecord::new();
    let mut first = true;
    while reader.read_record(&mut record).map_err(|error| failure(path, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let header = first && record.iter().all(|field| field.parse::<f64>().is_err());
        first = false;
        if record.len() != columns {
            let found = format!("{} fields", record.len());
            return Err(DataError::content(path, Place::Line(line), found, columns.to_string()));
        }
        if !header {
            f(line, &record)?;
        }
    }
    Ok(())
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

fn failure(path: &Path, error: csv::Error) -> DataError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => DataError::io(path, error),
        csv::ErrorKind::Utf8 { .. } => {
            DataError::content(path, Place::Line(line), "bytes that are no UTF-8", "text")
        }
        // The reader is flexible about lengths and deserializes nothing: no other kind occurs.
        other => DataError::io(path, std::io::Error::other(format!("{other:?}"))),
    }
}
