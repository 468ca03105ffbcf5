//! The checks of the fuzz targets, over their corpus and over files that are changed at random.
//!
//! A debug build, which traps overflows, takes a tenth of the files; CI has both builds.

#[path = "../../fuzz/checks.rs"]
mod checks;
mod corpus;
mod mutations;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use checks::{Net, check_parse, check_read, fill, walk};
use constgrad::bake;
use constgrad::prelude::*;
use constgrad::weights::{self, Names};
use mutations::mutated;

const FILES: usize = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

thread_local! {
    /// How many allocations there were, and the bytes of the largest.
    static ALLOCATED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

struct Counting;

// SAFETY: every call is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (count, largest) = ALLOCATED.get();
        ALLOCATED.set((count + 1, largest.max(layout.size())));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `f` allocates: how often, and the bytes of the largest.
fn allocated(f: impl FnOnce()) -> (usize, usize) {
    ALLOCATED.set((0, 0));
    f();
    ALLOCATED.get()
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocated(|| drop(vec![0_u8; 70])), (1, 70));
}

/// Checks a file, and that it is read without allocating: whether it is accepted, and whether it is
/// read into the network.
fn check(file: &[u8], single: &mut Net<f32>, double: &mut Net<f64>) -> [bool; 2] {
    assert_eq!(allocated(|| walk(file)).0, 0, "a file is parsed with allocations");
    assert_eq!(allocated(|| fill(file, single, double)).0, 0, "a file is read with allocations");
    [check_parse(file), check_read(file)]
}

/// Checks files, each made by its number.
fn check_all(count: usize, file: impl Fn(usize) -> Vec<u8>) -> [usize; 2] {
    let (mut single, mut double) = (Net::ZERO, Net::ZERO);
    let mut accepted = [0; 2];
    for number in 0..count {
        let file = file(number);
        let checked = catch_unwind(AssertUnwindSafe(|| check(&file, &mut single, &mut double)));
        let checked = checked.unwrap_or_else(|_| {
            panic!("file {number}, of {} bytes: {}", file.len(), file.escape_ascii())
        });
        for (accepted, checked) in accepted.iter_mut().zip(checked) {
            *accepted += usize::from(checked);
        }
    }
    accepted
}

#[test]
fn the_corpus_is_read_or_refused_as_it_must_be() {
    let corpus = corpus::files();
    let [accepted, read] = check_all(corpus.len(), |number| corpus[number].clone());
    assert!(accepted >= 60 && read >= 15, "{accepted} accepted, {read} read");
    assert!(corpus.len() >= accepted + 80, "{accepted} of {} accepted", corpus.len());
}

#[test]
fn files_changed_at_random_are_read_or_refused_as_they_must_be() {
    let corpus = corpus::both();
    let [accepted, read] = check_all(FILES, |number| mutated(&corpus, number));
    // Enough of both kinds to mean something.
    let part = |count: usize| count as f64 / FILES as f64;
    println!("of {FILES} files {accepted} are accepted, and {read} are read into a network");
    assert!((0.05..0.6).contains(&part(accepted)), "{accepted} accepted");
    assert!((0.01..0.3).contains(&part(read)), "{read} read");
}

#[test]
fn loading_allocates_no_more_than_the_file() {
    let corpus = corpus::both();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut net = Net::<f32>::ZERO;
    for number in 0..1_000 {
        let file = mutated(&corpus, number);
        fs::write(&path, &file).unwrap();
        let (_, largest) = allocated(|| {
            // A network or an error: both are fine here.
            let _ = weights::load(&mut net, &path, Names::SEQUENTIAL);
        });
        // The path and the error are some bytes by themselves.
        assert!(largest <= file.len().max(256), "{largest}: {}", file.escape_ascii());
    }
}

/// What comes of a file: tensors, numbers and weights to the last bit, or what is said of it.
fn outcome(file: &[u8]) -> String {
    let tensors = weights::SafeTensors::parse(file).map(|file| {
        let tensor = |tensor: weights::TensorView<'_>| {
            let number = |index| tensor.number(index).map(f64::to_bits);
            (format!("{tensor:?}"), (0..tensor.len()).map(number).collect::<Vec<_>>())
        };
        file.iter().map(tensor).collect::<Vec<_>>()
    });
    let (mut single, mut double) = (Net::<f32>::ZERO, Net::<f64>::ZERO);
    let read = [
        weights::read(&mut single, file, Names::SEQUENTIAL),
        weights::read(&mut double, file, Names::SEQUENTIAL),
    ];
    format!("{tensors:?} {read:?} {single:?} {double:?}")
}

#[test]
fn a_file_means_the_same_wherever_it_begins() {
    for file in corpus::files() {
        let expected = outcome(&file);
        for offset in 0..8 {
            let mut room = vec![0xff; file.len() + 16];
            let start = room.as_ptr().align_offset(8) + offset;
            room[start..start + file.len()].copy_from_slice(&file);
            let moved = &room[start..start + file.len()];
            assert_eq!(moved.as_ptr().align_offset(8), (8 - offset) % 8);
            assert_eq!(outcome(moved), expected, "{}", file.escape_ascii());
        }
    }
}

/// Files of each type of number, as the compiler reads them: also for a big-endian processor, on
/// which CI has these tests too.
#[test]
fn what_the_compiler_reads_is_what_is_read() {
    macro_rules! check {
        ($($file:literal)*) => {$({
            let file = include_bytes!(concat!("../../fuzz/corpus/read/seed-", $file));
            assert!(check_read(file), $file);
            let single = bake!(Net<f32>, concat!("../../fuzz/corpus/read/seed-", $file));
            let double = bake!(Net<f64>, concat!("../../fuzz/corpus/read/seed-", $file));
            let (mut one, mut other) = (Net::<f32>::ZERO, Net::<f64>::ZERO);
            weights::read(&mut one, file, Names::SEQUENTIAL).unwrap();
            weights::read(&mut other, file, Names::SEQUENTIAL).unwrap();
            // Zeros with their signs.
            assert_eq!(format!("{single:?} {double:?}"), format!("{one:?} {other:?}"));
        })*};
    }
    check!("f64" "f32" "f16" "bf16" "mixed");
}
