//! What must hold of any bytes that are read as a safetensors file.
//!
//! The references are the `safetensors` crate, and the rules of the format that it does not keep:
//! see [`keeps_rules`]. What is accepted is neither more nor less than what both accept.

use std::collections::HashSet;
use std::fmt::{self, Write};

use constgrad::weights::{self, Names};
use constgrad::{Dense, Float, Layer, Relu, Tanh, net};
use safetensors::tensor::{Dtype, TensorView};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The network that files are read into.
pub type Net<T> = net![Dense<4, 3, Relu, T>, Dense<3, 2, Tanh, T>];

/// Its tensors.
const TENSORS: [(&str, &[usize]); 4] =
    [("0.weight", &[3, 4]), ("0.bias", &[3]), ("2.weight", &[2, 3]), ("2.bias", &[2])];

/// What files call it: its own tensors, or those of a part of something larger.
const PREFIXES: [&str; 2] = ["", "m."];

/// Reads a file as a list of tensors, and looks at everything in it. Nothing here allocates.
pub fn walk(file: &[u8]) {
    let file = match weights::SafeTensors::parse(file) {
        Ok(file) => file,
        Err(error) => return write(format_args!("{error} {error:?} {:?}", error.tensor())),
    };
    write(format_args!("{file:?}"));
    for tensor in file.iter() {
        for index in 0..=tensor.len() {
            let number = tensor.number(index);
            assert!(index < tensor.len() || number.is_none());
        }
        assert!(tensor.shape().len() == tensor.shape().count());
        assert!(tensor.is_named("0.weight") == tensor.name().eq("0.weight".chars()));
    }
}

/// Reads a file into two networks, twice each. Nothing here allocates.
pub fn fill(file: &[u8], single: &mut Net<f32>, double: &mut Net<f64>) {
    for prefix in PREFIXES {
        if let Err(error) = weights::read(single, file, Names::prefix(prefix)) {
            write(format_args!("{error}"));
        }
        if let Err(error) = weights::read(double, file, Names::prefix(prefix)) {
            write(format_args!("{error}"));
        }
    }
}

/// Writes a text to nowhere.
fn write(text: fmt::Arguments<'_>) {
    struct Sink;

    impl Write for Sink {
        fn write_str(&mut self, _: &str) -> fmt::Result {
            Ok(())
        }
    }
    assert!(Sink.write_fmt(text).is_ok());
}

/// Checks that a file is accepted if it must be, and that its tensors are those that the reference
/// finds. Says whether it is accepted.
pub fn check_parse(file: &[u8]) -> bool {
    let ours = match weights::SafeTensors::parse(file) {
        Ok(ours) => ours,
        Err(error) => {
            assert!(reference(file).is_none(), "wrongly refused: {error}");
            return false;
        }
    };
    let Some(theirs) = reference(file) else { panic!("wrongly accepted: {ours:?}") };
    assert_eq!(ours.len(), theirs.len());
    assert_eq!(ours.iter().count(), theirs.len());
    for (name, expected) in theirs.iter() {
        let found = ours.get(name).unwrap_or_else(|| panic!("{name} is not found"));
        assert!(found.name().eq(name.chars()), "{name}");
        assert_eq!(found.dtype().name(), expected.dtype().to_string(), "{name}");
        let shape = expected.shape().iter().map(|&size| size as u64);
        assert!(found.shape().eq(shape), "{name}");
        // The same bytes, and not only equal ones.
        assert_eq!(found.data().as_ptr_range(), expected.data().as_ptr_range(), "{name}");
        if let Some(numbers) = numbers(&expected) {
            assert_eq!(found.len(), numbers.len(), "{name}");
            for (index, expected) in numbers.into_iter().enumerate() {
                let found = found.number(index).unwrap_or_else(|| panic!("{name} ends early"));
                let nan = found.is_nan() && expected.is_nan();
                assert!(nan || found.to_bits() == expected.to_bits(), "{name} {index}: {found}");
            }
        }
    }
    true
}

/// Checks that a file is read into a network if it must be, and every number where it belongs; and
/// that the network keeps its weights if not. Says whether it is read.
pub fn check_read(file: &[u8]) -> bool {
    let mut read = false;
    for prefix in PREFIXES {
        read |= check_read_as::<f32>(file, prefix);
        read |= check_read_as::<f64>(file, prefix);
    }
    read
}

fn check_read_as<T: Float>(file: &[u8], prefix: &str) -> bool
where
    Net<T>: Layer,
{
    let names = Names::prefix(prefix);
    let before: Vec<f64> = (0..23).map(|index| 0.5 + f64::from(index)).collect();
    let mut net = filled::<T>(&before);
    let result = weights::read(&mut net, file, names);
    match (result, expected::<T>(file, prefix)) {
        (Ok(()), Some(expected)) => assert_same(&parameters(&net), &expected),
        (Err(_), None) => {
            assert_same(&parameters(&net), &before);
            return false;
        }
        (Ok(()), None) => panic!("wrongly read with prefix `{prefix}`: {net:?}"),
        (Err(error), Some(_)) => panic!("wrongly refused with prefix `{prefix}`: {error}"),
    }

    let mut written = Vec::new();
    assert!(weights::write(&net, names, &mut written).is_ok());
    let mut again = filled::<T>(&before);
    let result = weights::read(&mut again, &written, names);
    assert!(result.is_ok(), "what is written is not read: {result:?}");
    assert_same(&parameters(&again), &parameters(&net));
    true
}

fn assert_same(found: &[f64], expected: &[f64]) {
    let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(found), bits(expected), "{found:?} instead of {expected:?}");
}

/// The network with these parameters, in the order of [`TENSORS`].
fn filled<T: Float>(numbers: &[f64]) -> Net<T> {
    let number = |index: usize| T::from_f64(numbers[index]);
    use std::array::from_fn;
    (
        Dense::new(
            from_fn(|row| from_fn(|column| number(4 * row + column))),
            from_fn(|i| number(12 + i)),
        ),
        Dense::new(
            from_fn(|row| from_fn(|column| number(15 + 3 * row + column))),
            from_fn(|i| number(21 + i)),
        ),
    )
}

/// Its parameters, in the order of [`TENSORS`].
fn parameters<T: Float>(net: &Net<T>) -> Vec<f64> {
    let first = net.0.rows().flatten().chain(net.0.bias());
    let second = net.1.rows().flatten().chain(net.1.bias());
    first.chain(second).map(|number| number.to_f64()).collect()
}

/// What the network must be after reading a file, if that may be read.
fn expected<T: Float>(file: &[u8], prefix: &str) -> Option<Vec<f64>> {
    let file = reference(file)?;
    if file.iter().filter(|(name, _)| name.starts_with(prefix)).count() != TENSORS.len() {
        return None;
    }
    let mut all = Vec::new();
    for (name, shape) in TENSORS {
        let tensor = file.tensor(&format!("{prefix}{name}")).ok()?;
        if tensor.shape() != shape {
            return None;
        }
        all.extend(numbers(&tensor)?.into_iter().map(|number| T::from_f64(number).to_f64()));
    }
    all.iter().all(|number| number.is_finite()).then_some(all)
}

/// The numbers of a tensor of floating point, by their definition.
fn numbers(tensor: &TensorView<'_>) -> Option<Vec<f64>> {
    /// Of 1 bit of sign, some of exponent, and so many of mantissa.
    fn number(bytes: &[u8], mantissa: i32) -> f64 {
        let bits = i32::from(bytes[0]) + 256 * i32::from(bytes[1]);
        let (largest, fraction) = ((1 << (15 - mantissa)) - 1, bits % (1 << mantissa));
        let exponent = bits >> mantissa & largest;
        let unit = 2_f64.powi(exponent.max(1) - largest / 2 - mantissa);
        let magnitude = match exponent {
            0 => f64::from(fraction) * unit,
            _ if exponent == largest && fraction == 0 => f64::INFINITY,
            _ if exponent == largest => f64::NAN,
            _ => f64::from(fraction + (1 << mantissa)) * unit,
        };
        if bits >> 15 == 1 { -magnitude } else { magnitude }
    }

    let data = tensor.data();
    let (eights, fours, twos) =
        (data.as_chunks::<8>().0, data.as_chunks::<4>().0, data.as_chunks::<2>().0);
    Some(match tensor.dtype() {
        Dtype::F64 => eights.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        Dtype::F32 => fours.iter().map(|bytes| f32::from_le_bytes(*bytes).into()).collect(),
        Dtype::F16 => twos.iter().map(|bytes| number(bytes, 10)).collect(),
        Dtype::BF16 => twos.iter().map(|bytes| number(bytes, 7)).collect(),
        _ => return None,
    })
}

/// A file that must be accepted, as the reference reads it.
fn reference(file: &[u8]) -> Option<safetensors::SafeTensors<'_>> {
    let theirs = safetensors::SafeTensors::deserialize(file).ok()?;
    let length = u64::from_le_bytes(*file.first_chunk()?) as usize;
    keeps_rules(str::from_utf8(&file[8..8 + length]).ok()?).then_some(theirs)
}

/// Whether a header keeps the rules that the reference, which is more lenient there, does not check:
///
/// - it begins with `{`, without space before it;
/// - no tensor is there twice;
/// - a tensor is an object of `dtype`, `shape` and `data_offsets`, and has no other key. To the
///   reference it may also be a list of the three values, and its type an object;
/// - `__metadata__`, if it is there, is an object and not `null`.
fn keeps_rules(header: &str) -> bool {
    let Ok(Json::Object(entries)) = serde_json::from_str(header) else { return false };
    let is_tensor = |keys: &[(String, Json)]| {
        keys.iter().all(|(key, value)| match key.as_str() {
            "dtype" => matches!(value, Json::Text),
            "shape" | "data_offsets" => matches!(value, Json::List),
            _ => false,
        })
    };
    header.starts_with('{')
        && are_different(&entries)
        && entries.iter().all(|(name, entry)| match entry {
            Json::Object(keys) => name == "__metadata__" || are_different(keys) && is_tensor(keys),
            _ => false,
        })
}

fn are_different(entries: &[(String, Json)]) -> bool {
    let names: HashSet<_> = entries.iter().map(|(name, _)| name).collect();
    names.len() == entries.len()
}

/// JSON as it is written: with keys that are there twice.
enum Json {
    Object(Vec<(String, Json)>),
    List,
    Text,
    Other,
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Json::Object(entries))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                while list.next_element::<Json>()?.is_some() {}
                Ok(Json::List)
            }
            fn visit_str<E>(self, _: &str) -> Result<Json, E> {
                Ok(Json::Text)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
                Ok(Json::Other)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
                Ok(Json::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
                Ok(Json::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
                Ok(Json::Other)
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
