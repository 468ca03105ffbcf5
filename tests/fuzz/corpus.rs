//! The files that the fuzz targets begin with.
//!
//! Those called `seed-` are written by `FUZZ=overwrite cargo test --test fuzz seeds`; without the
//! variable the same test holds them against what is here. The others were found by the targets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// All files, in the order of their names: those of any tensors, and those of a network.
pub fn both() -> [Vec<Vec<u8>>; 2] {
    ["parse", "read"].map(|target| named(target).into_values().collect())
}

/// All files.
pub fn files() -> Vec<Vec<u8>> {
    both().concat()
}

fn named(target: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = fs::read_dir(folder(target)).expect("fuzz/corpus is in the source tree");
    let file = |entry: Result<fs::DirEntry, _>| {
        let entry: fs::DirEntry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    };
    folder.map(file).collect()
}

#[test]
fn the_seeds_are_these() {
    for (target, seeds) in [("parse", parse_seeds()), ("read", read_seeds())] {
        let seeds: BTreeMap<_, _> =
            seeds.into_iter().map(|(name, file)| (format!("seed-{name}"), file)).collect();
        let mut found = named(target);
        found.retain(|name, _| name.starts_with("seed-"));
        if std::env::var_os("FUZZ").is_some_and(|value| value == "overwrite") {
            for name in found.keys() {
                fs::remove_file(folder(target).join(name)).unwrap();
            }
            for (name, file) in &seeds {
                fs::write(folder(target).join(name), file).unwrap();
            }
        } else {
            assert!(found.keys().eq(seeds.keys()), "{:?}", found.keys());
            for (name, file) in found {
                assert!(file == seeds[&name], "{target}/{name}");
            }
        }
    }
}

/// A file with a header and so many bytes of data, which are 1, 2, ...
fn counting(header: impl AsRef<[u8]>, data: u8) -> Vec<u8> {
    raw(header, &(1..=data).collect::<Vec<_>>())
}

fn raw(header: impl AsRef<[u8]>, data: &[u8]) -> Vec<u8> {
    let header = header.as_ref();
    let length = (header.len() as u64).to_le_bytes();
    [&length, header, data].concat()
}

/// The entry of a tensor in a header.
fn entry(name: &str, dtype: &str, shape: &str, [begin, end]: [u64; 2]) -> String {
    format!(r#""{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#)
}

/// A header of entries.
fn header<S: AsRef<str>>(entries: &[S]) -> String {
    let entries: Vec<_> = entries.iter().map(AsRef::as_ref).collect();
    format!("{{{}}}", entries.join(","))
}

const DTYPES: &[(&str, u8)] = &[
    ("F64", 64),
    ("F32", 32),
    ("F16", 16),
    ("BF16", 16),
    ("C64", 64),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("F4", 4),
    ("I64", 64),
    ("I32", 32),
    ("I16", 16),
    ("I8", 8),
    ("U64", 64),
    ("U32", 32),
    ("U16", 16),
    ("U8", 8),
    ("BOOL", 8),
];

/// Files of any tensors.
fn parse_seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for &(dtype, bits) in DTYPES {
        // 8 numbers.
        let bytes = bits;
        let entry = entry("a", dtype, "2,4", [0, bytes.into()]);
        seeds.push((format!("dtype-{}", dtype.to_lowercase()), counting(header(&[entry]), bytes)));
    }

    let byte = |name: &str, begin: u64| entry(name, "U8", "1", [begin, begin + 1]);
    let one = |rest: &str| format!(r#"{{"a":{{{rest}}}}}"#);
    let large = "18446744073709551615";
    let right: &[(&str, String, u8)] = &[
        ("empty", "{}".into(), 0),
        ("padded", "{}       ".into(), 0),
        ("spaces", "{ \n\t\r} ".into(), 0),
        ("metadata-empty", r#"{"__metadata__":{}}"#.into(), 0),
        ("metadata", header(&[r#""__metadata__":{"format":"pt","a":"b"}"#, &byte("a", 0)]), 1),
        ("metadata-last", header(&[&byte("a", 0), r#""__metadata__":{"format":"pt"}"#]), 1),
        ("metadata-keys-twice", r#"{"__metadata__":{"a":"b","a":"c"}}"#.into(), 0),
        ("metadata-escapes", r#"{"__metadata__":{"\"\\\/\b\f\n\r\t":"\u00e4\ud83d\ude00"}}"#.into(), 0),
        ("keys-in-another-order", one(r#""data_offsets":[0,8],"shape":[2],"dtype":"F32""#), 8),
        ("keys-escaped", one(r#""\u0064type":"\u00463\u0032","sh\u0061pe":[1],"data_offsets":[0,4]"#), 4),
        ("spaces-everywhere", " { \"a\" : { \"dtype\" :\t\"F32\" ,\n\"shape\" : [ 1 , 2 ] ,\r\"data_offsets\" : [ 0 , 8 ] } } "[1..].into(), 8),
        ("scalar", header(&[entry("a", "F64", "", [0, 8])]), 8),
        ("no-numbers", header(&[entry("a", "F16", "0,7", [0, 0])]), 0),
        ("no-numbers-large", header(&[entry("a", "I8", &format!("0,{large},2"), [0, 0])]), 0),
        ("many-dimensions", header(&[entry("a", "U8", &["1"; 40].join(","), [0, 1])]), 1),
        ("name-empty", header(&[byte("", 0)]), 1),
        ("name-unicode", header(&[byte("\u{e4}\u{20ac}\u{1f600}\\u0000", 0)]), 1),
        ("name-escaped", header(&[byte(r#"\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00"#, 0)]), 1),
        ("name-surrogates", header(&[byte(r"\ud7ff\ud800\udc00\udbff\udfff\ue000", 0)]), 1),
        ("names-nearly-the-same", header(&[byte("a", 0), byte(r"a\u0000", 1), byte("aa", 2), byte(r"\u0061b", 3)]), 4),
        ("order-falling", header(&[byte("c", 0), byte("b", 1), byte("a", 2)]), 3),
        ("order-of-data", header(&[byte("a", 2), byte("b", 0), byte("c", 1)]), 3),
        ("order-none", header(&[byte("b", 3), byte("d", 0), byte("a", 1), byte("c", 2)]), 4),
        (
            "empty-at-every-border",
            header(&[
                entry("b", "U8", "2", [1, 3]),
                entry("e", "U8", "0", [3, 3]),
                entry("d", "U8", "0", [0, 0]),
                entry("f", "U8", "0", [3, 3]),
                entry("c", "U8", "1", [0, 1]),
            ]),
            3,
        ),
    ];
    let wrong: &[(&str, String, u8)] = &[
        ("header-empty", String::new(), 0),
        ("header-of-spaces", "        ".into(), 0),
        ("header-space-first", " {}".into(), 0),
        ("header-list", "[]".into(), 0),
        ("header-open", "{".into(), 0),
        ("header-comma", "{,}".into(), 0),
        ("header-comma-last", format!("{{{},}}", byte("a", 0)), 1),
        ("header-more-after-it", "{}{}".into(), 0),
        ("header-zero-after-it", "{}\0".into(), 0),
        ("header-byte-order-mark", "\u{feff}{}".into(), 0),
        ("nested-lists", format!("{{\"a\":{}", "[".repeat(300)), 0),
        ("nested-objects", "{\"a\":".repeat(200), 0),
        (
            "nested-unknown",
            one(&format!(
                r#""dtype":"U8","shape":[1],"data_offsets":[0,1],"x":{}{}"#,
                "[".repeat(100),
                "]".repeat(100)
            )),
            1,
        ),
        ("string-open", r#"{"a"#.into(), 0),
        ("string-newline", header(&[byte("a\n", 0)]), 1),
        ("string-zero", header(&[byte("a\0", 0)]), 1),
        ("escape-unknown", header(&[byte(r"\x", 0)]), 1),
        ("escape-open", r#"{"\"#.into(), 0),
        ("escape-short", header(&[byte(r"\u00e", 0)]), 1),
        ("surrogate-first-lowest", header(&[byte(r"\ud800", 0)]), 1),
        ("surrogate-first-highest", header(&[byte(r"\udbff", 0)]), 1),
        ("surrogate-second-lowest", header(&[byte(r"\udc00", 0)]), 1),
        ("surrogate-second-highest", header(&[byte(r"\udfff", 0)]), 1),
        ("surrogates-below-second", header(&[byte(r"\ud800\udbff", 0)]), 1),
        ("surrogates-above-second", header(&[byte(r"\ud800\ue000", 0)]), 1),
        ("surrogates-twice-first", header(&[byte(r"\ud83d\ud83d", 0)]), 1),
        ("surrogate-and-escape", header(&[byte(r"\ud83d\n", 0)]), 1),
        ("entry-empty", one(""), 0),
        ("entry-null", r#"{"a":null}"#.into(), 0),
        ("entry-list", r#"{"a":["U8",[1],[0,1]]}"#.into(), 1),
        ("entry-number", r#"{"a":1}"#.into(), 0),
        ("key-missing", one(r#""dtype":"U8","shape":[1]"#), 1),
        ("key-twice", one(r#""dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]"#), 1),
        (
            "key-unknown",
            one(r#""dtype":"U8","shape":[1],"data_offsets":[0,1],"more":{"a":[1]}"#),
            1,
        ),
        ("dtype-unknown", header(&[entry("a", "F31", "1", [0, 4])]), 4),
        ("dtype-lower-case", header(&[entry("a", "f32", "1", [0, 4])]), 4),
        ("dtype-object", one(r#""dtype":{"U8":null},"shape":[1],"data_offsets":[0,1]"#), 1),
        ("dtype-number", one(r#""dtype":0,"shape":[1],"data_offsets":[0,1]"#), 1),
        ("shape-number", one(r#""dtype":"U8","shape":1,"data_offsets":[0,1]"#), 1),
        ("shape-null", one(r#""dtype":"U8","shape":null,"data_offsets":[0,1]"#), 1),
        ("shape-negative", header(&[entry("a", "U8", "-1", [0, 1])]), 1),
        ("shape-minus-zero", header(&[entry("a", "U8", "-0", [0, 0])]), 0),
        ("shape-fraction", header(&[entry("a", "U8", "1.0", [0, 1])]), 1),
        ("shape-power", header(&[entry("a", "U8", "1e0", [0, 1])]), 1),
        ("shape-leading-zero", header(&[entry("a", "U8", "01", [0, 1])]), 1),
        ("shape-comma-last", header(&[entry("a", "U8", "1,", [0, 1])]), 1),
        ("shape-two-to-64", header(&[entry("a", "U8", "18446744073709551616", [0, 0])]), 0),
        // 2⁶², and 2⁶⁴ bytes: 0 in 64 bits.
        ("shape-overflow-of-bytes", header(&[entry("a", "F32", "4611686018427387904", [0, 0])]), 0),
        (
            "shape-overflow-of-numbers",
            header(&[entry("a", "U8", "4294967296,4294967296", [0, 0])]),
            0,
        ),
        // Its product would be 0, but not that of its beginning.
        (
            "shape-overflow-before-zero",
            header(&[entry("a", "U8", &format!("{large},2,0"), [0, 0])]),
            0,
        ),
        ("shape-half-a-byte", header(&[entry("a", "F4", "3", [0, 2])]), 2),
        ("shape-too-large", header(&[entry("a", "F32", "2", [0, 4])]), 4),
        ("shape-too-small", header(&[entry("a", "F32", "1", [0, 8])]), 8),
        ("offsets-one", one(r#""dtype":"U8","shape":[1],"data_offsets":[1]"#), 1),
        ("offsets-three", one(r#""dtype":"U8","shape":[1],"data_offsets":[0,1,1]"#), 1),
        ("offsets-swapped", header(&[entry("a", "U8", "1", [1, 0])]), 1),
        ("offsets-swapped-large", header(&[entry("a", "U8", "1", [u64::MAX, 0])]), 1),
        ("offsets-beyond", header(&[entry("a", "U8", "2", [0, 2])]), 1),
        ("offsets-large", header(&[entry("a", "U8", "1", [u64::MAX - 1, u64::MAX])]), 1),
        ("offsets-all", header(&[entry("a", "U8", large, [0, u64::MAX])]), 1),
        ("offsets-empty-beyond", header(&[entry("a", "U8", "0", [9, 9])]), 0),
        ("hole-first", header(&[byte("a", 1)]), 2),
        ("hole-between", header(&[byte("a", 0), byte("b", 2)]), 3),
        ("hole-last", header(&[byte("a", 0)]), 2),
        ("overlap", header(&[entry("a", "U8", "3", [0, 3]), entry("b", "U8", "3", [2, 5])]), 5),
        // As many bytes as there are, all the same.
        (
            "overlap-and-hole",
            header(&[entry("a", "U8", "2", [0, 2]), entry("b", "U8", "2", [0, 2])]),
            4,
        ),
        ("overlap-inside", header(&[entry("a", "U8", "4", [0, 4]), byte("b", 1)]), 4),
        (
            "overlap-of-empty",
            header(&[entry("a", "U8", "2", [0, 2]), entry("b", "U8", "0", [1, 1])]),
            2,
        ),
        ("name-twice", header(&[byte("a", 0), byte("a", 1)]), 2),
        ("name-twice-escaped", header(&[byte("a", 0), byte(r"\u0061", 1)]), 2),
        ("name-twice-apart", header(&[byte("b", 0), byte("a", 1), byte("c", 2), byte("b", 3)]), 4),
        ("metadata-twice", r#"{"__metadata__":{},"__metadata__":{}}"#.into(), 0),
        ("metadata-null", r#"{"__metadata__":null}"#.into(), 0),
        ("metadata-number", r#"{"__metadata__":{"a":1}}"#.into(), 0),
        ("metadata-nested", r#"{"__metadata__":{"a":{"b":"c"}}}"#.into(), 0),
        ("metadata-tensor", header(&[byte("__metadata__", 0)]), 1),
    ];
    for (name, header, data) in right {
        seeds.push(((*name).into(), counting(header, *data)));
    }
    for (name, header, data) in wrong {
        seeds.push((format!("wrong-{name}"), counting(header, *data)));
    }

    seeds.push(("wrong-utf-8".into(), counting(b"{\"\xff\":{}}", 0)));
    seeds.push(("wrong-utf-8-surrogate".into(), counting(b"{\"\xed\xa0\x80\":{}}", 0)));
    for length in [0, 3, 7, 8] {
        seeds.push((format!("wrong-bytes-{length}"), vec![2; length]));
    }
    for (name, length) in [
        ("one-more", 3),
        ("largest", 100_000_000),
        ("too-large", 100_000_001),
        ("sign", 1 << 63),
        ("most", u64::MAX),
        ("wraps", u64::MAX - 7),
    ] {
        let file = [&u64::to_le_bytes(length), &b"{}"[..]].concat();
        seeds.push((format!("wrong-length-{name}"), file));
    }
    for (name, file) in [
        ("f16", &include_bytes!("../weights/f16.safetensors")[..]),
        ("bf16", include_bytes!("../weights/bf16.safetensors")),
        ("named", include_bytes!("../weights/named.safetensors")),
        ("scale", include_bytes!("../weights/scale.safetensors")),
    ] {
        seeds.push((format!("pytorch-{name}"), file.into()));
    }
    seeds
}

/// Files of the network that they are read into, and of others.
fn read_seeds() -> Vec<(String, Vec<u8>)> {
    type Tensor = (&'static str, &'static str, usize);
    const TENSORS: [Tensor; 4] =
        [("0.weight", "3,4", 12), ("0.bias", "3", 3), ("2.weight", "2,3", 6), ("2.bias", "2", 2)];

    /// Numbers of a type, from their bits.
    fn numbers(bits: &[u64], size: usize) -> Vec<u8> {
        bits.iter().flat_map(|bits| bits.to_le_bytes()[..size].to_vec()).collect()
    }

    /// A file of tensors, each of a type, in the order given.
    fn file(tensors: &[Tensor], dtype: &str, prefix: &str, bits: &[u64]) -> Vec<u8> {
        let size = match dtype {
            "F64" => 8,
            "F32" => 4,
            _ => 2,
        };
        let (mut end, mut entries) = (0, Vec::new());
        for (name, shape, count) in tensors {
            let begin = end;
            end += (count * size) as u64;
            entries.push(entry(&format!("{prefix}{name}"), dtype, shape, [begin, end]));
        }
        raw(header(&entries), &numbers(bits, size))
    }

    // Ordinary numbers, and then the first few: zeros, the smallest, the largest.
    let bits = |special: &[u64], ordinary: fn(f64) -> u64| -> Vec<u64> {
        let rest = (special.len()..23).map(|index| ordinary(index as f64 / 8.0 - 1.0));
        special.iter().copied().chain(rest).collect()
    };
    let f64s =
        bits(&[0, 1 << 63, f64::to_bits(1e-300), f64::to_bits(f32::MAX.into())], f64::to_bits);
    let f32s = bits(&[0, 1 << 31, 1, 0x7f7f_ffff], |x| (x as f32).to_bits().into());
    let f16s = bits(&[0, 0x8000, 1, 0x3ff, 0x400, 0x7bff], |x| 0x3c00 + (8.0 * x + 8.0) as u64);
    let bf16s =
        bits(&[0, 0x8000, 1, 0x7f, 0x80, 0x7f7f], |x| u64::from((x as f32).to_bits() >> 16));
    let mut seeds: Vec<(String, Vec<u8>)> = Vec::new();
    let mut push = |name: &str, file: Vec<u8>| seeds.push((name.into(), file));

    for (name, dtype, bits) in [
        ("f64", "F64", &f64s),
        ("f32", "F32", &f32s),
        ("f16", "F16", &f16s),
        ("bf16", "BF16", &bf16s),
    ] {
        push(name, file(&TENSORS, dtype, "", bits));
        let [a, b, c, d] = TENSORS;
        push(&format!("{name}-another-order"), file(&[d, a, c, b], dtype, "", bits));
        push(&format!("{name}-prefix"), file(&TENSORS, dtype, "m.", bits));
    }
    push("escaped", file(&TENSORS, "F32", r"\u006d\u002E", &f32s));
    push("pytorch", include_bytes!("../ui/weights/right.safetensors").into());

    // Each tensor of another type; and a part of something larger.
    let mixed: [(Tensor, &str); 4] =
        std::array::from_fn(|i| (TENSORS[i], ["F64", "BF16", "F16", "F32"][i]));
    for (name, prefix, more) in [("mixed", "", false), ("part", "m.", true)] {
        let (mut data, mut entries) = (Vec::new(), Vec::new());
        for ((tensor, shape, count), dtype) in mixed {
            let (bits, size) = match dtype {
                "F64" => (&f64s, 8),
                "F32" => (&f32s, 4),
                "F16" => (&f16s, 2),
                _ => (&bf16s, 2),
            };
            let begin = data.len() as u64;
            data.extend(numbers(&bits[..count], size));
            let end = data.len() as u64;
            entries.push(entry(&format!("{prefix}{tensor}"), dtype, shape, [begin, end]));
        }
        if more {
            let begin = data.len() as u64;
            data.extend([1; 3]);
            entries.push(entry("n.0.bias", "I8", "3", [begin, begin + 3]));
        }
        push(name, raw(header(&entries), &data));
    }

    // Numbers that are none, in each type and in the first and last place.
    for (name, dtype, bits, wrong) in [
        ("f64-infinite", "F64", &f64s, f64::INFINITY.to_bits()),
        ("f64-nan", "F64", &f64s, 0xfff0_0000_0000_0001),
        ("f64-beyond-f32", "F64", &f64s, f64::to_bits(3.402_823_57e38)),
        ("f32-infinite", "F32", &f32s, 0xff80_0000),
        ("f32-nan", "F32", &f32s, 0x7f80_0001),
        ("f16-infinite", "F16", &f16s, 0x7c00),
        ("f16-nan", "F16", &f16s, 0xfc01),
        ("bf16-infinite", "BF16", &bf16s, 0xff80),
        ("bf16-nan", "BF16", &bf16s, 0x7f81),
    ] {
        for (place, index) in [("first", 0), ("last", 22)] {
            let mut bits = bits.clone();
            bits[index] = wrong;
            push(&format!("wrong-{name}-{place}"), file(&TENSORS, dtype, "", &bits));
        }
    }

    let with = |index: usize, tensor: Tensor| {
        let mut tensors = TENSORS;
        tensors[index] = tensor;
        file(&tensors, "F32", "", &f32s)
    };
    push("wrong-transposed", with(0, ("0.weight", "4,3", 12)));
    push("wrong-flat", with(2, ("2.weight", "6", 6)));
    push("wrong-dimensions", with(3, ("2.bias", "2,1", 2)));
    push("wrong-name", with(3, ("3.bias", "2", 2)));
    push("wrong-name-zero", with(3, ("02.bias", "2", 2)));
    push("wrong-missing", file(&TENSORS[..3], "F32", "", &f32s[..21]));
    push("wrong-type", file(&TENSORS, "I16", "", &f16s));
    let extra = [TENSORS.as_slice(), &[("4.bias", "0", 0)]].concat();
    push("wrong-extra", file(&extra, "F32", "", &f32s));
    seeds
}
