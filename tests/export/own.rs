// Activations of a user's own, for the tests and for the programs that these compile.

use constgrad::export::{ExportActivation, Formula, S};
use constgrad::{Elementwise, Float, FromInput, Init};

/// f(s) = s tanh(ln(1 + eˢ)).
#[derive(Debug)]
pub enum Mish {}

impl Elementwise for Mish {
    const INIT: Init = Init::HeUniform;
    type Derivative = FromInput;

    fn apply<T: Float>(s: T) -> T {
        s * s.softplus().tanh()
    }
    fn derivative<T: Float>(s: T) -> T {
        let t = s.softplus().tanh();
        t + s * s.sigmoid() * (T::ONE - t * t)
    }
}

impl ExportActivation for Mish {
    const PATH: &'static str = "crate::own::Mish";
    const FORMULA: Formula = S.times(&S.softplus().tanh());
}

/// A function that has every part that a formula can have.
#[derive(Debug)]
pub enum Parts {}

// A fifth, so that two layers do not magnify roundings.
const PARTS: Formula =
    Formula::number(0.2).times(
        &S.minus(&Formula::number(-0.25).minus(&S.tanh().negative().negative())).minus(
            &S.at_most(&Formula::number(3.0))
                .exp()
                .plus(&S.abs().plus(&Formula::number(1.0)).sqrt())
                .ln()
                .over(&S.abs().ln_1p().minus(&S).at_least(&Formula::number(1.5)).times(
                    &S.sigmoid().plus(
                        &S.normal_cdf().plus(
                            &S.at_most(&Formula::number(1.0)).exp_m1().abs().negative().exp(),
                        ),
                    ),
                )),
        ),
    );

impl Elementwise for Parts {
    const INIT: Init = Init::HeUniform;
    type Derivative = FromInput;

    fn apply<T: Float>(s: T) -> T {
        PARTS.at(s)
    }
    fn derivative<T: Float>(_: T) -> T {
        T::NAN
    }
}

impl ExportActivation for Parts {
    const PATH: &'static str = "crate::own::Parts";
    const FORMULA: Formula = PARTS;
}
