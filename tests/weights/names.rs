//! What files call the layers.

use constgrad::weights::{self, Names};
use constgrad::{Dense, Identity, Relu, Tanh, net};
use safetensors::Dtype;

use crate::{Small, bits, drawn, f32s, file, read, small};

/// A file as `small` with other names.
fn named(names: [&'static str; 4]) -> Vec<u8> {
    let mut tensors = small();
    tensors.iter_mut().zip(names).for_each(|(tensor, name)| tensor.0 = name);
    file(&tensors)
}

#[test]
fn a_prefix_and_a_list_find_the_same_tensors() {
    let expected = bits(&read::<Small>(&file(&small()), Names::SEQUENTIAL));
    for (names, file) in [
        (Names::default(), ["0.weight", "0.bias", "2.weight", "2.bias"]),
        (
            Names::prefix("actor."),
            ["actor.0.weight", "actor.0.bias", "actor.2.weight", "actor.2.bias"],
        ),
        (Names::prefix("ä\"\n"), ["ä\"\n0.weight", "ä\"\n0.bias", "ä\"\n2.weight", "ä\"\n2.bias"]),
        (Names::list(&["fc1", "out"]), ["fc1.weight", "fc1.bias", "out.weight", "out.bias"]),
        (Names::list(&["a.b", ""]), ["a.b.weight", "a.b.bias", "weight", "bias"]),
    ] {
        assert_eq!(bits(&read::<Small>(&named(file), names)), expected, "{names:?}");
    }
}

#[test]
fn with_a_prefix_other_tensors_belong_to_others() {
    let mut tensors = small().to_vec();
    tensors
        .iter_mut()
        .zip(["a.0.weight", "a.0.bias", "a.2.weight", "a.2.bias"])
        .for_each(|(tensor, name)| tensor.0 = name);
    tensors.push(("b.0.weight", Dtype::I64, &[1], vec![0; 8]));
    read::<Small>(&file(&tensors), Names::prefix("a."));

    tensors.push(("a.4.bias", Dtype::F32, &[1], vec![0; 4]));
    let error = weights::read(&mut drawn::<Small>(1), &file(&tensors), Names::prefix("a."));
    let expected = "tensor `a.4.bias` belongs to no layer of the network, which has 2 layers";
    assert_eq!(error.unwrap_err().to_string(), expected);
}

#[test]
fn a_list_has_one_name_for_each_layer() {
    let mut net: Small = drawn(1);
    let before = bits(&net);
    let file = file(&small());
    let mut message = |names: &[&str]| {
        weights::read(&mut net, &file, Names::list(names)).unwrap_err().to_string()
    };
    assert_eq!(message(&["a"]), "1 names found for the layers of a network of 2");
    assert_eq!(message(&["a", "b", "c"]), "3 names found for the layers of a network of 2");
    assert_eq!(message(&[]), "0 names found for the layers of a network of 2");
    assert_eq!(message(&["same", "same"]), "layer `same` is named twice");
    assert_eq!(
        message(&["0", "3"]),
        "tensor `3.weight` is missing, but Dense<3, 2, Tanh> needs it, with shape [2, 3]"
    );
    assert_eq!(bits(&net), before);
}

#[test]
fn layers_are_numbered_as_pytorch_does_however_they_are_nested() {
    type A = Dense<2, 2, Relu>;
    type B = Dense<2, 2, Identity>;
    type C = Dense<2, 2, Tanh>;
    type D = Dense<2, 2>;
    let names = ["0", "2", "3", "5"];
    let tensors: Vec<_> = names
        .iter()
        .enumerate()
        .flat_map(|(layer, name)| {
            let first = layer as f32;
            let weight: &str = format!("{name}.weight").leak();
            let bias: &str = format!("{name}.bias").leak();
            [
                (weight, Dtype::F32, &[2, 2][..], f32s(&[first, first + 0.25, first + 0.5, 9.0])),
                (bias, Dtype::F32, &[2], f32s(&[first, -first])),
            ]
        })
        .collect();
    let file = file(&tensors);
    let right = bits(&read::<net![A, B, C, D]>(&file, Names::SEQUENTIAL));
    let left = bits(&read::<(((A, B), C), D)>(&file, Names::SEQUENTIAL));
    let balanced = bits(&read::<((A, B), (C, D))>(&file, Names::SEQUENTIAL));
    assert_eq!(right[6 * 3].to_owned(), 3.0_f64.to_bits());
    assert_eq!([&left, &balanced], [&right; 2]);
}
