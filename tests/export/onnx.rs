use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::{env, fs};

use constgrad::export::{self, Export};
use constgrad::{Dense, Layer, Network, Tanh};

use crate::networks::{Each, Number, each_network, inputs};

/// Writes models, inputs and outputs for `onnx.py`, which runs the models.
struct Models {
    folder: PathBuf,
    list: String,
}

impl Each for Models {
    fn network<N, T, const IN: usize, const OUT: usize>(&mut self, name: &str, net: &N)
    where
        N: Layer<Input = [T; IN], Output = [T; OUT]> + Export + Debug,
        T: Number,
    {
        let bytes =
            |numbers: &[T]| numbers.iter().flat_map(|&number| number.bytes()).collect::<Vec<_>>();
        let mut model = Vec::new();
        export::onnx(net, &mut model).unwrap();
        let x = inputs::<T, IN>();
        let y: Vec<_> = x.iter().map(|x| net.predict(x)).collect();
        for (end, bytes) in
            [("onnx", model), ("x", bytes(x.as_flattened())), ("y", bytes(y.as_flattened()))]
        {
            fs::write(self.folder.join(format!("{name}.{end}")), bytes).unwrap();
        }
        self.list += &format!("{name} {} {IN} {OUT}\n", T::C);
    }
}

#[test]
fn models_are_written() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx");
    fs::create_dir_all(&folder).unwrap();
    let mut models = Models { folder, list: String::new() };
    each_network(&mut models);
    assert!(models.list.lines().count() >= 40);
    fs::write(models.folder.join("list.txt"), models.list).unwrap();
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let layer: Dense<2, 1, Tanh> = Dense::new([[1.5, -0.1]], [0.0]);
    let error = export::onnx(&layer, &mut [0; 100][..]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WriteZero);
}
