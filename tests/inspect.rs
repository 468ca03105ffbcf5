//! The example `inspect`, run as a user runs it.
#![cfg(feature = "std")]

use std::fs;
use std::process::{Command, Output};

use safetensors::Dtype::{self, F16, F32, F64, I64};
use safetensors::tensor::{TensorView, serialize};
use tempfile::TempDir;

fn inspect(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--example", "inspect", "--"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// The one line with which a run was refused.
#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let output = inspect(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors.trim_end().to_string()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> String {
        self.0.path().join("net.safetensors").to_str().unwrap().to_string()
    }

    /// What a file of zeros is said to be, without the table and without the folder.
    #[track_caller]
    fn says(&self, tensors: &[(&str, Dtype, &[usize])]) -> String {
        let data = vec![0; 1 << 16];
        let views = tensors.iter().map(|&(name, dtype, shape)| {
            let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
            (name, TensorView::new(dtype, shape.to_vec(), &data[..bytes]).unwrap())
        });
        fs::write(self.path(), serialize(views, None).unwrap()).unwrap();
        self.read()
    }

    #[track_caller]
    fn read(&self) -> String {
        let output = inspect(&[&self.path()]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        let text = String::from_utf8(output.stdout).unwrap().replace(&self.path(), "net");
        let (_, text) = text.split_once(" bytes\n\n").unwrap();
        text.trim_end().to_string()
    }
}

#[test]
fn a_file_is_listed_and_its_network_printed() {
    let output = inspect(&["examples/data/digits.safetensors"]);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "\
Tensor    Type  Shape         Bytes
───────────────────────────────────
0.bias    F32   [32]            128
0.weight  F32   [32, 64]       8192
2.bias    F32   [10]             40
2.weight  F32   [10, 32]       1280
───────────────────────────────────
4 tensors, 2410 numbers, a file of 9920 bytes

type Net = net![Dense<64, 32, /* activation */>, Dense<32, 10>];
weights::load(&mut net, \"examples/data/digits.safetensors\", Names::SEQUENTIAL)?;

`/* activation */` is where a number is left out: which it is, if any, is not in the file.
Nor is whether the last layer has one.
"
    );
}

#[test]
fn names_say_which_networks_there_are() {
    let folder = Folder::new();

    // Several networks in a file, of other types, and layers next to each other.
    let text = folder.says(&[
        ("actor.0.weight", F64, &[4, 3]),
        ("actor.0.bias", F64, &[4]),
        ("actor.1.weight", F64, &[2, 4]),
        ("actor.1.bias", F64, &[2]),
        ("actor.10.weight", F64, &[5, 2]),
        ("actor.10.bias", F64, &[5]),
        ("critic.0.weight", F16, &[1, 3]),
        ("critic.0.bias", F16, &[1]),
    ]);
    assert_eq!(
        text,
        "\
actor.*
type Net = net![
    Dense<3, 4, Identity, f64>,
    Dense<4, 2, /* activation */, f64>,
    Dense<2, 5, Identity, f64>,
];
weights::load(&mut net, \"net\", Names::list(&[\"actor.0\", \"actor.1\", \"actor.10\"]))?;

`/* activation */` is where a number is left out: which it is, if any, is not in the file.
Nor is whether the last layer has one.
Between `actor.1` and `actor.10` are 8 modules, where the crate has one.
With a list of names the file may have no other tensors: take them out.

critic.*
type Net = net![Dense<3, 1>];
weights::load(&mut net, \"net\", Names::prefix(\"critic.\"))?;

Whether the last layer has an activation is not in the file."
    );

    // Names that are not in the order of the layers, but whose sizes say it.
    let text = folder.says(&[
        ("out.weight", F32, &[1, 4]),
        ("out.bias", F32, &[1]),
        ("in.weight", F32, &[3, 2]),
        ("in.bias", F32, &[3]),
        ("mid.weight", F32, &[4, 3]),
        ("mid.bias", F32, &[4]),
    ]);
    assert!(text.starts_with(
        "type Net = net![Dense<2, 3, /* activation */>, Dense<3, 4, /* activation */>, Dense<4, 1>];\n\
        weights::load(&mut net, \"net\", Names::list(&[\"in\", \"mid\", \"out\"]))?;"
    ), "{text}");

    // One layer without a name; and one behind a module without weights.
    let text = folder.says(&[("weight", F32, &[3, 2]), ("bias", F32, &[3])]);
    assert!(text.starts_with("type Net = net![Dense<2, 3>];\nweights::load(&mut net, \"net\", Names::list(&[\"\"]))?;"), "{text}");
    let text = folder.says(&[("1.weight", F32, &[3, 2]), ("1.bias", F32, &[3])]);
    assert!(text.contains("Names::list(&[\"1\"])"), "{text}");
    assert!(text.ends_with("Before layer `1` is a module without weights."), "{text}");
}

#[test]
fn why_no_network_fits() {
    let folder = Folder::new();
    let says = |tensors: &[(&str, Dtype, &[usize])], reason: &str| {
        assert_eq!(folder.says(tensors), format!("No net![..] fits: {reason}."));
    };
    says(&[], "the file has no tensors");
    says(
        &[("0.weight", F32, &[16, 3, 3, 3]), ("0.bias", F32, &[16])],
        "tensor `0.weight` has shape [16, 3, 3, 3], as a convolution has, but a dense layer needs [outputs, inputs]",
    );
    says(
        &[("0.weight", F32, &[16]), ("0.bias", F32, &[16])],
        "tensor `0.weight` has shape [16], as a normalisation has, but a dense layer needs [outputs, inputs]",
    );
    says(
        &[("0.weight", F32, &[4, 3])],
        "tensor `0.bias` is missing, but a dense layer needs it, with shape [4]",
    );
    says(&[("0.bias", F32, &[4])], "tensor `0.weight` is missing, but a dense layer needs it");
    says(
        &[("0.weight", F32, &[4, 3]), ("0.bias", F32, &[3])],
        "tensor `0.bias` has shape [3], but `0.weight` asks for [4]",
    );
    says(
        &[("0.weight", I64, &[4, 3]), ("0.bias", F32, &[4])],
        "tensor `0.weight` has type I64, but F64, F32, F16 or BF16 is needed",
    );
    says(
        &[("0.weight", F32, &[4, 3]), ("0.bias", F32, &[4]), ("0.scale", F32, &[4])],
        "tensor `0.scale` is neither a `weight` nor a `bias`, which are what a dense layer has",
    );
    let two: &[(&str, Dtype, &[usize])] = &[
        ("0.weight", F32, &[4, 3]),
        ("0.bias", F32, &[4]),
        ("2.weight", F32, &[2, 5]),
        ("2.bias", F32, &[2]),
    ];
    says(two, "layer `0` gives 4 numbers, but `2`, which comes next, takes 5");
    let named = ["a.weight", "a.bias", "b.weight", "b.bias"];
    let named: Vec<_> =
        named.iter().zip(two).map(|(&name, &(_, dtype, shape))| (name, dtype, shape)).collect();
    says(&named, "the layers fit in no order");
    says(
        &[
            ("a.weight", F32, &[4, 3]),
            ("a.bias", F32, &[4]),
            ("b.weight", F32, &[4, 4]),
            ("b.bias", F32, &[4]),
            ("c.weight", F32, &[3, 3]),
            ("c.bias", F32, &[3]),
            ("d.weight", F32, &[3, 3]),
            ("d.bias", F32, &[3]),
        ],
        "the layers fit in more than one order",
    );

    folder.says(&[("0.weight", F32, &[1, 1]), ("0.bias", F32, &[1])]);
    let mut bytes = fs::read(folder.path()).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(folder.path(), bytes).unwrap();
    assert_eq!(
        folder.read(),
        "No net![..] fits: tensor `0.weight` has NaN or an infinity as number 0, but weights are finite."
    );
}

#[test]
fn what_is_no_file_of_weights_is_refused() {
    let help = inspect(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("Usage: inspect FILE"));
    assert_eq!(refused(&[]), "error: a safetensors file is expected, see --help");
    assert_eq!(refused(&["--bogus"]), "error: invalid option '--bogus'");
    assert_eq!(refused(&["a", "b"]), "error: unexpected argument \"b\"");
    assert_eq!(refused(&["missing"]), "error: missing: No such file or directory (os error 2)");
    assert_eq!(
        refused(&["Cargo.toml"]),
        "error: Cargo.toml: the file says that its header has 7306916034288644187 bytes, but a safetensors header has at most 100000000"
    );
    let folder = Folder::new();
    let right = fs::read("examples/data/digits.safetensors").unwrap();
    fs::write(folder.path(), &right[..2000]).unwrap();
    assert!(refused(&[&folder.path()]).contains(" but the file has "));
}
