//! Data files, good and bad: what is read, and what an error says.
#![cfg(feature = "std")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use constgrad::data::{DataError, Place, read_csv, read_csv_classes, read_idx, read_idx_classes};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn file(&self, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("data");
        fs::write(&path, content).unwrap();
        path
    }
}

/// The message of an error without the folder in front of the file's name.
fn message<T: std::fmt::Debug>(result: Result<T, DataError>) -> String {
    let text = result.unwrap_err().to_string();
    let (_, text) = text.split_once("data: ").unwrap();
    text.to_string()
}

/// Three images of 2 × 2 bytes.
const IMAGES: &[u8] = &[
    0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, //
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255,
];
const LABELS: &[u8] = &[0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9];

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn idx_is_read_plain_and_gzipped() {
    let folder = Folder::new();
    for file in [IMAGES.to_vec(), gzipped(IMAGES)] {
        let images = read_idx::<4>(folder.file(file)).unwrap();
        assert_eq!(images, [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 255]]);
    }
    let labels = read_idx_classes::<10>(folder.file(LABELS)).unwrap();
    assert_eq!(labels.map_indices(), [7, 0, 9]);
}

trait Indices {
    fn map_indices(self) -> Vec<usize>;
}

impl<const N: usize> Indices for Vec<constgrad::Class<N>> {
    fn map_indices(self) -> Vec<usize> {
        self.into_iter().map(constgrad::Class::index).collect()
    }
}

#[test]
fn a_wrong_idx_is_an_error_that_says_where() {
    let folder = Folder::new();
    let images = |bytes: &[u8]| message(read_idx::<4>(folder.file(bytes)));
    let changed = |at: usize, byte: u8| {
        let mut bytes = IMAGES.to_vec();
        bytes[at] = byte;
        bytes
    };
    assert_eq!(images(b""), "byte 0: the end of the file found, an IDX header of 4 bytes expected");
    assert_eq!(
        images(b"PK\x03\x04"),
        "byte 0: 50 4b found, IDX, which begins with 00 00, expected"
    );
    assert_eq!(
        images(&changed(2, 0x0d)),
        "byte 2: element type 0x0d found, 0x08 (unsigned bytes) expected"
    );
    assert_eq!(images(&changed(3, 0)), "byte 3: 0 dimensions found, at least 1 expected");
    assert_eq!(images(&changed(11, 3)), "byte 8: 6 bytes an item found, 4 expected");
    assert_eq!(
        images(&IMAGES[..26]),
        "byte 24: the end of the file found, item 2 of 3, 4 bytes, expected"
    );
    assert_eq!(
        images(&changed(7, 2)),
        "byte 24: more data found, the end of the file after 2 items expected"
    );
    // A claim of 4 billion items allocates only what is there.
    assert_eq!(
        images(&changed(4, 255)),
        "byte 28: the end of the file found, item 3 of 4278190083, 4 bytes, expected"
    );
    let labels = message(read_idx_classes::<9>(folder.file(LABELS)));
    assert_eq!(labels, "byte 10: label 9 found, a label below 9 expected");

    // Packed, it is cut short, has a damaged block, or is not what its checksum is of.
    let packed = gzipped(IMAGES);
    let cut = images(&packed[..20]);
    assert!(cut.contains(": the end of the file found, "), "{cut}");
    let mut damaged = packed.clone();
    damaged[10] = 0xff;
    let damaged = images(&damaged);
    assert_eq!(damaged, "byte 0: damaged gzip data found, an IDX header of 4 bytes expected");
    let mut checksum = packed.clone();
    checksum[packed.len() - 8] ^= 1;
    let expected = "the end of the file after 3 items expected";
    assert_eq!(images(&checksum), format!("byte 28: damaged gzip data found, {expected}"));
    let missing = read_idx::<4>(folder.0.path().join("missing")).unwrap_err();
    assert!(missing.to_string().ends_with("missing: No such file or directory (os error 2)"));
    assert!(std::error::Error::source(&missing).is_some());
}

#[test]
fn csv_is_read_with_and_without_header() {
    let folder = Folder::new();
    for text in ["1,2.5\n-3e2, 4\n", "x,\"y\"\n1,2.5\r\n-3e2, 4", "\n1,2.5\n\n-3e2,4\n\n"] {
        let rows = read_csv::<f64, 2>(folder.file(text)).unwrap();
        assert_eq!(rows, [[1.0, 2.5], [-300.0, 4.0]], "{text:?}");
    }
    let (inputs, classes) = read_csv_classes::<f32, 2, 3>(folder.file("1,2,0\n3,4,2\n")).unwrap();
    assert_eq!((inputs, classes.map_indices()), (vec![[1.0, 2.0], [3.0, 4.0]], vec![0, 2]));
}

#[test]
fn a_wrong_csv_is_an_error_that_says_where() {
    let folder = Folder::new();
    let numbers = |text: &str| message(read_csv::<f32, 2>(folder.file(text)));
    assert_eq!(numbers("1,2\n3\n"), "line 2: 1 field found, 2 expected");
    assert_eq!(numbers("1,2\n3,4,5\n"), "line 2: 3 fields found, 2 expected");
    assert_eq!(numbers("a,b,c\n1,2\n"), "line 1: 3 fields found, 2 expected");
    assert_eq!(
        numbers("1,2\n\n3,four\n"),
        "line 3, field 2: `four` found, a finite number expected"
    );
    assert_eq!(numbers("1,2\nnan,4\n"), "line 2, field 1: `nan` found, a finite number expected");
    assert_eq!(numbers("1,2\n3,1e39\n"), "line 2, field 2: `1e39` found, a finite number expected");
    let bytes = message(read_csv::<f32, 2>(folder.file(b"1,2\n3,\xff\n")));
    assert_eq!(bytes, "line 2: bytes that are no UTF-8 found, text expected");

    let labels = |text: &str| message(read_csv_classes::<f32, 1, 3>(folder.file(text)));
    let expected = "found, a label, a whole number below 3, expected";
    assert_eq!(labels("1,2\n1,3\n"), format!("line 2, field 2: `3` {expected}"));
    assert_eq!(labels("1,2\n1,1.5\n"), format!("line 2, field 2: `1.5` {expected}"));
    assert_eq!(labels("1,-1\n"), format!("line 1, field 2: `-1` {expected}"));

    let error = read_csv::<f32, 2>(folder.file("1,2\n3\n")).unwrap_err();
    assert_eq!(error.place(), Place::Line(2));
    assert!(error.file().ends_with("data"));
}

proptest! {
    /// Whatever a file holds, reading it ends with data or with an error.
    #[test]
    fn no_file_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "[0-9,.a\n\"-]{0,60}",
        at in 0usize..40,
        byte: u8,
        end in 0..=IMAGES.len(),
    ) {
        let folder = Folder::new();
        let mut damaged = IMAGES.to_vec();
        if let Some(place) = damaged.get_mut(at) {
            *place = byte;
        }
        let cut = &IMAGES[..end];
        for content in [&bytes, &damaged, cut, &gzipped(cut), text.as_bytes()] {
            let path = folder.file(content);
            let _ = read_idx::<4>(&path);
            let _ = read_idx_classes::<10>(&path);
            let _ = read_csv::<f32, 3>(&path);
            let _ = read_csv_classes::<f32, 2, 10>(&path);
        }
    }

    #[test]
    fn idx_gives_back_what_was_written(items in prop::collection::vec(any::<[u8; 6]>(), 0..20)) {
        let folder = Folder::new();
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, items.len() as u8, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend(items.as_flattened());
        prop_assert_eq!(read_idx::<6>(folder.file(bytes)).unwrap(), items);
    }
}
