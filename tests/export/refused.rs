//! What is not exported, and what the error says.

use constgrad::export::{self, ExportActivation, Formula, S};
use constgrad::prelude::*;
use constgrad::{Activation, Dense, Elementwise, Float, FromOutput, Init, Relu, net};

type Net = net![Dense<2, 3, Relu>, Dense<3, 1>];

/// The errors, and that nothing was written.
#[track_caller]
fn rust(net: &Net, name: &str) -> String {
    let mut out = String::new();
    let error = export::rust(net, name, &mut out).unwrap_err();
    assert_eq!(out, "");
    error.to_string()
}

#[track_caller]
fn c(net: &Net, name: &str) -> String {
    let mut out = String::new();
    let error = export::c_header(net, name, &mut out).unwrap_err();
    assert_eq!(out, "");
    error.to_string()
}

#[test]
fn names_must_be_names() {
    let net = Net::ZERO;
    for name in ["", "net", "4Net", "My Net", "My_Net", "Größe", "Self", "Dense", "Relu", "N;"] {
        let error = rust(&net, name);
        assert_eq!(
            error,
            format!(
                "the name `{name}` found, that of a type expected: an upper-case letter, then letters and digits, and none of what the file imports"
            )
        );
    }
    // An activation that the network has not is no import.
    export::rust(&net, "Tanh", &mut String::new()).unwrap();

    for name in ["", "4net", "my net", "my-net", "größe", "_net", "net;", "net*/"] {
        let error = c(&net, name);
        assert_eq!(
            error,
            format!(
                "the name `{name}` found, one of C expected: an ASCII letter, then letters, digits and underscores"
            )
        );
    }
}

#[test]
fn numbers_must_be_finite() {
    let mut net = Net::ZERO;
    *net.0.weight_mut(2, 1).unwrap() = f32::NAN;
    let expected = "NaN or an infinity found as number 5 of weight of Dense<2, 3, Relu>, finite numbers expected";
    assert_eq!(rust(&net, "Net"), expected);
    assert_eq!(c(&net, "net"), expected);

    let mut net = Net::ZERO;
    net.1.bias_mut()[0] = f32::INFINITY;
    let expected =
        "NaN or an infinity found as number 0 of bias of Dense<3, 1>, finite numbers expected";
    assert_eq!(rust(&net, "Net"), expected);
    assert_eq!(c(&net, "net"), expected);

    #[cfg(feature = "onnx")]
    {
        let mut out = Vec::new();
        let error = export::onnx(&net, &mut out).unwrap_err();
        assert_eq!((error.kind(), out), (std::io::ErrorKind::InvalidInput, Vec::new()));
        assert_eq!(error.to_string(), expected);
    }
}

macro_rules! activation {
    ($name:ident, $formula:expr) => {
        enum $name {}
        impl Elementwise for $name {
            const INIT: Init = Init::HeUniform;
            type Derivative = FromOutput;
            fn apply<T: Float>(s: T) -> T {
                s
            }
            fn derivative<T: Float>(_: T) -> T {
                T::ONE
            }
        }
        impl ExportActivation for $name {
            const PATH: &'static str = concat!("crate::", stringify!($name));
            const FORMULA: Formula = $formula;
        }
    };
}
activation!(Large, S.plus(&Formula::number(1e300)));
activation!(Constant, Formula::number(1.0).exp());

#[test]
fn formulas_must_be_functions_of_finite_numbers() {
    fn refused<A: ExportActivation + Activation>() -> String {
        let layer = Dense::<1, 1, A>::ZERO;
        export::c_header(&layer, "net", &mut String::new()).unwrap_err().to_string()
    }
    let expected = "a function of s with finite numbers expected";
    assert_eq!(
        refused::<Large>(),
        format!("a number that is not finite found in the formula of `crate::Large`, {expected}")
    );
    assert_eq!(
        refused::<Constant>(),
        format!("no s found in the formula of `crate::Constant`, {expected}")
    );
    let double = Dense::<1, 1, Large, f64>::ZERO;
    export::c_header(&double, "net", &mut String::new()).unwrap();
}

#[test]
fn c_has_no_empty_arrays() {
    let empty = Dense::<0, 2, Relu>::ZERO;
    let error = export::c_header(&empty, "net", &mut String::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Dense<0, 2, Relu> found, at least one input and one output expected: C has no empty arrays"
    );
    export::rust(&empty, "Net", &mut String::new()).unwrap();
}
