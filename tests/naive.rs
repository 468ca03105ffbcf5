//! The fast paths against triple loops, for sizes 1 to 70 and batches 1 to 9.
//!
//! Sums differ in their order and in fused roundings, so results agree to a few units in the last
//! place of the sum of magnitudes, which bounds every partial sum.

use constgrad::prelude::*;
use constgrad::{Dense, Tape, Visitor};
use proptest::prelude::*;

type Rows = Vec<Vec<f32>>;

/// A dense layer's W[out][in] and b, a batch x and its δ, and what the layer makes of them, by
/// definition.
struct Naive {
    w: Rows,
    b: Vec<f32>,
    x: Rows,
    d: Rows,
    size: String,
}

/// What the crate makes of the same: outputs of each way to predict, and derivatives.
struct Found {
    forward: Rows,
    predict: Rows,
    /// Of batches of several lengths: x again and again.
    predict_batch: [Rows; 4],
    dx: Rows,
    dw: Rows,
    db: Vec<f32>,
    /// Added to W and b.
    dw_added: Rows,
    db_added: Vec<f32>,
}

impl Naive {
    /// s = W h + b, and the sum of the magnitudes added.
    fn affine(&self, x: &[f32]) -> Vec<(f64, f64)> {
        let rows = self.w.iter().zip(&self.b);
        rows.map(|(row, &b)| sum_of_products(b, row.iter().zip(x))).collect()
    }

    /// g = Wᵀ δ, and the sum of the magnitudes added.
    fn transposed(&self, d: &[f32]) -> Vec<(f64, f64)> {
        let column = |i| self.w.iter().map(move |row| &row[i]);
        (0..self.x[0].len()).map(|i| sum_of_products(0.0, column(i).zip(d))).collect()
    }

    /// ∂J/∂W = Σ δ xᵀ at (o, i), added to a number, and the sum of the magnitudes added.
    fn outer(&self, to: f32, o: usize, i: usize) -> (f64, f64) {
        sum_of_products(to, self.x.iter().map(|x| &x[i]).zip(self.d.iter().map(|d| &d[o])))
    }

    /// ∂J/∂b = Σ δ at o, added to a number, and the sum of the magnitudes added.
    fn sum(&self, to: f32, o: usize) -> (f64, f64) {
        sum_of_products(to, self.d.iter().map(|d| (&d[o], &1.0)))
    }

    fn assert_close(&self, what: &str, found: &[f32], expected: &[(f64, f64)]) {
        assert_eq!(found.len(), expected.len());
        for (&found, &expected) in found.iter().zip(expected) {
            assert_close(found, expected, what, &self.size);
        }
    }

    fn check(&self, found: &Found) {
        for (n, (x, d)) in self.x.iter().zip(&self.d).enumerate() {
            let y = self.affine(x);
            self.assert_close("forward", &found.forward[n], &y);
            self.assert_close("predict", &found.predict[n], &y);
            for batch in &found.predict_batch {
                for row in batch.iter().skip(n).step_by(self.x.len()) {
                    self.assert_close("predict_batch", row, &y);
                }
            }
            self.assert_close("input gradient", &found.dx[n], &self.transposed(d));
        }
        for (o, row) in self.w.iter().enumerate() {
            for (i, &w) in row.iter().enumerate() {
                let (dw, added) = (found.dw[o][i], found.dw_added[o][i]);
                assert_close(dw, self.outer(0.0, o, i), "weight gradient", &self.size);
                assert_close(added, self.outer(w, o, i), "accumulated weight gradient", &self.size);
            }
            let (db, added) = (found.db[o], found.db_added[o]);
            assert_close(db, self.sum(0.0, o), "bias gradient", &self.size);
            assert_close(added, self.sum(self.b[o], o), "accumulated bias gradient", &self.size);
        }
    }
}

/// Σ a b added to a number, and the sum of the magnitudes added.
fn sum_of_products<'a>(to: f32, factors: impl Iterator<Item = (&'a f32, &'a f32)>) -> (f64, f64) {
    let to = f64::from(to);
    let products = factors.map(|(&a, &b)| f64::from(a) * f64::from(b));
    products.fold((to, to.abs()), |(sum, size), p| (sum + p, size + p.abs()))
}

#[track_caller]
fn assert_close(found: f32, (expected, magnitude): (f64, f64), what: &str, size: &str) {
    let allowed = 8.0 * f64::from(f32::EPSILON) * magnitude + f64::from(f32::MIN_POSITIVE);
    let error = (f64::from(found) - expected).abs();
    assert!(error <= allowed, "{what}, {size}: {found} found, {expected} expected");
}

/// Sets every parameter from a source of numbers.
struct Fill<'a>(&'a mut dyn FnMut() -> f32);

impl Visitor<0> for Fill<'_> {
    fn tensor<T: constgrad::Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
        parameters.fill_with(|| T::from_f64(f64::from((self.0)())));
    }
}

fn rows(numbers: &[f32], len: usize) -> Rows {
    numbers.chunks(len).map(<[f32]>::to_vec).collect()
}

fn weights(outputs: usize, inputs: usize, weight: &dyn Fn(usize, usize) -> f32) -> Rows {
    (0..outputs).map(|o| (0..inputs).map(|i| weight(o, i)).collect()).collect()
}

/// Checks one layer type on one batch of numbers, in every way the crate computes it. Only that is
/// done here, which is compiled for each size; what needs none is in [`Naive`].
#[inline(never)]
fn check<const IN: usize, const OUT: usize, const B: usize>(numbers: &[f32]) {
    let mut numbers = numbers.iter().copied().cycle();
    let mut next = || numbers.next().expect("there are numbers");
    let next: &mut dyn FnMut() -> f32 = &mut next;
    let mut layer = Box::new(Dense::<IN, OUT>::ZERO);
    constgrad::Layer::visit(&mut *layer, [], &mut Fill(&mut *next));
    let (mut x, mut d) = (Box::new([[0.0; IN]; B]), Box::new([[0.0; OUT]; B]));
    x.as_flattened_mut().fill_with(&mut *next);
    d.as_flattened_mut().fill_with(&mut *next);

    let mut tape = Box::new(Tape::<Dense<IN, OUT>, B>::ZERO);
    let forward = rows(tape.forward(&layer, &x).as_flattened(), OUT);
    let predict = x.iter().map(|x| layer.predict(x).to_vec()).collect();
    // Less than a block of predict_batch, a block and a few samples more, or nearly two.
    let many: Vec<_> = x.iter().copied().cycle().take(32).collect();
    let mut batch = [[f32::NAN; OUT]; 32];
    let predict_batch = [B, 16 - B, 16 + B, 32 - B].map(|count| {
        batch.as_flattened_mut().fill(f32::NAN);
        layer.predict_batch(&many[..count], &mut batch[..count]).unwrap();
        rows(batch[..count].as_flattened(), OUT)
    });

    let mut gradient = layer.clone(); // not zero: it must be overwritten
    let mut dx = Box::new([[f32::NAN; IN]; B]);
    tape.backward_to_input(&layer, &x, &d, &mut gradient, &mut dx);
    // Added to what is there: the sum goes on from it.
    let mut sum = layer.clone();
    tape.accumulate(&layer, &x, &d, &mut sum);

    let naive = Naive {
        w: layer.rows().map(|row| row.copied().collect()).collect(),
        b: layer.bias().to_vec(),
        x: rows(x.as_flattened(), IN),
        d: rows(d.as_flattened(), OUT),
        size: format!("{IN} -> {OUT}, batch {B}"),
    };
    naive.check(&Found {
        forward,
        predict,
        predict_batch,
        dx: rows(dx.as_flattened(), IN),
        dw: weights(OUT, IN, &|o, i| *gradient.weight(o, i).unwrap()),
        db: gradient.bias().to_vec(),
        dw_added: weights(OUT, IN, &|o, i| *sum.weight(o, i).unwrap()),
        db_added: sum.bias().to_vec(),
    });
}

/// If a level is asked for, it is the one that the other tests are of.
#[cfg(feature = "std")]
#[test]
fn the_level_that_is_asked_for_runs() {
    if let Ok(asked) = std::env::var("CONSTGRAD_LEVEL") {
        assert_eq!(constgrad::Level::current().to_string(), asked, "what runs, what is asked for");
    }
}

/// A function that checks sizes IN and OUT with batches.
macro_rules! sizes {
    ($name:ident: $($input:literal $output:literal $batch:literal,)*) => {
        fn $name(numbers: &[f32]) {
            $(check::<$input, $output, $batch>(numbers);)*
        }
    };
}

/// Sizes that together run through 1 to 70, with batches 1 to 9, and one larger than L1. Without
/// `std` the first lines are enough: the compiler has one width of vectors, and the same kernels.
fn check_all(numbers: &[f32]) {
    check_some(numbers);
    #[cfg(feature = "std")]
    check_more(numbers);
}

sizes! {
    check_some:
    1 1 1, 1 70 9, 70 1 9, 70 70 8, 16 16 4, 8 10 4, 64 32 5, 1 66 1, 2 67 2, 3 17 3, 4 19 4,
    5 61 5, 6 52 6, 7 53 7, 8 59 8, 9 26 9, 10 20 1, 11 45 2, 12 2 3, 13 43 4, 14 15 5, 15 3 6,
    16 70 7, 17 69 8, 18 55 9, 19 39 1, 20 13 2, 21 23 3, 22 30 4, 23 48 5, 24 21 6, 25 22 7,
    130 100 3,
}

#[cfg(feature = "std")]
sizes! {
    check_more:
    26 50 8, 27 54 9, 28 65 1, 29 10 2, 30 6 3, 31 28 4, 32 44 5, 33 34 6, 34 49 7, 35 36 8,
    36 51 9, 37 38 1, 38 42 2, 39 29 3, 40 41 4, 41 40 5, 42 9 6, 43 5 7, 44 62 8, 45 63 9,
    46 12 1, 47 18 2, 48 27 3, 49 14 4, 50 47 5, 51 1 6, 52 57 7, 53 37 8, 54 64 9, 55 35 1,
    56 25 2, 57 16 3, 58 56 4, 59 31 5, 60 24 6, 61 8 7, 62 11 8, 63 58 9, 64 7 1, 65 32 2,
    66 60 3, 67 4 4, 68 68 5, 69 46 6, 70 33 7,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_product_is_the_naive_one(
        numbers in prop::collection::vec(-2.0f32..2.0, 1000..1100)
    ) {
        check_all(&numbers);
    }

    #[test]
    fn numbers_of_very_different_size_too(
        numbers in prop::collection::vec((-1.0f32..1.0, -20..20).prop_map(|(m, e)| m * 2f32.powi(e)), 997)
    ) {
        check_all(&numbers);
    }
}
