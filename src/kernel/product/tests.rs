//! Every kernel against loops by definition, for all sizes 1 to 70 and batches 1 to 9 and some that are
//! larger, on every machine that this processor is.
//!
//! With `CONSTGRAD_LEVEL` in the environment that level is tested alone, and a processor that lacks
//! it fails the test. Debug builds leave out most of the sizes. `CONSTGRAD_THIN=n`, for emulators,
//! leaves one of n, up to 9, so that every two of inputs, outputs and batch still meet.

use core::marker::PhantomData;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{array, env, vec};

use super::matrix::{Layout, Strided};
use super::transposed::Transposed;
use super::*;
use crate::Level;
use crate::kernel::machine::{Baseline, Plain};
use crate::kernel::panels;

const SIZES: usize = 70;
const BATCHES: usize = 9;
/// Samples that are a tile of 16, and a smaller one of each size behind it, or one that overlaps it.
const LARGE_BATCHES: [usize; 5] = [16 + 1, 16 + 2, 16 + 4, 16 + 8, 16 + 13];

/// Inputs, outputs and batches for which columns of δ are packed: whole panels and a rest, parts and a
/// rest, and just as many as it takes; and one with so many outputs that each sum is a single chain.
const LARGE: [(usize, usize, usize); 4] =
    [(200, 33, 40), (195, 48, 131), (192, 24, 32), (37, 130, 3)];

/// Numbers in front of and behind a result, which no kernel may touch.
const MARGIN: usize = 17;

/// Numbers that are the same for every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0 >> 33
    }

    /// Whole numbers from −8 to 8, whose products and sums are exact in `f32`.
    fn whole<T: Float>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| T::from_f64((self.next() % 17) as f64 - 8.0)).collect()
    }

    /// Numbers from −1 to 1 that round wherever they are added.
    fn fractions<T: Float>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| T::from_f64(self.next() as f64 / f64::from(1 << 30) - 1.0)).collect()
    }
}

/// One layer's numbers for one batch.
struct Problem<T> {
    inputs: usize,
    outputs: usize,
    batch: usize,
    w: Vec<T>,
    bias: Vec<T>,
    x: Vec<T>,
    ds: Vec<T>,
}

/// What the products of a [`Problem`] are.
#[derive(Clone, Debug, PartialEq)]
struct Results<T> {
    y: Vec<T>,
    singles: Vec<T>,
    /// Relu of the two.
    relus: [Vec<T>; 2],
    dw: Vec<T>,
    dw_added: Vec<T>,
    db: Vec<T>,
    dx: Vec<T>,
}

impl<T: Float> Problem<T> {
    fn new(
        (inputs, outputs, batch): (usize, usize, usize),
        mut numbers: impl FnMut(usize) -> Vec<T>,
    ) -> Self {
        let (w, bias) = (numbers(inputs * outputs), numbers(outputs));
        let (x, ds) = (numbers(batch * inputs), numbers(batch * outputs));
        Problem { inputs, outputs, batch, w, bias, x, ds }
    }

    /// By definition.
    fn by_loops(&self) -> Results<T> {
        let &Problem { inputs, outputs, batch, .. } = self;
        let mut y = vec![T::ZERO; batch * outputs];
        let mut dw = vec![T::ZERO; inputs * outputs];
        let mut db = vec![T::ZERO; outputs];
        let mut dx = vec![T::ZERO; batch * inputs];
        for n in 0..batch {
            for o in 0..outputs {
                let delta = self.ds[n * outputs + o];
                y[n * outputs + o] = self.bias[o];
                db[o] += delta;
                for i in 0..inputs {
                    y[n * outputs + o] += self.w[i * outputs + o] * self.x[n * inputs + i];
                    dw[i * outputs + o] += delta * self.x[n * inputs + i];
                    dx[n * inputs + i] += self.w[i * outputs + o] * delta;
                }
            }
        }
        let dw_added = dw.iter().zip(&self.w).map(|(&dw, &w)| dw + w).collect();
        let relu: Vec<T> = y.iter().map(|&y| y.relu()).collect();
        Results { singles: y.clone(), y, relus: [relu.clone(), relu], dw, dw_added, db, dx }
    }

    /// Where the weight `index` of `[inputs][outputs]` is in panels.
    fn place(&self, index: usize) -> usize {
        let sizes = (self.inputs, self.outputs);
        panels::place(sizes, (index / self.outputs, index % self.outputs), size_of::<T>())
    }

    /// By the kernels of a machine.
    fn on<X: Machine>(&self) -> Results<T> {
        let &Problem { inputs, outputs, batch, .. } = self;
        let mut w = vec![T::ZERO; inputs * outputs];
        for (index, &weight) in self.w.iter().enumerate() {
            w[self.place(index)] = weight;
        }
        let in_panels = Layout::panels::<T>(inputs, outputs);
        let in_rows = Layout::rows::<T>(outputs);
        let rows = |rows: &[T], row| Strided { first: rows.as_ptr(), row, col: 1 };
        let columns = |rows: &[T], col| Strided { first: rows.as_ptr(), row: 1, col };
        let relu_product =
            |left, right: &[T], right_layout, start, out_layout, (rows, depth, cols), relu| {
                let mut out = Guarded::new(rows * cols, T::ONE);
                if let Start::Out = start {
                    out.inner().copy_from_slice(&w);
                }
                X::run(Product {
                    left,
                    right: right.as_ptr(),
                    right_layout,
                    start,
                    out: out.inner().as_mut_ptr(),
                    out_layout,
                    rows,
                    depth,
                    cols,
                    relu,
                    claim: Claim::NONE,
                    borrowed: PhantomData,
                });
                out.checked()
            };
        let product = |left, right: &[T], right_layout, start, out_layout, sizes| {
            relu_product(left, right, right_layout, start, out_layout, sizes, false)
        };
        let ones = Strided { first: &T::ONE, row: 1, col: 0 };
        let affine = |relu| {
            let (x, sizes) = (rows(&self.x, inputs), (batch, inputs, outputs));
            let bias = Start::Row(self.bias.as_ptr());
            relu_product(x, &w, in_panels, bias, in_rows, sizes, relu)
        };
        let single = |x: &[T], relu| {
            let mut y = Guarded::new(outputs, T::ONE);
            X::run(Single {
                w: w.as_ptr(),
                bias: self.bias.as_ptr(),
                x: x.as_ptr(),
                y: y.inner().as_mut_ptr(),
                inputs,
                outputs,
                relu,
                borrowed: PhantomData,
            });
            y.checked()
        };
        let singles = |relu| self.x.chunks(inputs).flat_map(|x| single(x, relu)).collect();
        let relus = if has_relu::<X, T>() {
            [affine(true), singles(true)]
        } else {
            let relu = |y: Vec<T>| y.into_iter().map(T::relu).collect();
            [relu(affine(false)), relu(singles(false))]
        };
        let mut dx = Guarded::new(batch * inputs, T::ONE);
        let (ds, to) = (self.ds.as_ptr(), dx.inner().as_mut_ptr());
        X::run(Transposed::of(w.as_ptr(), ds, to, inputs, outputs, batch));
        let gradient = |start| {
            let sizes = (inputs, batch, outputs);
            let dw = product(columns(&self.x, inputs), &self.ds, in_rows, start, in_panels, sizes);
            (0..dw.len()).map(|index| dw[self.place(index)]).collect()
        };
        Results {
            y: affine(false),
            singles: singles(false),
            relus,
            dw: gradient(Start::Zero),
            dw_added: gradient(Start::Out),
            db: product(ones, &self.ds, in_rows, Start::Zero, in_rows, (1, batch, outputs)),
            dx: dx.checked(),
        }
    }
}

/// Calls `$check::<machine>(name)` for the machines to test.
macro_rules! on_each_machine {
    (|$X:ident, $name:ident| $check:expr) => {{
        macro_rules! on {
            ($machine:ty, $text:expr) => {{
                type $X = $machine;
                let $name: String = $text;
                $check
            }};
        }
        let asked: Option<Level> = env::var("CONSTGRAD_LEVEL")
            .ok()
            .map(|name| name.parse().expect("CONSTGRAD_LEVEL is a level"));
        if let Some(level) = asked {
            assert!(level.is_available(), "this processor lacks the level to be tested: {level}");
        }
        for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
            if asked.is_some_and(|asked| asked != level) {
                continue;
            }
            match level {
                Level::Baseline => {
                    on!(Baseline, level.to_string());
                    on!(Plain, "plain".to_string());
                }
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => on!(crate::kernel::machine::x86::Avx2, level.to_string()),
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => {
                    use crate::kernel::processor::tests::GAINS;

                    for gains in [false, true] {
                        GAINS.set(Some(gains));
                        let text = std::format!("{level}, gains by halves: {gains}");
                        on!(crate::kernel::machine::x86::Avx512, text);
                    }
                    GAINS.set(None);
                }
                #[cfg(not(target_arch = "x86_64"))]
                _ => unreachable!("not available"),
            }
        }
    }};
}

/// [`Problem::on`] for sizes that the compiler knows, as layers have them.
struct OfKnownSizes<'a, T, const IN: usize, const OUT: usize, const B: usize>(&'a Problem<T>);

impl<T: Float, const IN: usize, const OUT: usize, const B: usize> Task
    for OfKnownSizes<'_, T, IN, OUT, B>
{
    type Output = Results<T>;

    #[inline(always)]
    fn run<X: Machine>(self) -> Results<T> {
        fn rows<T: Float, const N: usize, const B: usize>(numbers: &[T]) -> [[T; N]; B] {
            *numbers.as_chunks().0.as_array().expect("as many rows")
        }
        let problem = self.0;
        let w = Panels::from_columns(&rows::<T, OUT, IN>(&problem.w));
        let [bias] = rows(&problem.bias);
        let (x, ds) = (rows::<T, IN, B>(&problem.x), rows::<T, OUT, B>(&problem.ds));
        let (mut y, mut relu) = ([[T::NAN; OUT]; B], [[T::NAN; OUT]; B]);
        affine::<X, T, IN, OUT, B>(&w, &bias, &x, &mut y, false);
        affine::<X, T, IN, OUT, B>(&w, &bias, &x, &mut relu, has_relu::<X, T>());
        let singles = |relu| -> Vec<T> {
            let single = |x| {
                let mut y = [[T::NAN; OUT]];
                affine::<X, T, IN, OUT, 1>(&w, &bias, array::from_ref(x), &mut y, relu);
                y.as_flattened().to_vec()
            };
            x.iter().flat_map(single).collect()
        };
        let mut relus = [relu.as_flattened().to_vec(), singles(has_relu::<X, T>())];
        if !has_relu::<X, T>() {
            relus.iter_mut().flatten().for_each(|y| *y = y.relu());
        }
        let gradient = |store| {
            let mut dw = w.clone();
            outer::<X, T, IN, OUT, B>(&x, &ds, &mut dw, store, Claim::NONE);
            (0..IN * OUT)
                .map(|index| *dw.get(index % OUT, index / OUT).expect("a weight"))
                .collect()
        };
        let (mut db, mut dx) = ([T::NAN; OUT], [[T::NAN; IN]; B]);
        sum_rows::<X, T, OUT, B>(&ds, &mut db, Store::Overwrite);
        transposed::<X, T, IN, OUT, B>(&w, &ds, &mut dx);
        Results {
            y: y.as_flattened().to_vec(),
            singles: singles(false),
            relus,
            dw: gradient(Store::Overwrite),
            dw_added: gradient(Store::Add),
            db: db.to_vec(),
            dx: dx.as_flattened().to_vec(),
        }
    }
}

/// Products of known inputs, outputs and batches.
macro_rules! known_sizes_are_exact {
    ($T:ident: $($input:literal $output:literal $batch:literal,)*) => {
        let mut numbers = Numbers(3);
        $(
            let problem = Problem::<$T>::new(($input, $output, $batch), |len| numbers.whole(len));
            let expected = problem.by_loops();
            on_each_machine!(|X, name| {
                let found = X::run(OfKnownSizes::<$T, $input, $output, $batch>(&problem));
                let size = ($input, $output, $batch);
                assert!(
                    found == expected,
                    "{name}, inputs, outputs, batch {size:?}: {found:?} instead of {expected:?}"
                );
            });
        )*
    };
}

/// Those that are inlined, those that are one block of columns, and others.
#[test]
fn known_sizes_are_exact_in_f32() {
    known_sizes_are_exact! { f32:
        3 5 2, 5 33 1,
        70 1 9, 33 4 6, 33 7 5, 33 8 5, 33 15 4, 33 16 3, 40 24 2, 41 32 9, 12 48 17, 16 65 16, 31 17 9,
        9 5 2, 7 12 2, 7 13 2, 7 29 2, 12 12 2, 15 30 2, 15 15 3, 63 31 2,
    }
}

/// Fewer, since their code is that of `f32`.
#[test]
fn known_sizes_are_exact_in_f64() {
    known_sizes_are_exact! { f64: 9 7 2, 5 33 1, 70 1 9, 33 4 6, 33 7 5, 33 8 5, 33 16 3, 12 24 17, 31 17 9, }
}

/// A result with a margin before and behind.
struct Guarded<T> {
    all: Vec<T>,
    mark: T,
}

impl<T: Float> Guarded<T> {
    fn new(len: usize, mark: T) -> Self {
        let mut all = vec![mark; len + 2 * MARGIN];
        // A kernel that leaves a number out leaves a NaN.
        all[MARGIN..MARGIN + len].fill(T::NAN);
        Guarded { all, mark }
    }

    fn inner(&mut self) -> &mut [T] {
        let end = self.all.len() - MARGIN;
        &mut self.all[MARGIN..end]
    }

    /// The result, if the margins are untouched.
    fn checked(mut self) -> Vec<T> {
        let end = self.all.len() - MARGIN;
        let untouched = self.all[..MARGIN].iter().chain(&self.all[end..]).all(|&x| x == self.mark);
        assert!(untouched, "a kernel wrote beside its result");
        self.inner().to_vec()
    }
}

/// All sizes, and the large ones; in debug builds, where they would take minutes, those about the vectors'
/// lengths.
fn sizes() -> Vec<(usize, usize, usize)> {
    let kept = |size: &usize| !cfg!(debug_assertions) || [1, 3, 16, 17, 31, 70].contains(size);
    let kept: Vec<usize> = (1..=SIZES).filter(kept).collect();
    let thin = env::var("CONSTGRAD_THIN").map_or(1, |thin| thin.parse().expect("a number"));
    assert!((1..=BATCHES).contains(&thin), "with CONSTGRAD_THIN above {BATCHES} some never meet");
    let mut sizes = Vec::new();
    for &inputs in &kept {
        for &outputs in &kept {
            let large = LARGE_BATCHES[(inputs + outputs) % LARGE_BATCHES.len()];
            for batch in (1..=BATCHES).chain([large]) {
                if (inputs + outputs + batch) % thin == 0 {
                    sizes.push((inputs, outputs, batch));
                }
            }
        }
    }
    sizes.extend(LARGE);
    sizes
}

fn whole_numbers_are_exact<T: Float>() {
    let mut numbers = Numbers(1);
    for size in sizes() {
        let problem = Problem::<T>::new(size, |len| numbers.whole(len));
        let expected = problem.by_loops();
        on_each_machine!(|X, name| {
            let found = problem.on::<X>();
            assert!(
                found == expected,
                "{name}, inputs, outputs, batch {size:?}: {found:?} instead of {expected:?}"
            );
        });
    }
}

#[test]
fn whole_numbers_are_exact_in_f32() {
    whole_numbers_are_exact::<f32>();
}

#[test]
fn whole_numbers_are_exact_in_f64() {
    whole_numbers_are_exact::<f64>();
}

/// Machines that round alike give the same bits, however long their vectors are, and those that
/// round once differ from those that round twice by no more than rounding.
#[test]
fn bits_depend_on_fused_multiply_add_alone() {
    let mut numbers = Numbers(2);
    for size in sizes() {
        let problem = Problem::<f32>::new(size, |len| numbers.fractions(len));
        let mut by_rounding: [Option<(String, Results<f32>)>; 2] = [None, None];
        on_each_machine!(|X, name| {
            let found = problem.on::<X>();
            let slot = &mut by_rounding[usize::from(X::FUSED)];
            match slot {
                None => *slot = Some((name, found)),
                Some((other, results)) => {
                    assert!(found == *results, "{name} and {other} differ for {size:?}");
                }
            }
        });
        if let [Some((_, twice)), Some((_, once))] = &by_rounding {
            let pairs = [
                (&twice.y, &once.y),
                (&twice.singles, &once.singles),
                (&twice.dw, &once.dw),
                (&twice.dx, &once.dx),
            ];
            for (twice, once) in pairs.iter().flat_map(|(a, b)| a.iter().zip(*b)) {
                let bound = 1e-6 * (SIZES as f32);
                assert!((twice - once).abs() <= bound, "{twice} and {once} for {size:?}");
            }
        }
    }
}
