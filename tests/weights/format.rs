//! The reader of the format, against the `safetensors` crate and against what the format says.

use constgrad::Dtype;
use constgrad::weights::SafeTensors;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use crate::{file, raw, small};

/// Name, type, shape and bytes.
type Tensor = (String, String, Vec<u64>, Vec<u8>);

/// What a file holds, as this crate reads it.
fn ours(file: &[u8]) -> Result<Vec<Tensor>, String> {
    let file = SafeTensors::parse(file).map_err(|error| error.to_string())?;
    assert_eq!(file.iter().count(), file.len());
    let mut tensors: Vec<_> = file
        .iter()
        .map(|tensor| {
            let dtype = tensor.dtype().name().to_owned();
            (tensor.name().collect(), dtype, tensor.shape().collect(), tensor.data().to_vec())
        })
        .collect();
    tensors.sort();
    Ok(tensors)
}

/// What a file holds, as the `safetensors` crate reads it.
fn theirs(file: &[u8]) -> Result<Vec<Tensor>, String> {
    let file = safetensors::SafeTensors::deserialize(file).map_err(|error| error.to_string())?;
    let mut tensors: Vec<_> = file
        .iter()
        .map(|(name, tensor)| {
            let shape = tensor.shape().iter().map(|&size| size as u64).collect();
            (name.to_owned(), tensor.dtype().to_string(), shape, tensor.data().to_vec())
        })
        .collect();
    tensors.sort();
    Ok(tensors)
}

/// Headers that are right, with the bytes of data that belong to them.
const RIGHT: &[(&str, usize)] = &[
    ("{}", 0),
    ("{}       ", 0),
    ("{ \n\t\r} ", 0),
    (r#"{"__metadata__":{}}"#, 0),
    (r#"{"__metadata__":{"format":"pt","a":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00"}}"#, 0),
    (r#"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#, 24),
    (r#"{"a":{"data_offsets":[0,24],"shape":[2,3],"dtype":"F32"}}"#, 24),
    (r#"{ "a" : { "shape" : [ 2 , 3 ] , "dtype" : "F32" , "data_offsets" : [ 0 , 24 ] } } "#, 24),
    (r#"{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}"#, 8),
    (r#"{"a":{"dtype":"F16","shape":[0,7],"data_offsets":[0,0]}}"#, 0),
    (r#"{"a":{"dtype":"I8","shape":[1000000000000,0,1000000000000],"data_offsets":[0,0]}}"#, 0),
    (r#"{"":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}"#, 1),
    (r#"{"ä\u00e4\"\\\n":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
    (r#"{"\ud83d\ude00😀":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
    (r#"{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}"#, 2),
    (r#"{"a":{"dtype":"F6_E2M3","shape":[2,2],"data_offsets":[0,3]}}"#, 3),
    (r#"{"\u0061":{"\u0064type":"\u00463\u0032","sh\u0061pe":[1],"data_offsets":[0,4]}}"#, 4),
    // Neither by name nor by offset, with empty ones at every border.
    (
        r#"{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},
            "e":{"dtype":"U8","shape":[0],"data_offsets":[3,3]},
            "__metadata__":{"x":"y"},
            "a":{"dtype":"U8","shape":[2],"data_offsets":[3,5]},
            "d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},
            "f":{"dtype":"U8","shape":[0],"data_offsets":[5,5]},
            "c":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
        5,
    ),
];

/// Headers that are wrong, with bytes of data, and what is said of them.
const WRONG: &[(&str, usize, &str)] = &[
    ("", 0, "byte 8 of the file: no safetensors header, `{` expected"),
    (" {}", 0, "byte 8 of the file: no safetensors header, `{` expected"),
    ("[]", 0, "byte 8 of the file: no safetensors header, `{` expected"),
    ("{", 0, "byte 9 of the file: no safetensors header, a string expected"),
    ("{,}", 0, "byte 9 of the file: no safetensors header, a string expected"),
    ("{}}", 0, "byte 10 of the file: no safetensors header, the end of the header expected"),
    ("{}\0", 0, "byte 10 of the file: no safetensors header, the end of the header expected"),
    ("{\"a", 0, "byte 11 of the file: no safetensors header, the end of a string expected"),
    ("{\"a\n\"", 0, "byte 11 of the file: no safetensors header, the end of a string expected"),
    (r#"{"a\x"}"#, 0, "byte 12 of the file: no safetensors header, an escape of JSON expected"),
    (
        r#"{"\ud83d"}"#,
        0,
        "byte 16 of the file: no safetensors header, a pair of surrogates expected",
    ),
    (
        r#"{"\ud83d\n"}"#,
        0,
        "byte 17 of the file: no safetensors header, a pair of surrogates expected",
    ),
    (
        r#"{"\ude00"}"#,
        0,
        "byte 16 of the file: no safetensors header, a pair of surrogates expected",
    ),
    (
        r#"{"\ud83d\u0061"}"#,
        0,
        "byte 22 of the file: no safetensors header, a pair of surrogates expected",
    ),
    (r#"{"\u00g0"}"#, 0, "byte 14 of the file: no safetensors header, four digits expected"),
    (r#"{"a"}"#, 0, "byte 12 of the file: no safetensors header, `:` expected"),
    (r#"{"a":1}"#, 0, "byte 13 of the file: no safetensors header, an object expected"),
    (r#"{"a":{}}"#, 0, "tensor `a` lacks one of `dtype`, `shape` and `data_offsets` in the header"),
    (
        r#"{"a":{"dtype":"F32","shape":[1]}}"#,
        4,
        "tensor `a` lacks one of `dtype`, `shape` and `data_offsets` in the header",
    ),
    (
        r#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        4,
        "byte 28 of the file: no safetensors header, `dtype`, `shape` or `data_offsets`, each once, expected",
    ),
    (
        r#"{"a":{"type":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        4,
        "byte 14 of the file: no safetensors header, `dtype`, `shape` or `data_offsets`, each once, expected",
    ),
    (
        r#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#,
        4,
        "tensor `a` has type `F31`, which safetensors does not have",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#,
        4,
        "byte 36 of the file: no safetensors header, a list expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}"#,
        4,
        "byte 39 of the file: no safetensors header, a whole number below 2^64 expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        4,
        "byte 37 of the file: no safetensors header, a whole number below 2^64 expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
        4,
        "byte 38 of the file: no safetensors header, a whole number below 2^64 expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#,
        4,
        "byte 39 of the file: no safetensors header, a whole number below 2^64 expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}"#,
        4,
        "byte 56 of the file: no safetensors header, a whole number below 2^64 expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
        4,
        "byte 55 of the file: no safetensors header, a list of two offsets expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
        4,
        "byte 55 of the file: no safetensors header, a list of two offsets expected",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
        4,
        "tensor `a` begins at byte 4 of the data and ends before it, at 0",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        4,
        "tensor `a` ends at byte 8 of the data, but the file has 4 bytes of data",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551611,18446744073709551615]}}"#,
        4,
        "tensor `a` ends at byte 18446744073709551615 of the data, but the file has 4 bytes of data",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        4,
        "tensor `a` has 4 bytes of data, but its shape [2] of F32 needs another number",
    ),
    // 4 · 2⁶² · 4 = 2⁶⁶, which is 0 in 64 bits.
    (
        r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
        0,
        "tensor `a` has 0 bytes of data, but its shape [4611686018427387904,… of F32 needs another number",
    ),
    (
        r#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#,
        2,
        "tensor `a` has 2 bytes of data, but its shape [3] of F4 needs another number",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        5,
        "the file has 1 bytes of data that belong to no tensor",
    ),
    (
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#,
        5,
        "the file has 1 bytes of data that belong to no tensor",
    ),
    (
        r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}"#,
        5,
        "the file has 1 bytes of data that belong to no tensor",
    ),
    (
        r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}}"#,
        5,
        "tensor `b` shares bytes with another tensor",
    ),
    // As many bytes as there are, all the same.
    (
        r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
        4,
        "tensor `b` shares bytes with another tensor",
    ),
    (
        r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}"#,
        2,
        "tensor `b` shares bytes with another tensor",
    ),
    (
        r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
        2,
        "tensor `a` is in the file twice",
    ),
    (
        r#"{"__metadata__":{"a":1}}"#,
        0,
        "byte 29 of the file: no safetensors header, a string expected",
    ),
    (
        r#"{"__metadata__":{},"__metadata__":{}}"#,
        0,
        "byte 27 of the file: no safetensors header, no second `__metadata__` expected",
    ),
];

/// What only this reader refuses: the format says that a header begins with `{`, that no key is
/// there twice, and which keys there are.
fn stricter(message: &str) -> bool {
    ["`{` expected", "each once", "in the file twice", "no second"]
        .iter()
        .any(|part| message.contains(part))
}

#[test]
fn every_right_file_is_read_as_the_crate_reads_it() {
    for &(header, data) in RIGHT {
        let data: Vec<u8> = (1..=data as u8).collect();
        let file = raw(header, &data);
        let found = ours(&file).unwrap_or_else(|error| panic!("{header}: {error}"));
        assert_eq!(Ok(found), theirs(&file), "{header}");
    }
}

#[test]
fn every_wrong_file_is_refused() {
    for &(header, data, expected) in WRONG {
        let file = raw(header, &vec![1; data]);
        assert_eq!(ours(&file), Err(expected.to_owned()), "{header}");
        assert!(theirs(&file).is_err() || stricter(expected), "{header}");
    }
}

#[test]
fn every_length_is_checked() {
    let right = file(&small());
    for length in 0..right.len() {
        assert!(SafeTensors::parse(&right[..length]).is_err(), "{length}");
    }
    let message = |file: &[u8]| SafeTensors::parse(file).unwrap_err().to_string();
    let short = "the file has 7 bytes, but a safetensors file that begins like it needs at least 8";
    assert_eq!(message(&right[..7]), short);
    for (length, expected) in [
        (3, "the file has 10 bytes, but a safetensors file that begins like it needs at least 11"),
        (
            100_000_001,
            "the file says that its header has 100000001 bytes, but a safetensors header has at most 100000000",
        ),
        (
            u64::MAX,
            "the file says that its header has 18446744073709551615 bytes, but a safetensors header has at most 100000000",
        ),
    ] {
        let mut file = raw("{}", &[]);
        file[..8].copy_from_slice(&u64::to_le_bytes(length));
        assert_eq!(message(&file), expected);
    }
    let mut file = raw("{\"\u{e4}\"}", &[]);
    file[11] = 0xff;
    assert_eq!(message(&file), "byte 10 of the file: no safetensors header, UTF-8 expected");
}

#[test]
fn what_is_mutated_is_never_accepted_where_the_crate_refuses() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut seeds: Vec<_> =
        RIGHT.iter().map(|&(header, data)| (header.as_bytes().to_vec(), data)).collect();
    let small = file(&small());
    seeds.push((small[8..small.len() - 92].to_vec(), 92));
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..50_000 {
        let (mut header, mut data) = seeds[rng.random_range(0..seeds.len())].clone();
        const BYTES: &[u8] = b"{}[],:\"0123456789\\ aFU";
        for _ in 0..rng.random_range(1..4) {
            let (at, byte) =
                (rng.random_range(0..header.len()), BYTES[rng.random_range(0..BYTES.len())]);
            match rng.random_range(0..6) {
                0 => header[at] = rng.random(),
                1 => header[at] = byte,
                2 if header.len() > 1 => drop(header.remove(at)),
                3 => header.insert(at, b' '),
                4 => data = (data + rng.random_range(0..3)).saturating_sub(1),
                _ => header.insert(at, byte),
            }
        }
        let mut file = Vec::from((header.len() as u64).to_le_bytes());
        if rng.random_bool(0.01) {
            file[rng.random_range(0..8)] = rng.random();
        }
        file.extend(header);
        file.extend(vec![0; data]);
        match (ours(&file), theirs(&file)) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours, theirs);
                accepted += 1;
            }
            (Ok(_), Err(error)) => panic!("{:?}: {error}", String::from_utf8_lossy(&file)),
            (Err(_), _) => refused += 1,
        }
    }
    assert!(accepted > 2_000 && refused > 2_000, "{accepted} {refused}");
}

#[test]
fn what_takes_too_long_to_check_is_refused() {
    // 20,000 tensors whose names fall: every pair would have to be compared.
    let entries: Vec<_> = (0..20_000)
        .rev()
        .map(|name| format!(r#""{name:06}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#))
        .collect();
    let falling = raw(&format!("{{{}}}", entries.join(",")), &[]);
    let error = SafeTensors::parse(&falling).unwrap_err().to_string();
    assert!(error.starts_with("the file has 20000 tensors, too many to be checked"), "{error}");

    // In the usual order they are read.
    let rising: Vec<_> = entries.into_iter().rev().collect();
    let rising = raw(&format!("{{{}}}", rising.join(",")), &[]);
    assert_eq!(SafeTensors::parse(&rising).map(|file| file.len()), Ok(20_000));
}

#[test]
fn a_tensor_is_found_by_its_name() {
    let file = file(&small());
    let file = SafeTensors::parse(&file).unwrap();
    let weight = file.get("2.weight").unwrap();
    assert_eq!((weight.dtype(), weight.len()), (Dtype::F32, 6));
    assert_eq!(weight.shape().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(weight.number(5), Some(1.5));
    assert_eq!(weight.number(6), None);
    assert!(weight.is_named("2.weight") && !weight.is_named("2.weigh"));
    assert!(file.get("2.weigh").is_none() && file.get("2.weights").is_none());
    assert_eq!(format!("{weight:?}"), "`2.weight`: F32 [2, 3]");
}
