//! Each activation by itself, from −∞ to ∞: f(s) and f′(s).

use constgrad::prelude::*;
use constgrad::{Activation, Softmax};

use crate::activations;
use crate::reference::{Number, close, close_within, reference};

const POINTS: usize = 65;

/// Where PyTorch computes ∞ · 0 or ∞ / ∞, and constgrad gives the limit: the activation, s, f(s)
/// and f′(s).
const LIMITS: [(&str, f64, f64, f64); 8] = [
    ("Gelu", f64::NEG_INFINITY, 0.0, 0.0),
    ("Gelu", f64::INFINITY, f64::INFINITY, 1.0),
    ("GeluTanh", f64::NEG_INFINITY, 0.0, 0.0),
    ("GeluTanh", f64::INFINITY, f64::INFINITY, 1.0),
    ("Silu", f64::NEG_INFINITY, 0.0, 0.0),
    ("Silu", f64::INFINITY, f64::INFINITY, 1.0),
    ("Softsign", f64::NEG_INFINITY, -1.0, 0.0),
    ("Softsign", f64::INFINITY, 1.0, 0.0),
];

fn curve<Act: Activation, T: Number>(activation: &str) {
    let s: [T; POINTS] = reference("grid").vector();
    let theirs = reference("curves").at(activation).at(T::NAME);
    let mut applied = s;
    Act::apply(&mut applied);
    let (mut h, mut tape) = (s, Zero::ZERO);
    Act::forward(&mut h, &mut tape);
    let mut derivative = [T::ONE; POINTS];
    Act::backward(&h, &tape, &mut derivative);

    let theirs = theirs.at("h").numbers().into_iter().zip(theirs.at("derivative").numbers());
    let ours = applied.into_iter().zip(h).zip(derivative);
    for ((s, theirs), ((applied, h), derivative)) in s.into_iter().zip(theirs).zip(ours) {
        let what = format!("{activation} at {s}");
        if s.to_f64().is_nan() {
            assert!(
                theirs.0.is_nan() && h.to_f64().is_nan() && applied.to_f64().is_nan(),
                "{what}"
            );
            continue;
        }
        let limit = LIMITS.iter().find(|limit| (limit.0, limit.1) == (activation, s.to_f64()));
        let or_limit = |theirs: f64, limit: Option<f64>| {
            if theirs.is_nan() { limit.expect("a limit where PyTorch gives NaN") } else { theirs }
        };
        let expected = or_limit(theirs.0, limit.map(|limit| limit.2));
        let subnormal = T::TOLERANCE * T::SMALLEST;
        close_within(&what, applied, expected, subnormal);
        close_within(&what, h, expected, subnormal);
        // Where a derivative is computed from the output, and is small beside it, as in 1 - h², it
        // has the output's rounding.
        let expected = or_limit(theirs.1, limit.map(|limit| limit.3));
        close_within(&format!("{what}, derivative"), derivative, expected, 4.0 * T::EPSILON);
    }
}

macro_rules! tests {
    (Softmax $($activation:ident)*) => {$(
        #[allow(non_snake_case)]
        mod $activation {
            #[test]
            fn f32() {
                super::curve::<constgrad::$activation, f32>(stringify!($activation));
            }
            #[test]
            fn f64() {
                super::curve::<constgrad::$activation, f64>(stringify!($activation));
            }
        }
    )*};
}
activations!(tests);

fn softmax<T: Number>() {
    const ROWS: usize = 6;
    let theirs = reference("softmax");
    let mut h: [[T; 4]; ROWS] = theirs.at("s").matrix();
    let mut g: [[T; 4]; ROWS] = theirs.at("g").matrix();
    for (h, g) in h.iter_mut().zip(&mut g) {
        Softmax::forward(h, &mut ());
        Softmax::backward(h, &(), g);
    }
    let theirs = theirs.at(T::NAME);
    close("Softmax", h.as_flattened(), theirs.at("h"));
    close("Softmax, ds", g.as_flattened(), theirs.at("ds"));
}

#[test]
fn softmax_f32() {
    softmax::<f32>();
}

#[test]
fn softmax_f64() {
    softmax::<f64>();
}
