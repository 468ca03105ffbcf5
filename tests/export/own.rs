// Activations of a user's own, for the tests and for the programs that these compile.

use constgrad::export::{ExportActivation, Formula, Formula::*, Operator};
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
    const OPERATOR: Operator = Operator::Each(Mul(&S, &Tanh(&Softplus(&S))));
}

/// A function that has every part that a formula can have.
#[derive(Debug)]
pub enum Parts {}

const PARTS: Formula = Mul(&Number(0.2), &SUM); // so that two layers do not magnify roundings
const SUM: Formula = Sub(
    &Sub(&S, &Sub(&Number(-0.25), &Neg(&Neg(&Tanh(&S))))),
    &Div(
        &Ln(&Add(&Exp(&Min(&S, &Number(3.0))), &Sqrt(&Add(&Number(1.0), &Abs(&S))))),
        &Mul(
            &Max(&Sub(&Ln1p(&Abs(&S)), &S), &Number(1.5)),
            &Add(
                &Sigmoid(&S),
                &Add(&NormalCdf(&S), &Exp(&Neg(&Abs(&ExpM1(&Min(&S, &Number(1.0))))))),
            ),
        ),
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
    const OPERATOR: Operator = Operator::Each(PARTS);
}
