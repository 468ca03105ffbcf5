use core::fmt::{self, Write as _};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::string::ToString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec::Vec;
use std::{format, iter, process};

use super::error::{FileError, Problem, WeightsError};
use super::names::Names;
use super::read::{Tensors, check_layers};
use crate::tensors::{Dtype, TensorInfo};
use crate::{Float, Inspector, Layer};

/// Writes the weights of a network as a safetensors file.
///
/// It is byte for byte what the `safetensors` library writes: tensors in the order of their types
/// and names, data from a multiple of 8 bytes on.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::weights::{self, Names};
/// use constgrad::{Dense, Tanh};
///
/// let layer: Dense<2, 1, Tanh> = Dense::new([[1.0, -1.0]], [0.5]);
/// let mut bytes = Vec::new();
/// weights::write(&layer, Names::SEQUENTIAL, &mut bytes)?;
///
/// let mut other = Dense::ZERO;
/// weights::read(&mut other, &bytes, Names::SEQUENTIAL)?;
/// assert_eq!(layer, other);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What `writer` says; and [`InvalidInput`](io::ErrorKind::InvalidInput) with a
/// [`WeightsError`] in it, before anything is written, if [`Names::list`] has not one name for each
/// layer, if a weight is infinite or NaN, which [`read()`](super::read()) would refuse, or if a layer of your
/// own hands out other tensors than its [`TENSORS`](crate::Shape::TENSORS).
pub fn write<N: Layer>(net: &N, names: Names<'_>, mut writer: impl Write) -> io::Result<()> {
    check(net, names).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    write_checked(net, names, &mut writer)
}

/// That the network can be written, and read again.
fn check<N: Layer>(net: &N, names: Names<'_>) -> Result<(), WeightsError> {
    names.check(N::LAYERS)?;
    check_layers(net)?;
    let mut finite = Finite { names, tensors: Tensors::of(N::PLAN), result: Ok(()) };
    net.inspect(&mut finite);
    finite.result
}

/// Writes what [`check`] has passed.
fn write_checked<N: Layer>(net: &N, names: Names<'_>, writer: &mut impl Write) -> io::Result<()> {
    let mut tensors: Vec<_> = Tensors::of(N::PLAN)
        .enumerate()
        .map(|(index, (place, tensor))| (index, names.name(place, tensor), tensor))
        .collect();
    tensors.sort_by(|(_, a, x), (_, b, y)| y.dtype().bits().cmp(&x.dtype().bits()).then(a.cmp(b)));

    let mut end = 0;
    let entries = tensors.iter().map(|(_, name, tensor)| {
        let (begin, dtype) = (end, tensor.dtype());
        end += tensor.numbers() * dtype.bits() / 8;
        let (name, dtype) = (Escaped(name), dtype.name());
        let shape = tensor.shape().iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        format!(
            r#""{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#
        )
    });
    let mut header = format!("{{{}}}", entries.collect::<Vec<_>>().join(","));
    let padding = header.len().next_multiple_of(8) - header.len();
    header.extend(iter::repeat_n(' ', padding));
    writer.write_all(&(header.len() as u64).to_le_bytes())?;
    writer.write_all(header.as_bytes())?;

    for (left, _, tensor) in tensors {
        let mut one = One { left, tensor, writer: &mut *writer, result: Ok(()) };
        net.inspect(&mut one);
        one.result?;
    }
    writer.flush()
}

/// Saves the weights of a network as a safetensors file, which is replaced if it is there.
///
/// The file is the old one or the new one, whenever the program or the machine stops: the new one
/// is written beside it, under another name, and takes its place when it is on the disk.
///
/// ```no_run
/// use constgrad::prelude::*;
/// use constgrad::weights::{self, Names};
/// use constgrad::{Dense, Relu, net};
///
/// type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
///
/// let mut net = Net::ZERO;
/// weights::save(&net, "digits.safetensors", Names::SEQUENTIAL)?;
/// weights::load(&mut net, "digits.safetensors", Names::SEQUENTIAL)?;
/// # Ok::<(), weights::FileError>(())
/// ```
///
/// # Errors
/// [`FileError`], and the file is as before, if it cannot be written, or for a network that [`write()`]
/// refuses: one with NaN never takes the place of one that can be read.
pub fn save<N: Layer>(net: &N, path: impl AsRef<Path>, names: Names<'_>) -> Result<(), FileError> {
    let path = path.as_ref();
    check(net, names).map_err(|error| FileError::weights(path, error))?;
    replace(path, |file| write_checked(net, names, &mut BufWriter::new(file)))
        .map_err(|error| FileError::io(path, error))
}

/// Has `write` write a new file, and puts it in the place of the one at `path`.
fn replace(path: &Path, write: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let (file, beside) = create_beside(path)?;
    let written = write(&file).and_then(|()| file.sync_all());
    drop(file);
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // What went wrong first is what the caller should hear of.
        let _ = fs::remove_file(&beside);
    }
    replaced?;
    sync_folder(path)
}

/// A new file in the folder of `path`: a file can be moved within a file system only.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);

    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    loop {
        let mut beside = OsString::from(".");
        beside.push(name);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        beside.push(format!(".{}-{count}.tmp", process::id()));
        let beside = path.with_file_name(beside);
        match File::create_new(&beside) {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Has the folder of `path` on the disk as it is, where folders can be opened as files.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Looks for the first number that is infinite or NaN.
struct Finite<'a> {
    names: Names<'a>,
    tensors: Tensors,
    result: Result<(), WeightsError>,
}

impl Inspector for Finite<'_> {
    fn tensor<T: Float>(&mut self, parameters: &[T]) {
        let Some((place, tensor)) = self.tensors.next() else { return };
        let mut indices = 0..parameters.len();
        let infinite = indices.find(|&index| !parameters[tensor.place(index)].is_finite());
        if let (Ok(()), Some(index)) = (&self.result, infinite) {
            let name = self.names.text(place, tensor);
            let problem = Problem::NonFinite { index, layer: place.name };
            self.result = Err(WeightsError::named(name, problem));
        }
    }
}

/// Writes one tensor of a network.
struct One<W> {
    /// Tensors before it.
    left: usize,
    tensor: &'static TensorInfo,
    writer: W,
    result: io::Result<()>,
}

impl<W: Write> Inspector for One<W> {
    fn tensor<T: Float>(&mut self, parameters: &[T]) {
        if self.left == 0 {
            self.result = (0..parameters.len()).try_for_each(|index| {
                let number = parameters[self.tensor.place(index)].to_f64();
                match self.tensor.dtype() {
                    Dtype::F32 => self.writer.write_all(&(number as f32).to_le_bytes()),
                    _ => self.writer.write_all(&number.to_le_bytes()),
                }
            });
        }
        self.left = self.left.wrapping_sub(1);
    }
}

/// A name within the quotes of JSON.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str("\\\\"),
            '\u{8}' => f.write_str("\\b"),
            '\t' => f.write_str("\\t"),
            '\n' => f.write_str("\\n"),
            '\u{c}' => f.write_str("\\f"),
            '\r' => f.write_str("\\r"),
            '\0'..' ' => write!(f, "\\u{:04x}", u32::from(character)),
            _ => f.write_char(character),
        })
    }
}
