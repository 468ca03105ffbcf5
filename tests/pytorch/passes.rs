//! Forward, loss and every derivative, for each activation and each loss.

use constgrad::prelude::*;
use constgrad::{
    Activation, BinaryCrossEntropy, Class, CrossEntropy, Dense, Huber, Loss, MeanAbsoluteError,
    MeanSquaredError, Tape, net,
};

use crate::activations;
use crate::reference::{Number, Reference, close, reference};

pub const BATCH: usize = 6;
type Net<Hidden, Output, T> = net![Dense<5, 7, Hidden, T>, Dense<7, 4, Output, T>];

/// The network and the inputs of a test.
pub fn network<Hidden, Output, T: Number>(
    test: Reference,
) -> (Net<Hidden, Output, T>, [[T; 5]; BATCH]) {
    let [w1, b1, w2, b2]: [Reference; 4] =
        test.at("weights").entries().collect::<Vec<_>>().try_into().ok().unwrap();
    let first = Dense::new(w1.matrix(), b1.vector());
    let second = Dense::new(w2.matrix(), b2.vector());
    ((first, second), test.at("x").matrix())
}

/// W and b of both layers, or derivatives by them, against PyTorch's.
pub fn parameters_close<Hidden, Output, T: Number>(
    what: &str,
    (first, second): &Net<Hidden, Output, T>,
    theirs: Reference,
) {
    let ours = [
        ("W1", first.rows().flatten().collect()),
        ("b1", first.bias().iter().collect()),
        ("W2", second.rows().flatten().collect()),
        ("b2", second.bias().iter().collect::<Vec<_>>()),
    ];
    for ((name, ours), theirs) in ours.into_iter().zip(theirs.entries()) {
        close(&format!("{what}, {name}"), ours, theirs);
    }
}

pub fn classes<const B: usize>(indices: Reference) -> [Class<4>; B] {
    indices.vector().map(|index: f64| Class::new(index as usize).unwrap())
}

fn all_losses<Act: Activation, T: Number>(activation: &str) {
    let numbers = |targets: Reference| targets.matrix();
    one_loss::<Act, T, _>(activation, "MeanSquaredError", MeanSquaredError, numbers);
    one_loss::<Act, T, _>(activation, "MeanAbsoluteError", MeanAbsoluteError, numbers);
    one_loss::<Act, T, _>(activation, "Huber(1)", Huber::default(), numbers);
    one_loss::<Act, T, _>(activation, "Huber(0.3)", Huber::new(0.3), numbers);
    one_loss::<Act, T, _>(activation, "CrossEntropy", CrossEntropy::new(), classes);
    let smooth = CrossEntropy::new().label_smoothing(0.1);
    one_loss::<Act, T, _>(activation, "CrossEntropy(0.1)", smooth, classes);
    one_loss::<Act, T, _>(activation, "BinaryCrossEntropy", BinaryCrossEntropy, numbers);
}

fn one_loss<Act: Activation, T: Number, L: Loss<[T; 4], Scalar = T>>(
    activation: &str,
    name: &str,
    loss: L,
    targets: impl Fn(Reference) -> [L::Target; BATCH],
) {
    let what = format!("{activation}, {name}");
    let test = reference("passes").at(activation).at(name);
    let theirs = test.at(T::NAME);
    let (net, x) = network::<Act, Act, T>(test);
    let mut outputs = [[T::ZERO; 4]; BATCH];
    net.predict_batch(&x, &mut outputs).unwrap();
    close(&format!("{what}, predictions"), outputs.as_flattened(), theirs.at("y"));

    let mut tape = Tape::<_, BATCH>::ZERO;
    let y = tape.forward(&net, &x);
    close(&format!("{what}, y"), y.as_flattened(), theirs.at("y"));

    let share = T::from_f64(1.0 / BATCH as f64);
    let mut g = [[T::ZERO; 4]; BATCH];
    let mut sum = T::ZERO;
    for ((y, g), target) in y.iter().zip(&mut g).zip(&targets(test.at("targets"))) {
        sum += loss.gradient(y, target, share, g);
    }
    close(&format!("{what}, loss"), &[sum * share], theirs.at("loss"));

    let mut gradient = Net::<Act, Act, T>::ZERO;
    let mut dx = [[T::ZERO; 5]; BATCH];
    tape.backward_to_input(&net, &x, &g, &mut gradient, &mut dx);
    parameters_close(&format!("{what}, gradient"), &gradient, theirs.at("parameters"));
    close(&format!("{what}, dx"), dx.as_flattened(), theirs.at("x"));
}

macro_rules! tests {
    ($($activation:ident)*) => {$(
        #[allow(non_snake_case)]
        mod $activation {
            #[test]
            fn f32() {
                super::all_losses::<constgrad::$activation, f32>(stringify!($activation));
            }
            #[test]
            fn f64() {
                super::all_losses::<constgrad::$activation, f64>(stringify!($activation));
            }
        }
    )*};
}
activations!(tests);
