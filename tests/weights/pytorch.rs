//! PyTorch's networks here, and ours for PyTorch: MLPs of depth 1 to 6, of each activation.

use constgrad::prelude::*;
use constgrad::weights::{Names, SafeTensors};
use constgrad::*;

use crate::{bits, read};

/// What PyTorch saved: weights, inputs, and its outputs for them in f64.
const FILE: &[u8] = include_bytes!("mlps.safetensors");
const BATCH: usize = 3;

type Mlp1<A, T> = Dense<5, 4, A, T>;
type Mlp2<A, T> = net![Dense<5, 7, A, T>, Dense<7, 4, A, T>];
type Mlp3<A, T> = net![Dense<5, 7, A, T>, Dense<7, 6, A, T>, Dense<6, 4, A, T>];
type Mlp4<A, T> = net![Dense<5, 7, A, T>, Dense<7, 6, A, T>, Dense<6, 3, A, T>, Dense<3, 4, A, T>];
type Mlp5<A, T> = net![
    Dense<5, 7, A, T>,
    Dense<7, 6, A, T>,
    Dense<6, 3, A, T>,
    Dense<3, 8, A, T>,
    Dense<8, 4, A, T>
];
type Mlp6<A, T> = net![
    Dense<5, 7, A, T>,
    Dense<7, 6, A, T>,
    Dense<6, 3, A, T>,
    Dense<3, 8, A, T>,
    Dense<8, 9, A, T>,
    Dense<9, 4, A, T>
];

/// Something done with each network.
trait Each {
    fn mlp<T: Float, N: Layer<Input = [T; 5], Output = [T; 4]>>(&mut self, name: &str);
}

fn every_activation(each: &mut impl Each) {
    fn depths<A: Activation, T: Float>(each: &mut impl Each) {
        let activation = A::NAME;
        each.mlp::<T, Mlp1<A, T>>(&format!("{activation}1"));
        each.mlp::<T, Mlp2<A, T>>(&format!("{activation}2"));
        each.mlp::<T, Mlp3<A, T>>(&format!("{activation}3"));
        each.mlp::<T, Mlp4<A, T>>(&format!("{activation}4"));
        each.mlp::<T, Mlp5<A, T>>(&format!("{activation}5"));
        each.mlp::<T, Mlp6<A, T>>(&format!("{activation}6"));
    }
    macro_rules! each {
        ($($activation:ident)*) => {$(
            depths::<$activation, f32>(each);
            depths::<$activation, f64>(each);
        )*};
    }
    each! {
        Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh HardTanh
        Softplus Softsign Softmax
    }
}

/// A matrix in PyTorch's file.
fn matrix<T: Float, const N: usize>(name: &str) -> [[T; N]; BATCH] {
    let tensor = SafeTensors::parse(FILE).unwrap().get(name).unwrap();
    assert_eq!(tensor.shape().collect::<Vec<_>>(), [BATCH as u64, N as u64]);
    let mut matrix = [[T::ZERO; N]; BATCH];
    for (index, number) in matrix.as_flattened_mut().iter_mut().enumerate() {
        *number = T::from_f64(tensor.number(index).unwrap());
    }
    matrix
}

#[test]
fn networks_of_pytorch_give_its_outputs() {
    struct Compare(usize);

    impl Each for Compare {
        fn mlp<T: Float, N: Layer<Input = [T; 5], Output = [T; 4]>>(&mut self, name: &str) {
            let net: N = read(FILE, Names::prefix(&format!("{name}.")));
            let tolerance = if size_of::<T>() == 4 { 2e-6 } else { 1e-12 };
            let y: [[f64; 4]; BATCH] = matrix(&format!("y.{name}"));
            for (x, expected) in matrix("x").iter().zip(&y) {
                for (found, &expected) in net.predict(x).iter().zip(expected) {
                    let difference = (found.to_f64() - expected).abs();
                    assert!(
                        difference <= tolerance * expected.abs().max(1.0),
                        "{name} {found} {expected}"
                    );
                }
            }
            self.0 += 1;
        }
    }

    let mut compare = Compare(0);
    every_activation(&mut compare);
    assert_eq!(compare.0, 15 * 6 * 2);
}

#[test]
fn doubles_of_pytorch_are_read_bit_by_bit() {
    const DOUBLE: &[u8] = include_bytes!("double.safetensors");
    let net: Mlp3<Tanh, f64> = read(DOUBLE, Names::SEQUENTIAL);
    let file = SafeTensors::parse(DOUBLE).unwrap();
    let tensor = file.get("2.weight").unwrap();
    assert_eq!(tensor.dtype(), Dtype::F64);
    for (index, weight) in net.1.0.rows().flatten().enumerate() {
        assert_eq!(Some(*weight), tensor.number(index));
    }
    // With fewer digits as f32: those of the nearest.
    let single: Mlp3<Tanh, f32> = read(DOUBLE, Names::SEQUENTIAL);
    let nearest = bits(&net).into_iter().map(|x| f64::from(f64::from_bits(x) as f32).to_bits());
    assert_eq!(bits(&single), nearest.collect::<Vec<_>>());
}

#[test]
fn a_module_with_names_is_read_by_a_list() {
    const NAMED: &[u8] = include_bytes!("named.safetensors");
    let net: Mlp2<Tanh, f32> = read(NAMED, Names::list(&["fc1", "out"]));
    let tensor = SafeTensors::parse(NAMED).unwrap().get("out.weight").unwrap();
    let numbers: Vec<_> = net.1.rows().flatten().map(|weight| f64::from(*weight)).collect();
    assert_eq!(numbers, (0..28).map(|index| tensor.number(index).unwrap()).collect::<Vec<_>>());
}

/// Leaves networks and what they answer under `target/tmp/weights`, where `check.py` has PyTorch
/// read them.
#[test]
#[cfg(feature = "std")]
fn networks_for_pytorch_are_written() {
    use std::fs;
    use std::path::{Path, PathBuf};

    use safetensors::Dtype;
    use safetensors::tensor::TensorView;

    struct Write {
        folder: PathBuf,
        outputs: Vec<(String, Vec<u8>)>,
    }

    impl Each for Write {
        fn mlp<T: Float, N: Layer<Input = [T; 5], Output = [T; 4]>>(&mut self, name: &str) {
            let net: N = crate::drawn(self.outputs.len() as u64);
            let name = format!("{name}.f{}", 8 * size_of::<T>());
            let file = self.folder.join(&name).with_added_extension("safetensors");
            weights::save(&net, &file, Names::SEQUENTIAL).unwrap();
            let y = matrix("x").map(|x| net.predict(&x).map(|y| y.to_f64().to_le_bytes()));
            self.outputs.push((name, y.as_flattened().as_flattened().to_vec()));
        }
    }

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("weights");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut write = Write { folder, outputs: Vec::new() };
    every_activation(&mut write);
    let outputs = write
        .outputs
        .iter()
        .map(|(name, y)| (name.as_str(), TensorView::new(Dtype::F64, vec![BATCH, 4], y).unwrap()));
    safetensors::serialize_to_file(outputs, None, &write.folder.join("y.safetensors")).unwrap();
    assert_eq!(fs::read_dir(&write.folder).unwrap().count(), 15 * 6 * 2 + 1);
}
