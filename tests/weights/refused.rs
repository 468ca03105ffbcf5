//! What a network does not take, and what is said of it: the network keeps its weights.

use constgrad::weights::{self, Names};
use safetensors::Dtype;

use crate::{Small, bits, drawn, f32s, file, small};

/// What reading says of a file, which leaves the network as it is.
fn message(file: &[u8]) -> String {
    let mut net: Small = drawn(3);
    let before = bits(&net);
    let error = weights::read(&mut net, file, Names::SEQUENTIAL).unwrap_err();
    assert_eq!(bits(&net), before, "{error}");
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    if let Some(name) = error.tensor() {
        assert!(text.contains(name), "{text}");
    }
    text
}

#[test]
fn each_mistake_is_named() {
    type Change = fn(&mut Vec<(&'static str, Dtype, &'static [usize], Vec<u8>)>);
    let cases: &[(&str, Change)] = &[
        ("tensor `0.weight` has shape [4, 3], but Dense<4, 3, Relu> needs [3, 4]", |tensors| {
            tensors[0].2 = &[4, 3];
        }),
        ("tensor `2.weight` has shape [6], but Dense<3, 2, Tanh> needs [2, 3]", |tensors| {
            tensors[2].2 = &[6];
        }),
        ("tensor `2.weight` has shape [2, 3, 1], but Dense<3, 2, Tanh> needs [2, 3]", |tensors| {
            tensors[2].2 = &[2, 3, 1];
        }),
        ("tensor `2.bias` has shape [3], but Dense<3, 2, Tanh> needs [2]", |tensors| {
            (tensors[3].2, tensors[3].3) = (&[3], vec![0; 12]);
        }),
        ("tensor `0.bias` has shape [], but Dense<4, 3, Relu> needs [3]", |tensors| {
            (tensors[1].2, tensors[1].3) = (&[], vec![0; 4]);
        }),
        ("tensor `2.bias` is missing, but Dense<3, 2, Tanh> needs it, with shape [2]", |tensors| {
            tensors.pop();
        }),
        (
            "tensor `0.weight` is missing, but Dense<4, 3, Relu> needs it, with shape [3, 4]",
            |tensors| {
                tensors[0].0 = "1.weight";
            },
        ),
        (
            "tensor `0.weight` is missing, but Dense<4, 3, Relu> needs it, with shape [3, 4]",
            |tensors| {
                tensors.clear();
            },
        ),
        ("tensor `4.weight` belongs to no layer of the network, which has 2 layers", |tensors| {
            tensors.push(("4.weight", Dtype::F32, &[0], vec![]));
        }),
        ("tensor `2.weight.` belongs to no layer of the network, which has 2 layers", |tensors| {
            tensors.push(("2.weight.", Dtype::F32, &[0], vec![]));
        }),
        ("tensor `02.weight` belongs to no layer of the network, which has 2 layers", |tensors| {
            tensors.push(("02.weight", Dtype::F32, &[0], vec![]));
        }),
        (
            "tensor `0.bias` has type I32, but Dense<4, 3, Relu> needs F32, or another of F64, F32, F16 and BF16",
            |tensors| tensors[1].1 = Dtype::I32,
        ),
        (
            "tensor `2.bias` has NaN or an infinity as number 1, but Dense<3, 2, Tanh> needs finite numbers",
            |tensors| tensors[3].3 = f32s(&[0.0, f32::INFINITY]),
        ),
    ];
    for (expected, change) in cases {
        let mut tensors = small().to_vec();
        change(&mut tensors);
        assert_eq!(message(&file(&tensors)), *expected);
    }
}

#[test]
fn every_truncated_file_is_refused() {
    let right = file(&small());
    for length in 0..right.len() {
        message(&right[..length]);
    }
    let data = right.len() - 92;
    assert_eq!(
        message(&right[..data + 50]),
        "tensor `0.weight` ends at byte 60 of the data, but the file has 50 bytes of data"
    );
}

#[test]
fn every_changed_byte_of_the_header_is_refused_or_means_the_same() {
    let right = file(&small());
    let header = right.len() - 92;
    let expected = bits(&crate::read::<Small>(&right, Names::SEQUENTIAL));
    for at in 0..header {
        for bit in 0..8 {
            let mut changed = right.clone();
            changed[at] ^= 1 << bit;
            let mut net: Small = drawn(3);
            let before = bits(&net);
            match weights::read(&mut net, &changed, Names::SEQUENTIAL) {
                Ok(()) => assert_eq!(bits(&net), expected),
                Err(_) => assert_eq!(bits(&net), before),
            }
        }
    }
}

#[test]
fn a_long_name_is_cut() {
    let name: &str = "ö".repeat(1000).leak();
    let mut tensors = small().to_vec();
    tensors.push((name, Dtype::F32, &[1], vec![0; 4]));
    let expected = format!(
        "tensor `{}…` belongs to no layer of the network, which has 2 layers",
        "ö".repeat(18)
    );
    assert_eq!(message(&file(&tensors)), expected);
    tensors.last_mut().unwrap().2 = &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    tensors.last_mut().unwrap().0 = "2.bias";
    tensors.remove(3);
    assert_eq!(
        message(&file(&tensors)),
        "tensor `2.bias` has shape [1, 1, 1, 1, 1, 1, 1,…, but Dense<3, 2, Tanh> needs [2]"
    );
}

#[test]
fn an_error_is_a_small_plain_value() {
    fn plain<T: Copy + Send + Sync + std::error::Error + 'static>() {}
    plain::<weights::WeightsError>();
    assert!(size_of::<weights::WeightsError>() < 128);
}
