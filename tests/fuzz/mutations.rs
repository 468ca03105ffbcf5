//! Files that are changed at random, the same ones in each run.

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

/// Numbers where something could overflow, or be taken for something else.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "4",
    "12",
    "48",
    "255",
    "4294967295",
    "4294967296",
    "2305843009213693952",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551604",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999",
    "-1",
    "-0",
    "1.0",
    "1e1",
    "01",
    "",
];

/// Pieces of headers.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    " ",
    "\n",
    "\0",
    "{}",
    "[]",
    "null",
    "0,",
    "1,",
    "\\u0030",
    "\\ud83d",
    "\\ude00",
    "\\udc00",
    "\\udbff",
    "\\\"",
    "\u{e4}",
    "\u{1f600}",
    "m.",
    "0.weight",
    "2.bias",
    "F64",
    "F32",
    "F16",
    "BF16",
    "F4",
    "I32",
    "__metadata__",
    "\"__metadata__\":{},",
    "\"__metadata__\":{\"a\":\"b\"},",
    "\"__metadata__\":null,",
    "\"x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},",
    "\"m.x\":{\"shape\":[9,0],\"data_offsets\":[92,92],\"dtype\":\"F6_E2M3\"},",
    "\"x\":[\"U8\",[0],[0,0]],",
    "\"dtype\":\"F32\",",
    "\"more\":1,",
];

/// File `number`: one of the corpus, changed once to four times.
pub fn mutated(corpus: &[Vec<Vec<u8>>; 2], number: usize) -> Vec<u8> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(number as u64);
    let corpus = &corpus[number % 2];
    let mut file = corpus[rng.random_range(0..corpus.len())].clone();
    let (mut header, mut data) = parts(&file);
    let changes = if rng.random() { 1 } else { rng.random_range(2..5) };
    for _ in 0..changes {
        change(&mut rng, &mut header, &mut data, corpus);
    }

    let length = match rng.random_range(0..40) {
        0 => rng.random(),
        1 => u64::MAX - rng.random_range(0..16),
        2 => rng.random_range(99_999_990..100_000_010),
        3 => 1 << rng.random_range(0..64),
        4 => (header.len() as u64 + rng.random_range(0..16)).saturating_sub(8),
        _ => header.len() as u64,
    };
    file.clear();
    file.extend(length.to_le_bytes());
    file.extend(header);
    file.extend(data);
    if rng.random_bool(0.02) {
        file.truncate(rng.random_range(0..file.len()));
    }
    file
}

/// The header of a file and its data, if it has any.
fn parts(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let Some((length, rest)) = file.split_first_chunk() else { return (file.to_vec(), Vec::new()) };
    let length = u64::from_le_bytes(*length).min(rest.len() as u64) as usize;
    let (header, data) = rest.split_at(length);
    (header.to_vec(), data.to_vec())
}

fn change(
    rng: &mut Xoshiro256PlusPlus,
    header: &mut Vec<u8>,
    data: &mut Vec<u8>,
    corpus: &[Vec<u8>],
) {
    match rng.random_range(0..16) {
        0 => flip(rng, header),
        1 | 2 => flip(rng, data),
        3 => {
            let piece = PIECES[rng.random_range(0..PIECES.len())];
            insert(rng, header, piece.as_bytes());
        }
        // Behind a brace or a comma, where it may be right.
        4 | 5 => {
            let piece = PIECES[rng.random_range(0..PIECES.len())].bytes();
            let places = places(header, |byte| matches!(byte, b'{' | b',' | b'[' | b'"'));
            if !places.is_empty() {
                let at = places[rng.random_range(0..places.len())] + 1;
                header.splice(at..at, piece);
            }
        }
        // Another number, or another digit.
        6 | 7 => {
            let digits = places(header, |byte| byte.is_ascii_digit());
            if !digits.is_empty() {
                let at = digits[rng.random_range(0..digits.len())];
                if rng.random() {
                    header[at] = b'0' + rng.random_range(0..10);
                } else {
                    let end = header[at..].iter().position(|byte| !byte.is_ascii_digit());
                    let end = end.map_or(header.len(), |length| at + length);
                    header.splice(at..end, NUMBERS[rng.random_range(0..NUMBERS.len())].bytes());
                }
            }
        }
        // Space between two tokens, or in a string.
        8 => {
            let places = places(header, |byte| b"{}[],:\"".contains(&byte));
            if !places.is_empty() {
                let at = places[rng.random_range(0..places.len())];
                let space = [b' ', b'\t', b'\n', b'\r'][rng.random_range(0..4)];
                header.splice(at..at, std::iter::repeat_n(space, rng.random_range(1..9)));
            }
        }
        // Two pieces between commas change places; or one is there twice.
        9 | 10 => {
            let commas = places(header, |byte| byte == b',');
            let mut ends = [0; 4].map(|_| match commas.len() {
                0 => rng.random_range(0..=header.len()),
                count => commas[rng.random_range(0..count)],
            });
            ends.sort();
            let [a, b, c, d] = ends;
            let (first, second) = (header[a..b].to_vec(), header[c..d].to_vec());
            let between = header[b..c].to_vec();
            let parts = if rng.random() {
                [second, between, first]
            } else {
                [first.clone(), between, first]
            };
            header.splice(a..d, parts.concat());
        }
        // A piece is taken out, or there twice.
        11 => {
            let (from, to) = range(rng, header.len());
            let piece = header[from..to].to_vec();
            header.splice(from..to, if rng.random() { piece.repeat(2) } else { Vec::new() });
        }
        // The rest, or the data, is that of another file.
        12 => {
            let (other, others) = parts(&corpus[rng.random_range(0..corpus.len())]);
            if rng.random() {
                header.truncate(rng.random_range(0..=header.len()));
                let from = rng.random_range(0..=other.len());
                header.extend(&other[from..]);
            } else {
                *data = others;
            }
        }
        // More data than there is, or less.
        13 => {
            let length = data.len() + rng.random_range(0..9);
            data.resize(length.saturating_sub(4), rng.random());
        }
        // Deep, and open.
        14 if rng.random_bool(0.2) => {
            let open = ["[", "{\"a\":", "\\", "{", "[[1],"][rng.random_range(0..5)];
            let open = open.repeat(rng.random_range(1..500));
            insert(rng, header, open.as_bytes());
        }
        // The largest and the special numbers.
        _ => {
            if data.len() >= 2 {
                let at = rng.random_range(0..data.len() - 1);
                data[at..at + 2].copy_from_slice(
                    &[[0x80, 0x7f], [0, 0x7c], [0xf0, 0x7f], [0xff; 2], [0, 0x80], [0xff, 0x7b]]
                        [rng.random_range(0..6)],
                );
            }
        }
    }
}

fn flip(rng: &mut Xoshiro256PlusPlus, bytes: &mut [u8]) {
    if !bytes.is_empty() {
        bytes[rng.random_range(0..bytes.len())] ^= 1 << rng.random_range(0..8);
    }
}

fn insert(rng: &mut Xoshiro256PlusPlus, bytes: &mut Vec<u8>, piece: &[u8]) {
    let at = rng.random_range(0..=bytes.len());
    bytes.splice(at..at, piece.iter().copied());
}

fn range(rng: &mut Xoshiro256PlusPlus, length: usize) -> (usize, usize) {
    let from = rng.random_range(0..=length);
    (from, rng.random_range(from..=length.min(from + 80)))
}

/// Where the bytes are that are wanted.
fn places(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> Vec<usize> {
    (0..bytes.len()).filter(|&at| wanted(bytes[at])).collect()
}
