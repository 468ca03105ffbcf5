use std::format;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::string::ToString;
use std::vec::Vec;

use flate2::bufread::MultiGzDecoder;

use super::{Class, DataError, Place};

/// The type code of unsigned bytes.
const BYTES: u8 = 0x08;

/// Reads a file in MNIST's format IDX, plain or gzipped, as items of `LEN` bytes: `LEN` is the
/// product of all dimensions but the first, 784 for MNIST's images and 1 for its labels.
///
/// ```no_run
/// let images = constgrad::data::read_idx::<784>("t10k-images-idx3-ubyte.gz")?;
/// let inputs: Vec<[f32; 784]> =
///     images.iter().map(|image| image.map(|byte| f32::from(byte) / 255.0)).collect();
/// # Ok::<(), constgrad::data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError`] if the file cannot be read, is not IDX of unsigned bytes, has items of another
/// size, ends too early or goes on too long: with the byte, what was found and what was expected.
pub fn read_idx<const LEN: usize>(path: impl AsRef<Path>) -> Result<Vec<[u8; LEN]>, DataError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| DataError::io(path, error))?;
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(|error| DataError::io(path, error))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        parse(path, MultiGzDecoder::new(file))
    } else {
        parse(path, file)
    }
}

/// Reads the labels of an IDX file as classes. The file is as for [`read_idx`] with `LEN` 1.
///
/// # Errors
/// As [`read_idx`], and a label of `N` or more.
pub fn read_idx_classes<const N: usize>(
    path: impl AsRef<Path>,
) -> Result<Vec<Class<N>>, DataError> {
    let path = path.as_ref();
    // magic number and one dimension
    const HEADER: u64 = 8;
    let labels = read_idx::<1>(path)?.into_iter().zip(HEADER..);
    labels
        .map(|([label], offset)| {
            Class::new(usize::from(label)).map_err(|_| {
                let place = Place::Offset(offset);
                DataError::content(
                    path,
                    place,
                    format!("label {label}"),
                    format!("a label below {N}"),
                )
            })
        })
        .collect()
}

fn parse<const LEN: usize>(path: &Path, reader: impl Read) -> Result<Vec<[u8; LEN]>, DataError> {
    let mut reader = Counted { path, reader, offset: 0 };
    let [zero, also_zero, code, dimensions] = reader.array("an IDX header of 4 bytes")?;
    if [zero, also_zero] != [0, 0] {
        let found = format!("{zero:02x} {also_zero:02x}");
        return Err(DataError::content(
            path,
            Place::Offset(0),
            found,
            "IDX, which begins with 00 00,",
        ));
    }
    if code != BYTES {
        let found = format!("element type {code:#04x}");
        return Err(DataError::content(path, Place::Offset(2), found, "0x08 (unsigned bytes)"));
    }
    if dimensions == 0 {
        return Err(DataError::content(path, Place::Offset(3), "0 dimensions", "at least 1"));
    }
    let items = u32::from_be_bytes(reader.array("the number of items")?);
    let mut item = 1u64;
    for _ in 1..dimensions {
        let size = u32::from_be_bytes(reader.array("the size of a dimension")?);
        item = item.saturating_mul(u64::from(size));
    }
    if item != LEN as u64 {
        let found = format!("{item} bytes an item");
        return Err(DataError::content(path, Place::Offset(8), found, LEN.to_string()));
    }

    // The vector grows with what is there, not with what the header claims.
    let mut data = Vec::new();
    for index in 0..items {
        data.push(reader.array(&format!("item {index} of {items}, {LEN} bytes,"))?);
    }
    let expected = format!("the end of the file after {items} items");
    match reader.reader.read(&mut [0]) {
        Ok(0) => Ok(data),
        Ok(_) => Err(DataError::content(path, Place::Offset(reader.offset), "more data", expected)),
        Err(error) => Err(reader.error(error, &expected)),
    }
}

/// A reader that knows where it is.
struct Counted<'a, R> {
    path: &'a Path,
    reader: R,
    offset: u64,
}

impl<R: Read> Counted<'_, R> {
    fn array<const N: usize>(&mut self, expected: &str) -> Result<[u8; N], DataError> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|error| self.error(error, expected))?;
        self.offset += N as u64;
        Ok(bytes)
    }

    /// What is wrong here, where `expected` should be.
    fn error(&self, error: io::Error, expected: &str) -> DataError {
        let found = match error.kind() {
            ErrorKind::UnexpectedEof => "the end of the file",
            ErrorKind::InvalidData | ErrorKind::InvalidInput => "damaged gzip data",
            _ => return DataError::io(self.path, error),
        };
        DataError::content(self.path, Place::Offset(self.offset), found, expected)
    }
}
