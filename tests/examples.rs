//! The examples, run as a user runs them, in release.
#![cfg(feature = "std")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn example(name: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--example", name, "--"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// What a successful run printed.
#[track_caller]
fn printed(name: &str, arguments: &[&str]) -> String {
    let output = example(name, arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{name} {arguments:?}: {errors}");
    assert_eq!(errors, "", "where there is no terminal there is no progress");
    String::from_utf8(output.stdout).unwrap()
}

/// The one line with which a run was refused.
#[track_caller]
fn refused(name: &str, arguments: &[&str]) -> String {
    let output = example(name, arguments);
    assert_eq!(output.status.code(), Some(2), "{name} {arguments:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors.trim_end().to_string()
}

/// The number that stands before `unit` on the last line that has it.
fn number_before(text: &str, unit: &str) -> f64 {
    let line = text.lines().rev().find(|line| line.contains(unit)).unwrap();
    let (before, _) = line.split_once(unit).unwrap();
    before.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn digits_learns_shows_and_writes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let text = printed("digits", &["--out", out]);
    for part in [
        "Dense<64, 32, Relu>",
        "Test accuracy: ",
        "true \\ predicted   0  1  2",
        ", read as ",
        "██",
        "Loss curve: ",
        "Weights: ",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let plot = fs::read_to_string(folder.path().join("loss.svg")).unwrap();
    assert!(plot.contains("<svg") && plot.matches("<polyline").count() >= 2);

    let weights = fs::read(folder.path().join("digits.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&weights).unwrap();
    for (name, shape) in
        [("0.weight", &[32, 64][..]), ("0.bias", &[32]), ("2.weight", &[10, 32]), ("2.bias", &[10])]
    {
        assert_eq!(tensors.tensor(name).unwrap().shape(), shape);
    }
    assert_eq!(text, printed("digits", &["--out", out]), "the same seed, the same result");
}

#[test]
fn digits_reads_well_whatever_the_seed() {
    let text = printed("digits", &["--seeds", "10"]);
    let (mean, lowest) = text.lines().last().unwrap().split_once(',').unwrap();
    assert!(number_before(mean, " %") >= 97.5, "{text}");
    assert!(number_before(lowest, " %") >= 95.0, "{text}");
}

#[test]
fn digits_says_what_is_wrong() {
    assert!(printed("digits", &["--help"]).contains("Usage: digits"));
    assert_eq!(refused("digits", &["--bogus"]), "error: invalid option '--bogus'");
    let epochs = refused("digits", &["--epochs", "0"]);
    assert_eq!(epochs, "error: --epochs 0: number would be zero for non-zero type");
    let missing = refused("digits", &["--data", "missing.csv"]);
    assert_eq!(missing, "error: missing.csv: No such file or directory (os error 2)");

    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.csv");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/digits.csv");
    let text = fs::read_to_string(data).unwrap();
    fs::write(&damaged, &text[..20_000]).unwrap();
    let error = refused("digits", &["--data", damaged.to_str().unwrap()]);
    assert!(error.ends_with("damaged.csv: line 136: 52 fields found, 65 expected"), "{error}");
}

#[test]
fn xor_is_learned() {
    let text = printed("xor", &[]);
    for line in ["0 xor 0 = 0.00", "0 xor 1 = 1.00", "1 xor 0 = 1.00", "1 xor 1 = 0.00"] {
        assert!(text.replace("-0.00", "0.00").contains(line), "{text}");
    }
}

#[test]
fn sine_is_fitted_and_plotted() {
    let text = printed("sine", &[]);
    let (_, worst) = text.split_once("largest error on -4..4: ").unwrap();
    assert!(worst.lines().next().unwrap().parse::<f64>().unwrap() < 0.1, "{text}");
    let (_, plot) = text.split_once("Plot: ").unwrap();
    assert!(fs::read_to_string(plot.trim()).unwrap().contains("<svg"));
}

#[test]
fn a_custom_layer_learns() {
    let text = printed("custom_layer", &[]);
    assert!(text.contains("Scale<1>") && text.contains("Dense<1, 16, Wavelet>"), "{text}");
    let (_, loss) = text.trim_end().rsplit_once(' ').unwrap();
    assert!(loss.parse::<f64>().unwrap() < 1e-3, "{text}");
}

#[test]
fn budgets_are_printed() {
    let text = printed("budget", &[]);
    // Weights, gradient and two moments of 2,410 numbers, and the activations of 33 samples with
    // their derivatives; some more for settings and padding.
    let least = 4.0 * (4.0 * 2_410.0 + 33.0 * 2.0 * (32.0 + 10.0));
    let found = number_before(&text, " bytes");
    assert!((least..least + 512.0).contains(&found), "{text}");
}

/// Images of one bright row each: the row is the label.
fn write_idx(folder: &Path, set: &str, count: u32) {
    let mut images = vec![0, 0, 8, 3];
    images.extend([count, 28, 28].map(u32::to_be_bytes).as_flattened());
    let mut labels = vec![0, 0, 8, 1];
    labels.extend(count.to_be_bytes());
    for index in 0..count {
        let label = (index * 7 % 10) as u8;
        labels.push(label);
        images.extend((0..784).map(|pixel| 255 * u8::from(pixel / 28 == usize::from(label) + 9)));
    }
    fs::write(folder.join(format!("{set}-images-idx3-ubyte")), images).unwrap();
    fs::write(folder.join(format!("{set}-labels-idx1-ubyte")), labels).unwrap();
}

#[test]
fn mnist_trains_on_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let error = refused("mnist", &[path]);
    assert!(error.ends_with(": no t10k-images-idx3-ubyte found, nor with .gz"), "{error}");
    assert!(refused("mnist", &[]).starts_with("error: a folder with MNIST's files is expected"));

    write_idx(folder.path(), "t10k", 100);
    assert_eq!(refused("mnist", &[path]), "error: 100 images found, more than 8000 expected");
    write_idx(folder.path(), "train", 320);
    let out = folder.path().join("mnist.safetensors");
    let out = out.to_str().unwrap();
    let text = printed("mnist", &[path, "--seeds", "2", "--epochs", "8", "--out", out]);
    assert!(text.contains("320 images to train on, 100 to test"), "{text}");
    assert_eq!(number_before(&text, " %"), 100.0, "{text}");
    let weights = fs::read(out).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&weights).unwrap();
    assert_eq!(tensors.tensor("4.weight").unwrap().shape(), [10, 64]);
}
