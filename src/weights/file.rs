use core::fmt;

use super::error::{Problem, WeightsError};
use super::json::{LENGTH, Numbers, Quoted, Reader, ok, part};
use crate::tensors::Dtype;
use crate::text::Text;

/// The tensors of a safetensors file, read in place: nothing is copied, nothing is allocated.
///
/// [The format](https://huggingface.co/docs/safetensors) is accepted as a whole, and checked as a
/// whole: header, types, sizes, and that every byte of the data belongs to one tensor. All of it
/// also works in a constant, wherever the bytes begin, and on processors of either byte order.
///
/// Four things are refused that the reference implementation lets pass: space before the header's
/// `{`; a tensor that is there twice; one that is not an object of `dtype`, `shape` and
/// `data_offsets` alone; and a `__metadata__` that is `null`.
///
/// ```
/// use constgrad::{Dtype, weights::SafeTensors};
///
/// let header = r#"{"0.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
/// let mut bytes = Vec::from((header.len() as u64).to_le_bytes());
/// bytes.extend(header.as_bytes());
/// bytes.extend([1.5_f32, -2.0].map(f32::to_le_bytes).as_flattened());
///
/// let file = SafeTensors::parse(&bytes)?;
/// let bias = file.get("0.bias").unwrap();
/// assert_eq!((bias.dtype(), bias.shape().collect()), (Dtype::F32, vec![2]));
/// assert_eq!(bias.number(1), Some(-2.0));
/// # Ok::<(), constgrad::weights::WeightsError>(())
/// ```
#[derive(Clone, Copy)]
pub struct SafeTensors<'a> {
    header: &'a [u8],
    data: &'a [u8],
    tensors: usize,
}

/// As much as the reference implementation reads.
const LARGEST_HEADER: u64 = 100_000_000;

/// How many bytes of header may be looked at, again and again, which takes seconds.
const MOST_WORK: u64 = 1 << 32;

impl<'a> SafeTensors<'a> {
    /// Checks a file.
    ///
    /// Time is linear in the size of the header if the tensors are in the order in which they are
    /// usually written, by type and name. In other orders it is quadratic in their number, and what
    /// would take more than seconds is refused.
    ///
    /// # Errors
    /// [`WeightsError`] at the first thing that is not as the format says.
    pub const fn parse(bytes: &'a [u8]) -> Result<Self, WeightsError> {
        let found = bytes.len();
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
            return Err(WeightsError::new(Problem::Truncated { found, needed: LENGTH as u64 }));
        };
        let length = u64::from_le_bytes(*length);
        if length > LARGEST_HEADER {
            return Err(WeightsError::new(Problem::LargeHeader(length)));
        }
        if length > rest.len() as u64 {
            let needed = LENGTH as u64 + length;
            return Err(WeightsError::new(Problem::Truncated { found, needed }));
        }
        let (header, data) = rest.split_at(length as usize);
        ok!(check_text(header));
        if header.is_empty() || header[0] != b'{' {
            return Reader::new(header).error("`{`");
        }
        let mut file = SafeTensors { header, data, tensors: 0 };

        let (mut tensors, mut used) = (0, 0);
        // Whether the data is in the order of the header, and runs of rising names.
        let (mut in_order, mut runs) = (true, 0);
        let mut name = Quoted::EMPTY;
        let mut entries = file.entries();
        while let Some(entry) = ok!(entries.next()) {
            let Entry { begin, end, dtype, .. } = entry;
            let Some(bytes) = end.checked_sub(begin) else {
                return entry.error(Problem::Offsets { begin, end });
            };
            if end > data.len() as u64 {
                return entry.error(Problem::BeyondEnd { end, found: data.len() });
            }
            if !matches!(entry.bytes(), Some(needed) if needed == bytes) {
                let (found, shape) = (bytes as usize, entry.shape_text());
                return entry.error(Problem::Size { found, shape, dtype });
            }
            in_order &= begin == used;
            runs += (tensors == 0 || name.compare(entry.name) >= 0) as u64;
            used += bytes;
            name = entry.name;
            tensors += 1;
        }
        if !entries.reader.is_at_end() {
            return entries.reader.error("the end of the header");
        }
        file.tensors = tensors;
        let turns = if in_order { runs } else { tensors as u64 };
        if turns > 1 && turns.saturating_mul(length) > MOST_WORK {
            return Err(WeightsError::new(Problem::Disorder(tensors)));
        }
        if runs > 1 {
            ok!(file.check_names());
        }
        if !in_order {
            ok!(file.check_offsets());
        }
        // No two share bytes.
        match (data.len() as u64).checked_sub(used) {
            Some(0) | None => Ok(file),
            Some(unused) => Err(WeightsError::new(Problem::Unused(unused as usize))),
        }
    }

    /// How many tensors there are.
    pub const fn len(&self) -> usize {
        self.tensors
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.tensors == 0
    }

    /// The tensors, as they are in the header.
    pub fn iter(&self) -> impl Iterator<Item = TensorView<'a>> + use<'a> {
        let (mut entries, data) = (self.entries(), self.data);
        core::iter::from_fn(move || Some(entries.next().ok()??.view(data)))
    }

    /// The tensor of this name.
    pub const fn get(&self, name: &str) -> Option<TensorView<'a>> {
        let mut entries = self.entries();
        loop {
            let mut here = entries;
            match entries.next_name() {
                Ok(Some(found)) if found.is(name) => match here.next() {
                    Ok(Some(entry)) => return Some(entry.view(self.data)),
                    _ => return None,
                },
                Ok(Some(_)) => {}
                _ => return None,
            }
        }
    }

    pub(super) const fn entries(&self) -> Entries<'a> {
        Entries { reader: Reader::new(self.header), first: true, metadata: false }
    }

    pub(super) const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// That no two tensors have the same name: each run of rising names is compared with those after
    /// it, name by name.
    const fn check_names(&self) -> Result<(), WeightsError> {
        let mut start = self.entries();
        loop {
            let mut first = start;
            let Some(mut last) = ok!(first.next_name()) else { return Ok(()) };
            let (mut rest, mut length) = (first, 1);
            let mut ahead = rest;
            while let Some(name) = ok!(ahead.next_name()) {
                if last.compare(name) >= 0 {
                    break;
                }
                (rest, last, length) = (ahead, name, length + 1);
            }

            let mut others = rest;
            let mut before = None;
            let (mut run, mut name, mut left) = (start, Quoted::EMPTY, 0);
            while let Some(other) = ok!(others.next_name()) {
                let begins = match before {
                    Some(before) => other.compare(before) <= 0,
                    None => true,
                };
                if begins {
                    (run, left) = (start, length);
                    name = match ok!(run.next_name()) {
                        Some(name) => name,
                        None => return Ok(()),
                    };
                }
                while left > 0 && name.compare(other) < 0 {
                    left -= 1;
                    if let Some(next) = ok!(run.next_name()) {
                        name = next;
                    }
                }
                if left > 0 && name.compare(other) == 0 {
                    return Err(WeightsError::of(other, Problem::SecondTensor));
                }
                before = Some(other);
            }
            start = rest;
        }
    }

    /// That no two tensors have a byte in common, and no empty one is within another.
    const fn check_offsets(&self) -> Result<(), WeightsError> {
        let mut entries = self.entries();
        while let Some(a) = ok!(entries.next()) {
            let mut others = entries;
            while let Some(b) = ok!(others.next()) {
                if a.begin < b.end && b.begin < a.end {
                    return b.error(Problem::Overlap);
                }
            }
        }
        Ok(())
    }
}

/// That a header is UTF-8. The compiler reads ASCII quicker by itself.
const fn check_text(header: &[u8]) -> Result<(), WeightsError> {
    let (mut ascii, end) = (0, header.len());
    while ascii < end && header[ascii] < 0x80 {
        ascii += 1;
    }
    if ascii < end
        && let Err(error) = str::from_utf8(header)
    {
        let at = LENGTH + error.valid_up_to();
        return Err(WeightsError::new(Problem::Header { at, expected: "UTF-8" }));
    }
    Ok(())
}

impl fmt::Debug for SafeTensors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// One tensor of a file.
#[derive(Clone, Copy)]
pub struct TensorView<'a> {
    entry: Entry<'a>,
    data: &'a [u8],
}

impl<'a> TensorView<'a> {
    /// Its name.
    pub fn name(&self) -> impl Iterator<Item = char> + Clone + use<'a> {
        let mut characters = self.entry.name.characters();
        core::iter::from_fn(move || characters.next())
    }

    /// Whether its name is this.
    pub const fn is_named(&self, name: &str) -> bool {
        self.entry.name.is(name)
    }

    /// The type of its numbers.
    pub const fn dtype(&self) -> Dtype {
        self.entry.dtype
    }

    /// Its dimensions.
    pub fn shape(&self) -> impl ExactSizeIterator<Item = u64> + use<'a> {
        let shape = self.entry.shape;
        let mut rest = shape.start();
        (0..shape.len).map(move |_| Numbers::next(&mut rest).unwrap_or_default())
    }

    /// Its bytes, little-endian, the last dimension's numbers next to each other.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// How many numbers it has.
    pub const fn len(&self) -> usize {
        self.data.len() * 8 / self.entry.dtype.bits()
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// A number of it, if its type is one of floating point that IEEE or an `f32` has.
    pub const fn number(&self, index: usize) -> Option<f64> {
        if index >= self.len() {
            return None;
        }
        super::number::number(self.data, self.entry.dtype, index)
    }
}

impl fmt::Debug for TensorView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        self.name().try_for_each(|character| write!(f, "{character}"))?;
        write!(f, "`: {} ", self.dtype().name())?;
        f.debug_list().entries(self.shape()).finish()
    }
}

/// What the header says of one tensor.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) name: Quoted<'a>,
    pub(super) dtype: Dtype,
    shape: Numbers<'a>,
    begin: u64,
    end: u64,
}

impl<'a> Entry<'a> {
    pub(super) const fn view(self, data: &'a [u8]) -> TensorView<'a> {
        TensorView { entry: self, data: part(data, self.begin as usize, self.end as usize) }
    }

    pub(super) const fn error<T>(&self, problem: Problem) -> Result<T, WeightsError> {
        Err(WeightsError::of(self.name, problem))
    }

    /// How many bytes a tensor of this type and shape has, if that is a number of bytes.
    const fn bytes(&self) -> Option<u64> {
        let mut numbers: u64 = 1;
        let mut shape = self.shape.start();
        while let Some(size) = Numbers::next(&mut shape) {
            numbers = match numbers.checked_mul(size) {
                Some(numbers) => numbers,
                None => return None,
            };
        }
        match numbers.checked_mul(self.dtype.bits() as u64) {
            Some(bits) if bits.is_multiple_of(8) => Some(bits / 8),
            _ => None,
        }
    }

    /// Whether its shape is this.
    pub(super) const fn has_shape(&self, expected: &[usize]) -> bool {
        let mut shape = self.shape.start();
        let mut dimension = 0;
        while dimension < expected.len() {
            match Numbers::next(&mut shape) {
                Some(size) if size == expected[dimension] as u64 => dimension += 1,
                _ => return false,
            }
        }
        self.shape.len == expected.len()
    }

    /// Its shape, for a message.
    pub(super) const fn shape_text(&self) -> Text<24> {
        let mut text = Text::new();
        let mut shape = self.shape.start();
        text.push("[");
        let mut dimension = 0;
        while let Some(size) = Numbers::next(&mut shape) {
            if dimension > 0 {
                text.push(", ");
            }
            text.push_number(size);
            dimension += 1;
        }
        text.push("]");
        text
    }
}

/// The entries of a header from some place on.
#[derive(Clone, Copy)]
pub(super) struct Entries<'a> {
    reader: Reader<'a>,
    first: bool,
    metadata: bool,
}

impl<'a> Entries<'a> {
    /// The next tensor, and `None` after the last.
    pub(super) const fn next(&mut self) -> Result<Option<Entry<'a>>, WeightsError> {
        match ok!(self.name()) {
            Some(name) => match self.tensor(name) {
                Ok(entry) => Ok(Some(entry)),
                Err(error) => Err(error),
            },
            None => Ok(None),
        }
    }

    /// The name of the next tensor of a header that is right, quicker.
    pub(super) const fn next_name(&mut self) -> Result<Option<Quoted<'a>>, WeightsError> {
        let name = ok!(self.name());
        if name.is_some() {
            // Of its strings none has a brace, and it is not shorter than this.
            const SHORTEST: usize = r#"{"dtype":"F4","shape":[],"data_offsets":[0,0]}"#.len();
            self.reader.skip_behind(b'}', SHORTEST - 1);
        }
        Ok(name)
    }

    /// The name of the next tensor, of which the rest comes next.
    const fn name(&mut self) -> Result<Option<Quoted<'a>>, WeightsError> {
        loop {
            if self.first {
                ok!(self.reader.take(b'{', "`{`"));
            }
            if self.reader.takes(b'}') {
                // The last entry has no comma after it.
                return Ok(None);
            }
            if !self.first {
                ok!(self.reader.take(b',', "`,` or `}`"));
            }
            self.first = false;
            let before = self.reader;
            let name = ok!(self.reader.string());
            ok!(self.reader.take(b':', "`:`"));
            if !name.is("__metadata__") {
                return Ok(Some(name));
            }
            if self.metadata {
                return before.error("no second `__metadata__`");
            }
            self.metadata = true;
            ok!(self.strings());
        }
    }

    /// An object of strings.
    const fn strings(&mut self) -> Result<(), WeightsError> {
        ok!(self.reader.take(b'{', "an object of strings"));
        if self.reader.takes(b'}') {
            return Ok(());
        }
        loop {
            ok!(self.reader.string());
            ok!(self.reader.take(b':', "`:`"));
            ok!(self.reader.string());
            if self.reader.takes(b'}') {
                return Ok(());
            }
            ok!(self.reader.take(b',', "`,` or `}`"));
        }
    }

    /// What the header says of the tensor of a name.
    const fn tensor(&mut self, name: Quoted<'a>) -> Result<Entry<'a>, WeightsError> {
        const KEY: &str = "`dtype`, `shape` or `data_offsets`, each once,";
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        ok!(self.reader.take(b'{', "an object"));
        if self.reader.takes(b'}') {
            return Err(WeightsError::of(name, Problem::Incomplete));
        }
        loop {
            let before = self.reader;
            let key = ok!(self.reader.string());
            ok!(self.reader.take(b':', "`:`"));
            if key.is("dtype") && dtype.is_none() {
                dtype = Some(ok!(self.dtype(name)));
            } else if key.is("shape") && shape.is_none() {
                shape = Some(ok!(self.reader.numbers()));
            } else if key.is("data_offsets") && offsets.is_none() {
                let before = self.reader;
                let numbers = ok!(self.reader.numbers());
                let mut rest = numbers.start();
                let (begin, end) = (Numbers::next(&mut rest), Numbers::next(&mut rest));
                offsets = match (begin, end) {
                    (Some(begin), Some(end)) if numbers.len == 2 => Some((begin, end)),
                    _ => return before.error("a list of two offsets"),
                };
            } else {
                return before.error(KEY);
            }
            if self.reader.takes(b'}') {
                break;
            }
            ok!(self.reader.take(b',', "`,` or `}`"));
        }
        match (dtype, shape, offsets) {
            (Some(dtype), Some(shape), Some((begin, end))) => {
                Ok(Entry { name, dtype, shape, begin, end })
            }
            _ => Err(WeightsError::of(name, Problem::Incomplete)),
        }
    }

    const fn dtype(&mut self, name: Quoted<'a>) -> Result<Dtype, WeightsError> {
        let text = ok!(self.reader.string());
        let mut index = 0;
        while index < Dtype::ALL.len() {
            if text.is(Dtype::ALL[index].name()) {
                return Ok(Dtype::ALL[index]);
            }
            index += 1;
        }
        let mut unknown = Text::new();
        let mut characters = text.characters();
        while let Some(character) = characters.next() {
            unknown.push_char(character);
        }
        Err(WeightsError::of(name, Problem::UnknownDtype(unknown)))
    }
}
