//! Numbers of every type that weights may have.

use constgrad::weights::{self, Names, SafeTensors};
use constgrad::{Dense, Zero};
use safetensors::Dtype;

use crate::{Small, SmallOf, bits, drawn, file, read, small};

/// What PyTorch's numbers of 16 bits are in `f64`, in PyTorch's own conversion.
const HALVES: &[u8] = include_bytes!("halves_in_f64.safetensors");

fn expected(name: &str) -> Vec<f64> {
    let tensor = SafeTensors::parse(HALVES).unwrap().get(name).unwrap();
    (0..tensor.len()).map(|index| tensor.number(index).unwrap()).collect()
}

#[test]
fn halves_are_what_pytorch_says() {
    for (name, other, bytes) in [
        ("f16", "bf16", &include_bytes!("f16.safetensors")[..]),
        ("bf16", "f16", include_bytes!("bf16.safetensors")),
    ] {
        let (weights, biases) = (expected(name), expected(other));
        // As f32, which holds each of them, and as f64.
        let single: Dense<13, 2> = read(bytes, Names::SEQUENTIAL);
        let double: Dense<13, 2, constgrad::Identity, f64> = read(bytes, Names::SEQUENTIAL);
        let subnormal = weights.iter().filter(|x| **x != 0.0 && x.abs() < 6.2e-5).count();
        assert!(subnormal >= 3, "{subnormal}");
        let found = double.rows().flatten().zip(single.rows().flatten());
        for ((double, single), expected) in found.zip(&weights) {
            assert_eq!(double.to_bits(), expected.to_bits());
            assert_eq!(f64::from(*single).to_bits(), expected.to_bits());
        }
        assert_eq!(double.bias().map(f64::to_bits), [biases[0].to_bits(), biases[1].to_bits()]);
    }
}

/// The value of a number of 16 bits, by its definition.
fn defined(bits: u16, mantissa: i32) -> f64 {
    let (exponents, bits) = (15 - mantissa, i32::from(bits));
    let (sign, exponent) = (bits >> 15, bits >> mantissa & ((1 << exponents) - 1));
    let (fraction, bias) = (bits & ((1 << mantissa) - 1), (1 << (exponents - 1)) - 1);
    let magnitude = match exponent {
        0 => f64::from(fraction) * 2.0_f64.powi(1 - bias - mantissa),
        _ if exponent == (1 << exponents) - 1 && fraction == 0 => f64::INFINITY,
        _ if exponent == (1 << exponents) - 1 => f64::NAN,
        _ => f64::from(fraction + (1 << mantissa)) * 2.0_f64.powi(exponent - bias - mantissa),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

#[test]
fn every_half_is_read_or_refused() {
    for (dtype, mantissa) in [(Dtype::F16, 10), (Dtype::BF16, 7)] {
        let data: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        let all = file(&[("x", dtype, &[65536], data)]);
        let all = SafeTensors::parse(&all).unwrap().get("x").unwrap();
        for bits in 0..=u16::MAX {
            let (found, expected) = (all.number(bits.into()).unwrap(), defined(bits, mantissa));
            assert!(
                found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                "{dtype:?} {bits:#x}: {found}"
            );

            let one = |bits: u16| bits.to_le_bytes().to_vec();
            let tensors =
                [("0.weight", dtype, &[1, 1][..], one(bits)), ("0.bias", dtype, &[1], one(0))];
            let mut layer = Dense::<1, 1>::ZERO;
            let read = weights::read(&mut layer, &file(&tensors), Names::SEQUENTIAL);
            assert_eq!(read.is_ok(), expected.is_finite(), "{dtype:?} {bits:#x}");
        }
    }
}

#[test]
fn doubles_are_rounded_to_the_nearest() {
    // Beside 1, half way, and the smallest and largest that round to a number.
    let cases = [
        (1.0 + 2.0_f64.powi(-25), Some(1.0)),
        (1.0 + 3.0 * 2.0_f64.powi(-25), Some(1.0 + f32::EPSILON)),
        (1.0 + 2.0_f64.powi(-24), Some(1.0)),
        (-1e-60, Some(-0.0)),
        (2.0_f64.powi(-149), Some(1e-45)),
        (f64::from(f32::MAX), Some(f32::MAX)),
        (3.402_823_56e38, Some(f32::MAX)),
        (3.402_823_57e38, None),
        (1e300, None),
        (f64::NAN, None),
        (f64::NEG_INFINITY, None),
    ];
    for (number, expected) in cases {
        let tensors = [
            ("0.weight", Dtype::F64, &[1, 1][..], number.to_le_bytes().to_vec()),
            ("0.bias", Dtype::F64, &[1], 0.0_f64.to_le_bytes().to_vec()),
        ];
        let mut layer = Dense::<1, 1>::ZERO;
        let result = weights::read(&mut layer, &file(&tensors), Names::SEQUENTIAL);
        let found = result.is_ok().then(|| layer.weight(0, 0).unwrap().to_bits());
        assert_eq!(found, expected.map(f32::to_bits), "{number:e}");

        // A network of f64 takes what is a number.
        let mut layer = Dense::<1, 1, constgrad::Identity, f64>::ZERO;
        let result = weights::read(&mut layer, &file(&tensors), Names::SEQUENTIAL);
        assert_eq!(result.is_ok(), number.is_finite(), "{number:e}");
        assert!(!number.is_finite() || layer.weight(0, 0).unwrap().to_bits() == number.to_bits());
    }
}

#[test]
fn singles_become_doubles_exactly() {
    let file = file(&small());
    let single: Small = read(&file, Names::SEQUENTIAL);
    let double: SmallOf<f64> = read(&file, Names::SEQUENTIAL);
    assert_eq!(bits(&single), bits(&double));
}

#[test]
fn every_number_that_is_not_finite_is_found_wherever_it_is() {
    for not in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7f80_0001)]
    {
        for index in 0..12 {
            let mut tensors = small();
            tensors[0].3[4 * index..4 * index + 4].copy_from_slice(&not.to_le_bytes());
            let mut net: Small = drawn(1);
            let error = weights::read(&mut net, &file(&tensors), Names::SEQUENTIAL)
                .unwrap_err()
                .to_string();
            let expected = format!(
                "tensor `0.weight` has NaN or an infinity as number {index}, but Dense<4, 3, Relu> needs finite numbers"
            );
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn a_buffer_may_begin_anywhere() {
    let file = file(&small());
    let expected: Small = read(&file, Names::SEQUENTIAL);
    for offset in 0..8 {
        let mut moved = vec![0; offset];
        moved.extend(&file);
        let net: Small = read(&moved[offset..], Names::SEQUENTIAL);
        assert_eq!(bits(&net), bits(&expected));
    }
}
