//! Numbers of files, which are little-endian and begin at any byte.

use crate::tensors::Dtype;

/// `N` bytes from `at` on.
const fn bytes<const N: usize>(data: &[u8], at: usize) -> [u8; N] {
    match data.split_at(at).1.first_chunk() {
        Some(bytes) => *bytes,
        None => [0; N],
    }
}

/// Number `index` of a tensor, exact, if it is of a type that weights may have.
pub(super) const fn number(data: &[u8], dtype: Dtype, index: usize) -> Option<f64> {
    Some(match dtype {
        Dtype::F64 => f64::from_le_bytes(bytes(data, 8 * index)),
        Dtype::F32 => f32::from_le_bytes(bytes(data, 4 * index)) as f64,
        Dtype::F16 => half(u16::from_le_bytes(bytes(data, 2 * index))),
        Dtype::BF16 => upper_half(u16::from_le_bytes(bytes(data, 2 * index))),
        _ => return None,
    })
}

/// The value of an IEEE half: 1 bit of sign, 5 of exponent, 10 of mantissa.
pub(super) const fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = ((bits >> 10 & 0x1f) as u64, (bits & 0x3ff) as u64);
    let magnitude = match exponent {
        // m · 2⁻²⁴
        0 => mantissa as f64 * f64::from_bits((1023 - 24) << 52),
        0x1f => f64::from_bits(0x7ff << 52 | mantissa << 42),
        _ => f64::from_bits((exponent + 1023 - 15) << 52 | mantissa << 42),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// The value of the upper half of an `f32`.
pub(super) const fn upper_half(bits: u16) -> f64 {
    f32::from_bits((bits as u32) << 16) as f64
}

// The loops below are plain, without a call that can be spared: the compiler interprets them, some
// 20 million operations a second. It also counts calls and turns, and takes 2 million of them in
// one constant for an error, `long_running_const_eval`, which only the crate that has the constant
// could allow. Hence four numbers a turn: a tensor may have about 1.6 million, a file 8 million.

/// The first number that is infinite or NaN as a `target`, which is `f32` or `f64`.
pub(super) const fn first_not_finite(data: &[u8], dtype: Dtype, target: Dtype) -> Option<usize> {
    // What the exponent has in the last byte of a number and in the one before, if it is all ones.
    let (low, high) = match dtype {
        Dtype::F64 if matches!(target, Dtype::F32) => return first_beyond_f32(data),
        Dtype::F64 => (0xf0, 0x7f),
        Dtype::F32 | Dtype::BF16 => (0x80, 0x7f),
        Dtype::F16 => (0, 0x7c),
        _ => return None,
    };
    let size = dtype.bits() / 8;
    let mut last = size - 1;
    while last < data.len() {
        // No exponent of four is all ones if one bit of each is 0, which it mostly is.
        let end = last + 3 * size;
        if end < data.len()
            && data[last] & high != high
            && data[last + size] & high != high
            && data[last + 2 * size] & high != high
            && data[end] & high != high
        {
            last = end + size;
            continue;
        }
        if data[last] & high == high && data[last - 1] & low == low {
            return Some(last / size);
        }
        last += size;
    }
    None
}

/// The same of `f64` that become `f32`: they may be too large.
const fn first_beyond_f32(data: &[u8]) -> Option<usize> {
    let (numbers, _) = data.as_chunks();
    let mut index = 0;
    while index < numbers.len() {
        if !(f64::from_le_bytes(numbers[index]) as f32).is_finite() {
            return Some(index);
        }
        index += 1;
    }
    None
}

/// Fills columns: `numbers[column][row]` with what `$value` makes of the bytes of a number.
macro_rules! fill {
    ($numbers:ident[$columns:ident][$rows:ident] = $data:ident, |$bytes:ident| $value:expr) => {{
        let (chunks, _) = $data.as_chunks();
        let mut column = 0;
        while column < $columns {
            let numbers = &mut $numbers[column];
            let (mut row, mut at) = (0, column);
            while row + 4 <= $rows {
                let $bytes = chunks[at];
                numbers[row] = $value;
                let $bytes = chunks[at + $columns];
                numbers[row + 1] = $value;
                let $bytes = chunks[at + 2 * $columns];
                numbers[row + 2] = $value;
                let $bytes = chunks[at + 3 * $columns];
                numbers[row + 3] = $value;
                row += 4;
                at += 4 * $columns;
            }
            while row < $rows {
                let $bytes = chunks[at];
                numbers[row] = $value;
                row += 1;
                at += $columns;
            }
            column += 1;
        }
    }};
}

macro_rules! columns {
    ($name:ident, $T:ident) => {
        /// The columns of a matrix of `ROWS` rows.
        pub(super) const fn $name<const COLUMNS: usize, const ROWS: usize>(
            data: &[u8],
            dtype: Dtype,
        ) -> [[$T; ROWS]; COLUMNS] {
            let mut numbers = [[0.0; ROWS]; COLUMNS];
            match dtype {
                Dtype::F32 => fill!(numbers[COLUMNS][ROWS] = data, |bytes| {
                    let [a, b, c, d] = bytes;
                    let bits = a as u32 | (b as u32) << 8 | (c as u32) << 16 | (d as u32) << 24;
                    f32::from_bits(bits) as $T
                }),
                Dtype::F64 => fill!(numbers[COLUMNS][ROWS] = data, |bytes| {
                    f64::from_bits(u64::from_le_bytes(bytes)) as $T
                }),
                Dtype::F16 => fill!(numbers[COLUMNS][ROWS] = data, |bytes| {
                    half(u16::from_le_bytes(bytes)) as $T
                }),
                Dtype::BF16 => fill!(numbers[COLUMNS][ROWS] = data, |bytes| {
                    let [a, b] = bytes;
                    f32::from_bits((a as u32) << 16 | (b as u32) << 24) as $T
                }),
                _ => unreachable!(),
            }
            numbers
        }
    };
}
columns!(columns_f32, f32);
columns!(columns_f64, f64);
