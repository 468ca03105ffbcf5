//! Each loss by itself, sample by sample: ordinary outputs, the kinks, and logits of ±10⁴.

use constgrad::{
    BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError,
};

use crate::passes::classes;
use crate::reference::{Number, close, close_within, reference};

/// `smallest` is what PyTorch's derivatives may be off by however small they are: it writes 0 for
/// what is smaller than the smallest normal number.
fn each_sample<T: Number, L: Loss<[T; 4], Scalar = T>, const SAMPLES: usize>(
    name: &str,
    loss: L,
    kind: &str,
    targets: [L::Target; SAMPLES],
    smallest: f64,
) {
    let y: [[T; 4]; SAMPLES] = reference("samples").at(kind).at("y").matrix();
    let theirs = reference("samples").at(T::NAME).at(name).entries();
    for (sample, ((y, target), theirs)) in y.iter().zip(&targets).zip(theirs).enumerate() {
        let mut dy = [T::ZERO; 4];
        let value = loss.gradient(y, target, T::ONE, &mut dy);
        assert!(value == loss.loss(y, target));
        close(&format!("{name} of sample {sample}"), &[value], theirs.at("loss"));
        for (dy, theirs) in dy.into_iter().zip(theirs.at("dy").numbers()) {
            close_within(&format!("{name} of sample {sample}, dy"), dy, theirs, smallest);
        }
    }
}

fn all<T: Number>() {
    let numbers = || reference("samples").at("numbers").at("targets").matrix::<T, 3, 4>();
    each_sample("MeanSquaredError", MeanSquaredError, "numbers", numbers(), T::SMALLEST);
    each_sample("MeanAbsoluteError", MeanAbsoluteError, "numbers", numbers(), T::SMALLEST);
    each_sample("Huber(1)", Huber::default(), "numbers", numbers(), T::SMALLEST);
    each_sample("Huber(0.3)", Huber::new(0.3), "numbers", numbers(), T::SMALLEST);
    let labels = || classes::<20>(reference("samples").at("classes").at("targets"));
    each_sample::<T, _, _>("CrossEntropy", CrossEntropy::new(), "classes", labels(), T::SMALLEST);
    let smooth = CrossEntropy::new().label_smoothing(0.1);
    each_sample::<T, _, _>("CrossEntropy(0.1)", smooth, "classes", labels(), T::SMALLEST);
    let answers = reference("samples").at("probabilities").at("targets").matrix::<T, 6, 4>();
    // PyTorch takes the target from a probability near 1, which is rounded to ε.
    let epsilon = T::EPSILON;
    each_sample("BinaryCrossEntropy", BinaryCrossEntropy, "probabilities", answers, epsilon);
}

#[test]
fn f32() {
    all::<f32>();
}

#[test]
fn f64() {
    all::<f64>();
}
