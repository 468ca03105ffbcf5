//! Files written: what is in them, and what becomes of one that is there.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use constgrad::prelude::*;
use constgrad::weights::{self, Names};
use constgrad::{Dense, Gelu, Layer, Relu, Softmax, Tanh, net};
use safetensors::Dtype;

use crate::{Small, SmallOf, bits, drawn, f32s, file, read, small};

fn written<N: Layer>(net: &N, names: Names<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    weights::write(net, names, &mut bytes).unwrap();
    bytes
}

#[test]
fn what_is_written_is_read_bit_by_bit() {
    fn check<N: Layer>(names: Names<'_>) {
        let net: N = drawn(5);
        let bytes = written(&net, names);
        assert_eq!(bits(&read::<N>(&bytes, names)), bits(&net));
        // The data begins at a multiple of 8 bytes.
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
        assert_eq!(header % 8, 0);
    }
    check::<Small>(Names::SEQUENTIAL);
    check::<SmallOf<f64>>(Names::SEQUENTIAL);
    check::<SmallOf<f64>>(Names::prefix("\u{1}\u{8}\u{c}\n\r\t\"\\/ä😀."));
    check::<Small>(Names::list(&["a", ""]));
    check::<Dense<1, 1>>(Names::SEQUENTIAL);
    check::<((Dense<7, 3, Softmax, f64>, Dense<3, 9, Gelu, f64>), Dense<9, 2, Tanh, f64>)>(
        Names::SEQUENTIAL,
    );
}

#[test]
fn what_is_written_is_what_the_crate_writes() {
    assert_eq!(
        written(&read::<Small>(&file(&small()), Names::SEQUENTIAL), Names::SEQUENTIAL),
        file(&small())
    );

    // "10.bias" comes before "2.bias".
    type L = Dense<1, 1, Relu>;
    type Deep = net![L, L, L, L, L, L, L];
    let name =
        |module: usize, tensor: &str| -> &'static str { format!("{module}.{tensor}").leak() };
    let tensors: Vec<_> = (0..7)
        .flat_map(|layer| {
            let number = f32s(&[layer as f32 + 0.5]);
            [
                (name(2 * layer, "weight"), Dtype::F32, &[1, 1][..], number.clone()),
                (name(2 * layer, "bias"), Dtype::F32, &[1], number),
            ]
        })
        .collect();
    let net: Deep = read(&file(&tensors), Names::SEQUENTIAL);
    assert_eq!(written(&net, Names::SEQUENTIAL), file(&tensors));

    // Names that JSON escapes.
    let names = Names::list(&["\u{1}\u{8}\u{c}\n\r\t\"\\/ä😀\u{7f}"]);
    let escaped: Vec<_> = ["weight", "bias"]
        .into_iter()
        .zip([&[1, 1][..], &[1]])
        .map(|(tensor, shape)| {
            let name: &str = format!("\u{1}\u{8}\u{c}\n\r\t\"\\/ä😀\u{7f}.{tensor}").leak();
            (name, Dtype::F32, shape, f32s(&[2.0]))
        })
        .collect();
    let layer: L = read(&file(&escaped), names);
    assert_eq!(written(&layer, names), file(&escaped));
}

#[test]
fn the_crate_reads_what_is_written() {
    let net: SmallOf<f64> = drawn(2);
    let bytes = written(&net, Names::SEQUENTIAL);
    let theirs = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let weight = theirs.tensor("2.weight").unwrap();
    assert_eq!((weight.dtype(), weight.shape()), (Dtype::F64, &[2, 3][..]));
    let expected: Vec<u8> =
        net.1.rows().flatten().flat_map(|weight| weight.to_le_bytes()).collect();
    assert_eq!(weight.data(), expected);
}

/// The names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    files
}

#[test]
fn a_file_is_saved_replaced_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    for seed in [1, 2] {
        let net: Small = drawn(seed);
        weights::save(&net, &path, Names::SEQUENTIAL).unwrap();
        let mut loaded = Small::ZERO;
        weights::load(&mut loaded, &path, Names::SEQUENTIAL).unwrap();
        assert_eq!(bits(&loaded), bits(&net));
        assert_eq!(files(folder.path()), ["net.safetensors"]);
    }
}

#[test]
fn what_cannot_be_loaded_is_named_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut net: Small = drawn(1);
    let before = bits(&net);

    let error = weights::load(&mut net, &path, Names::SEQUENTIAL).unwrap_err();
    assert!(error.to_string().starts_with(&format!("{}: ", path.display())), "{error}");
    assert!(error.weights_error().is_none());

    fs::write(&path, "{}").unwrap();
    let error = weights::load(&mut net, &path, Names::SEQUENTIAL).unwrap_err();
    let expected =
        "the file has 2 bytes, but a safetensors file that begins like it needs at least 8";
    assert_eq!(error.to_string(), format!("{}: {expected}", path.display()));
    assert_eq!(error.weights_error().unwrap().to_string(), expected);
    assert_eq!(error.file(), path);
    assert_eq!(bits(&net), before);
}

#[test]
fn a_file_that_cannot_be_saved_leaves_the_old_one_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let net: Small = drawn(1);

    let path = folder.path().join("net.safetensors");
    fs::write(&path, "old").unwrap();
    let error = weights::save(&net, &path, Names::list(&["one"])).unwrap_err();
    let expected = "1 names found for the layers of a network of 2";
    assert_eq!(error.to_string(), format!("{}: {expected}", path.display()));
    assert_eq!(error.weights_error().unwrap().to_string(), expected);
    assert_eq!(fs::read(&path).unwrap(), b"old");

    // What cannot be read again is not written.
    let mut diverged: Small = drawn(1);
    *diverged.1.weight_mut(1, 0).unwrap() = f32::NAN;
    let error = weights::save(&diverged, &path, Names::SEQUENTIAL).unwrap_err();
    let expected = "tensor `2.weight` has NaN or an infinity as number 3, but Dense<3, 2, Tanh> needs finite numbers";
    assert_eq!(error.to_string(), format!("{}: {expected}", path.display()));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    let mut bytes = Vec::new();
    let error = weights::write(&diverged, Names::SEQUENTIAL, &mut bytes).unwrap_err();
    assert_eq!((error.kind(), bytes.len()), (ErrorKind::InvalidInput, 0));

    // The new file cannot take the place of a folder.
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(weights::save(&net, &taken, Names::SEQUENTIAL).is_err());

    assert!(weights::save(&net, folder.path().join("no/file"), Names::SEQUENTIAL).is_err());
    assert!(weights::save(&net, "/", Names::SEQUENTIAL).is_err());
    assert_eq!(files(folder.path()), ["net.safetensors", "taken"]);
    assert!(files(&taken).is_empty());
}

#[test]
fn who_reads_meanwhile_finds_the_old_file_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let nets: [Small; 2] = [drawn(1), drawn(2)];
    weights::save(&nets[0], &path, Names::SEQUENTIAL).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..200 {
                weights::save(&nets[turn % 2], &path, Names::SEQUENTIAL).unwrap();
            }
        });
        for _ in 0..200 {
            let mut net = Small::ZERO;
            weights::load(&mut net, &path, Names::SEQUENTIAL).unwrap();
            assert!(nets.iter().any(|one| bits(one) == bits(&net)));
        }
    });
    assert_eq!(files(folder.path()), ["net.safetensors"]);
}

#[test]
fn what_the_writer_says_is_handed_on() {
    /// Takes some bytes and fails then.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let net: Small = drawn(1);
    let length = written(&net, Names::SEQUENTIAL).len();
    for room in 0..length {
        let error = weights::write(&net, Names::SEQUENTIAL, Full(room)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{room}");
    }
    weights::write(&net, Names::SEQUENTIAL, Full(length)).unwrap();

    let error = weights::write(&net, Names::list(&[]), Full(length)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
