//! What the compiler reads is what is read at run time.

use constgrad::weights::Names;
use constgrad::{Dense, Identity, Layer, Relu, Tanh, bake, net};

use crate::{bits, read};

/// Fails unless both are the same bits.
fn same<N: Layer>(baked: &N, bytes: &[u8], names: Names<'_>) {
    assert_eq!(bits(baked), bits(&read::<N>(bytes, names)));
    assert!(bits(baked).iter().any(|&bits| bits != 0));
}

#[test]
fn every_type_of_numbers() {
    type Half<T> = Dense<13, 2, Identity, T>;
    type Double<T> = net![Dense<5, 7, Tanh, T>, Dense<7, 6, Tanh, T>, Dense<6, 4, Tanh, T>];
    type Single<T> = net![Dense<4, 3, Relu, T>, Dense<3, 2, Identity, T>];

    static F16: Half<f32> = bake!(Half<f32>, "f16.safetensors");
    static F16_F64: Half<f64> = bake!(Half<f64>, "f16.safetensors");
    static BF16: Half<f32> = bake!(Half<f32>, "bf16.safetensors");
    static BF16_F64: Half<f64> = bake!(Half<f64>, "bf16.safetensors");
    static F64: Double<f64> = bake!(Double<f64>, "double.safetensors");
    static F64_F32: Double<f32> = bake!(Double<f32>, "double.safetensors");
    static F32: Single<f32> = bake!(Single<f32>, "../ui/weights/right.safetensors");
    static F32_F64: Single<f64> = bake!(Single<f64>, "../ui/weights/right.safetensors",);

    same(&F16, include_bytes!("f16.safetensors"), Names::SEQUENTIAL);
    same(&F16_F64, include_bytes!("f16.safetensors"), Names::SEQUENTIAL);
    same(&BF16, include_bytes!("bf16.safetensors"), Names::SEQUENTIAL);
    same(&BF16_F64, include_bytes!("bf16.safetensors"), Names::SEQUENTIAL);
    same(&F64, include_bytes!("double.safetensors"), Names::SEQUENTIAL);
    same(&F64_F32, include_bytes!("double.safetensors"), Names::SEQUENTIAL);
    same(&F32, include_bytes!("../ui/weights/right.safetensors"), Names::SEQUENTIAL);
    same(&F32_F64, include_bytes!("../ui/weights/right.safetensors"), Names::SEQUENTIAL);
}

#[test]
fn every_nesting_and_every_name() {
    type A = Dense<5, 7, Tanh>;
    type B = Dense<7, 6, Tanh>;
    type C = Dense<6, 3, Tanh>;
    type D = Dense<3, 4, Tanh>;
    type Plain = Dense<5, 7>;
    static RIGHT: net![A, B, C, D] =
        bake!(net![A, B, C, D], "parts.safetensors", Names::prefix("actor."));
    static LEFT: (((A, B), C), D) =
        bake!((((A, B), C), D), "parts.safetensors", Names::prefix("actor."));
    static BALANCED: ((A, B), (C, D)) =
        bake!(((A, B), (C, D)), "parts.safetensors", Names::prefix("actor."));
    // Without activations the numbers have no gaps.
    static LINEAR: (Plain, Dense<7, 4>) =
        bake!((Plain, Dense<7, 4>), "parts.safetensors", Names::prefix("critic."));
    static LISTED: net![A, Dense<7, 4>] =
        bake!(net![A, Dense<7, 4>], "named.safetensors", Names::list(&["fc1", "out"]));

    let parts = include_bytes!("parts.safetensors");
    same(&RIGHT, parts, Names::prefix("actor."));
    same(&LEFT, parts, Names::prefix("actor."));
    same(&BALANCED, parts, Names::prefix("actor."));
    assert_eq!([bits(&LEFT), bits(&BALANCED)], [bits(&RIGHT), bits(&RIGHT)]);
    same(&LINEAR, parts, Names::prefix("critic."));
    same(&LISTED, include_bytes!("named.safetensors"), Names::list(&["fc1", "out"]));
}
