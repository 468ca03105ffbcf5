//! Numbers of files, which are little-endian and begin at any byte.

use crate::kernel::bits::{f32s, f64s};
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
        Dtype::BF16 => {
            f32::from_bits((u16::from_le_bytes(bytes(data, 2 * index)) as u32) << 16) as f64
        }
        _ => return None,
    })
}

/// The value of an IEEE half.
const fn half(bits: u16) -> f64 {
    f32::from_bits(half_bits(bits as u32)) as f64
}

/// The bits of an `f32` of the value of an IEEE half: 1 bit of sign, 5 of exponent, 10 of mantissa.
const fn half_bits(half: u32) -> u32 {
    let (sign, exponent, mantissa) = ((half & 0x8000) << 16, half >> 10 & 0x1f, half & 0x3ff);
    let magnitude = match exponent {
        0 if mantissa == 0 => 0,
        // m · 2⁻²⁴, with the first 1 of m where it is not written.
        0 => {
            let shift = mantissa.leading_zeros() - 21;
            (127 - 14 - shift) << 23 | (mantissa << shift & 0x3ff) << 13
        }
        0x1f => 0xff << 23 | mantissa << 13,
        _ => (exponent + 127 - 15) << 23 | mantissa << 13,
    };
    sign | magnitude
}

// The loops below are plain, without a call that can be spared: the compiler interprets them, some
// 20 million operations a second. It also counts calls and turns, and takes 2 million of them in
// one constant for an error, `long_running_const_eval`, which only the crate that has the constant
// could allow. Hence four numbers a turn: a layer may have 3 million, but 300,000 of F16.

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
    let (mut last, length) = (size - 1, data.len());
    while last < length {
        // No exponent of four is all ones if one bit of each is 0, which it mostly is.
        let end = last + 3 * size;
        if end < length
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
    let (numbers, _) = data.as_chunks::<8>();
    let (mut index, length) = (0, numbers.len());
    while index < length {
        let [.., low, high] = numbers[index];
        // 2¹²⁷ and more, infinities and NaN: few, if any.
        let large = ((high & 0x7f) as u32) << 4 | low as u32 >> 4 >= 1023 + 127;
        if large && !(f64::from_le_bytes(numbers[index]) as f32).is_finite() {
            return Some(index);
        }
        index += 1;
    }
    None
}

/// Fills columns: `$numbers[column]` with what `$of` makes of the bits that `$bits` makes of the
/// bytes of each number.
macro_rules! fill {
    ($numbers:ident[$columns:ident][$rows:ident] = $data:ident, |$bytes:pat_param| $bits:expr, $of:expr) => {{
        let (chunks, _) = $data.as_chunks();
        let mut column = 0;
        while column < $columns {
            let mut bits = [0; $rows];
            let (mut row, mut at) = (0, column);
            while row + 4 <= $rows {
                let $bytes = chunks[at];
                bits[row] = $bits;
                let $bytes = chunks[at + $columns];
                bits[row + 1] = $bits;
                let $bytes = chunks[at + 2 * $columns];
                bits[row + 2] = $bits;
                let $bytes = chunks[at + 3 * $columns];
                bits[row + 3] = $bits;
                row += 4;
                at += 4 * $columns;
            }
            while row < $rows {
                let $bytes = chunks[at];
                bits[row] = $bits;
                row += 1;
                at += $columns;
            }
            $numbers[column] = $of(&bits);
            column += 1;
        }
    }};
}

macro_rules! columns {
    ($name:ident, $T:ident, $of_f32:expr, $of_f64:expr) => {
        /// The columns of a matrix of `ROWS` rows.
        pub(super) const fn $name<const COLUMNS: usize, const ROWS: usize>(
            data: &[u8],
            dtype: Dtype,
        ) -> [[$T; ROWS]; COLUMNS] {
            let mut numbers = [[0.0; ROWS]; COLUMNS];
            match dtype {
                Dtype::F32 => fill!(
                    numbers[COLUMNS][ROWS] = data,
                    |[a, b, c, d]| a as u32 | (b as u32) << 8 | (c as u32) << 16 | (d as u32) << 24,
                    $of_f32
                ),
                Dtype::F64 => fill!(
                    numbers[COLUMNS][ROWS] = data,
                    |[a, b, c, d, e, f, g, h]| {
                        let low = a as u64 | (b as u64) << 8 | (c as u64) << 16 | (d as u64) << 24;
                        let high = e as u64 | (f as u64) << 8 | (g as u64) << 16 | (h as u64) << 24;
                        low | high << 32
                    },
                    $of_f64
                ),
                Dtype::F16 => fill!(
                    numbers[COLUMNS][ROWS] = data,
                    |[a, b]| half_bits(a as u32 | (b as u32) << 8),
                    $of_f32
                ),
                Dtype::BF16 => fill!(
                    numbers[COLUMNS][ROWS] = data,
                    |[a, b]| (a as u32) << 16 | (b as u32) << 24,
                    $of_f32
                ),
                _ => unreachable!(),
            }
            numbers
        }
    };
}
columns!(columns_f32, f32, f32s, f64s_as_f32s);
columns!(columns_f64, f64, f32s_as_f64s, f64s);

macro_rules! converted {
    ($name:ident, $bits:ident, $numbers:ident, $to:ident) => {
        const fn $name<const N: usize>(bits: &[$bits; N]) -> [$to; N] {
            let (numbers, mut converted) = ($numbers(bits), [0.0; N]);
            let mut i = 0;
            while i < N {
                converted[i] = numbers[i] as $to;
                i += 1;
            }
            converted
        }
    };
}
converted!(f32s_as_f64s, u32, f32s, f64);
converted!(f64s_as_f32s, u64, f64s, f32);
