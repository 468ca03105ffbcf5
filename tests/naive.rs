//! The fast paths against triple loops, for sizes 1 to 70 and batches 1 to 9.
//!
//! Sums differ in their order and in fused roundings, so results agree to a few units in the last
//! place of the sum of magnitudes, which bounds every partial sum.

use constgrad::prelude::*;
use constgrad::{Dense, Tape, Visitor};
use proptest::prelude::*;

/// W[out][in], b, and what a dense layer makes of x and δ, by definition.
struct Naive {
    w: Vec<Vec<f64>>,
    b: Vec<f64>,
}

impl Naive {
    fn of<const IN: usize, const OUT: usize>(layer: &Dense<IN, OUT>) -> Self {
        Naive {
            w: layer.rows().map(|row| row.map(|&w| f64::from(w)).collect()).collect(),
            b: layer.bias().map(f64::from).to_vec(),
        }
    }

    /// s = W h + b, and the sum of the magnitudes added.
    fn affine(&self, x: &[f32]) -> Vec<(f64, f64)> {
        let mut y = vec![(0.0, 0.0); self.b.len()];
        for (o, y) in y.iter_mut().enumerate() {
            *y = (self.b[o], self.b[o].abs());
            for (i, &x) in x.iter().enumerate() {
                y.0 += self.w[o][i] * f64::from(x);
                y.1 += (self.w[o][i] * f64::from(x)).abs();
            }
        }
        y
    }

    /// g = Wᵀ δ, and the sum of the magnitudes added.
    fn transposed(&self, d: &[f32], inputs: usize) -> Vec<(f64, f64)> {
        let mut g = vec![(0.0, 0.0); inputs];
        for (i, g) in g.iter_mut().enumerate() {
            for (o, &d) in d.iter().enumerate() {
                g.0 += self.w[o][i] * f64::from(d);
                g.1 += (self.w[o][i] * f64::from(d)).abs();
            }
        }
        g
    }
}

/// ∂J/∂W = Σ δ xᵀ at (o, i), and the sum of the magnitudes added.
fn outer(x: &[&[f32]], d: &[&[f32]], o: usize, i: usize) -> (f64, f64) {
    let products = x.iter().zip(d).map(|(x, d)| f64::from(x[i]) * f64::from(d[o]));
    products.fold((0.0, 0.0), |(sum, size), p| (sum + p, size + p.abs()))
}

#[track_caller]
fn assert_close(found: f32, (expected, magnitude): (f64, f64), what: &str) {
    let allowed = 8.0 * f64::from(f32::EPSILON) * magnitude + f64::from(f32::MIN_POSITIVE);
    let error = (f64::from(found) - expected).abs();
    assert!(error <= allowed, "{what}: {found} found, {expected} expected");
}

/// Sets every parameter from a source of numbers.
struct Fill<F>(F);

impl<F: FnMut() -> f32> Visitor<0> for Fill<F> {
    fn tensor<T: constgrad::Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
        parameters.fill_with(|| T::from_f64(f64::from((self.0)())));
    }
}

/// Checks one layer type on one batch of numbers, in every way the crate computes it.
fn check<const IN: usize, const OUT: usize, const B: usize>(numbers: &[f32]) {
    let mut numbers = numbers.iter().copied().cycle();
    let mut next = || numbers.next().expect("there are numbers");
    let mut layer = Box::new(Dense::<IN, OUT>::ZERO);
    constgrad::Layer::visit(&mut *layer, [], &mut Fill(&mut next));
    let x: Box<[[f32; IN]; B]> = Box::new([(); B].map(|()| [(); IN].map(|()| next())));
    let g: Box<[[f32; OUT]; B]> = Box::new([(); B].map(|()| [(); OUT].map(|()| next())));
    let naive = Naive::of(&layer);
    let size = format!("{IN} -> {OUT}, batch {B}");

    let mut tape = Box::new(Tape::<Dense<IN, OUT>, B>::ZERO);
    let y = *tape.forward(&layer, &x);
    // Less than a block of predict_batch, a block and a few samples more, or nearly two.
    let many: Vec<_> = x.iter().copied().cycle().take(32).collect();
    let batches = [B, 16 - B, 16 + B, 32 - B].map(|count| {
        let mut batch = vec![[f32::NAN; OUT]; count];
        layer.predict_batch(&many[..count], &mut batch).unwrap();
        batch
    });
    for n in 0..B {
        let single = layer.predict(&x[n]);
        for (o, &expected) in naive.affine(&x[n]).iter().enumerate() {
            assert_close(y[n][o], expected, &format!("forward, {size}"));
            assert_close(single[o], expected, &format!("predict, {size}"));
            for row in batches.iter().flat_map(|batch| batch.iter().skip(n).step_by(B)) {
                assert_close(row[o], expected, &format!("predict_batch, {size}"));
            }
        }
    }

    let mut gradient = layer.clone(); // not zero: it must be overwritten
    let mut dx = Box::new([[f32::NAN; IN]; B]);
    tape.backward_to_input(&layer, &x, &g, &mut gradient, &mut dx);
    for n in 0..B {
        for (i, &expected) in naive.transposed(&g[n], IN).iter().enumerate() {
            assert_close(dx[n][i], expected, &format!("input gradient, {size}"));
        }
    }
    let (rows, columns): (Vec<_>, Vec<_>) =
        x.iter().zip(g.iter()).map(|(x, g)| (x.as_slice(), g.as_slice())).unzip();
    for o in 0..OUT {
        for i in 0..IN {
            let expected = outer(&rows, &columns, o, i);
            let found = gradient.weight(o, i).unwrap();
            assert_close(*found, expected, &format!("weight gradient, {size}"));
        }
        let sum = g.iter().fold((0.0, 0.0), |(sum, size), g| {
            (sum + f64::from(g[o]), size + f64::from(g[o]).abs())
        });
        assert_close(gradient.bias()[o], sum, &format!("bias gradient, {size}"));
    }

    // Added to what is there: the sum goes on from it.
    let mut sum = layer.clone();
    tape.accumulate(&layer, &x, &g, &mut sum);
    for o in 0..OUT {
        for i in 0..IN {
            let expected = outer(&rows, &columns, o, i);
            let before = f64::from(*layer.weight(o, i).unwrap());
            let expected = (before + expected.0, before.abs() + expected.1);
            let found = *sum.weight(o, i).unwrap();
            assert_close(found, expected, &format!("accumulated weight gradient, {size}"));
        }
        let before = f64::from(layer.bias()[o]);
        let expected = g.iter().fold((before, before.abs()), |(sum, size), g| {
            (sum + f64::from(g[o]), size + f64::from(g[o]).abs())
        });
        assert_close(sum.bias()[o], expected, &format!("accumulated bias gradient, {size}"));
    }
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
