use self::Formula::{Abs, Add, Div, ExpM1, Max, Min, Mul, NormalCdf, Number, S};
use crate::Float;
use crate::activation::{
    Activation, Elu, GELU_CUBE, Gelu, GeluTanh, HARD_SIGMOID_WIDTH, HardSigmoid, HardTanh,
    Identity, LEAKY_SLOPE, LeakyRelu, Relu, SELU_ALPHA, SELU_SCALE, SQRT_2_PI, Selu, Sigmoid, Silu,
    Softmax, Softplus, Softsign, Tanh,
};

/// An activation that can be exported: all of the crate's, and one of your own with its formula.
///
/// ```
/// use constgrad::export::{self, ExportActivation, Formula::*, Operator};
/// use constgrad::{Dense, Elementwise, Float, FromInput, Init};
///
/// /// f(s) = s e^(−s²), f′(s) = (1 − 2s²) e^(−s²).
/// struct Wavelet;
///
/// impl Elementwise for Wavelet {
///     const INIT: Init = Init::XavierUniform;
///     type Derivative = FromInput;
///
///     fn apply<T: Float>(s: T) -> T {
///         s * (-s * s).exp()
///     }
///     fn derivative<T: Float>(s: T) -> T {
///         (T::ONE - (s + s) * s) * (-s * s).exp()
///     }
/// }
///
/// impl ExportActivation for Wavelet {
///     const PATH: &'static str = "crate::Wavelet";
///     const OPERATOR: Operator = Operator::Each(Mul(&S, &Exp(&Neg(&Mul(&S, &S)))));
/// }
///
/// let layer: Dense<1, 1, Wavelet> = Dense::new([[1.0]], [0.0]);
/// let mut header = String::new();
/// export::c_header(&layer, "wave", &mut header)?;
/// assert!(header.contains("y[o] = s * expf(-(s * s));"));
/// # Ok::<(), export::ExportError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the activation `{Self}` cannot be exported",
    label = "no formula",
    note = "an activation of your own implements `constgrad::export::ExportActivation`"
)]
pub trait ExportActivation: Activation {
    /// Where Rust finds the type: `"crate::Wavelet"`.
    const PATH: &'static str;
    /// What it computes: the same as [`Activation::apply`].
    const OPERATOR: Operator;
    /// The operator of ONNX that is the same for `f32`.
    #[doc(hidden)]
    const ONNX: Option<OnnxOperator> = None;
}

/// What an activation does to the pre-activations s of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operator {
    /// f(sᵢ), for each number.
    Each(Formula),
    /// eˢⁱ / Σⱼ eˢʲ.
    Softmax,
}

/// A function of one number s, as data: what [`Float`] has, and its parts.
///
/// Its parts are references, which a constant may take of its own parts:
/// `Mul(&S, &Sigmoid(&S))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Formula {
    /// s.
    S,
    /// A constant, rounded to the network's type of numbers.
    Number(f64),
    /// −x.
    Neg(&'static Formula),
    /// |x|.
    Abs(&'static Formula),
    /// √x.
    Sqrt(&'static Formula),
    /// eˣ.
    Exp(&'static Formula),
    /// eˣ − 1.
    ExpM1(&'static Formula),
    /// The natural logarithm of x.
    Ln(&'static Formula),
    /// ln(1 + x).
    Ln1p(&'static Formula),
    /// ln(1 + eˣ).
    Softplus(&'static Formula),
    /// The hyperbolic tangent of x.
    Tanh(&'static Formula),
    /// 1 / (1 + e⁻ˣ).
    Sigmoid(&'static Formula),
    /// Φ(x), the standard normal distribution function.
    NormalCdf(&'static Formula),
    /// a + b.
    Add(&'static Formula, &'static Formula),
    /// a − b.
    Sub(&'static Formula, &'static Formula),
    /// a b.
    Mul(&'static Formula, &'static Formula),
    /// a / b.
    Div(&'static Formula, &'static Formula),
    /// The larger of the two; NaN if a is NaN.
    Max(&'static Formula, &'static Formula),
    /// The smaller of the two; NaN if a is NaN.
    Min(&'static Formula, &'static Formula),
}

impl Formula {
    /// Its value at s: for a test that it is what the activation computes.
    ///
    /// ```
    /// use constgrad::export::Formula::*;
    ///
    /// assert_eq!(Max(&S, &Number(0.0)).at(-3.0_f32), 0.0);
    /// ```
    pub fn at<T: Float>(&self, s: T) -> T {
        match self {
            Formula::S => s,
            Formula::Number(number) => T::from_f64(*number),
            Formula::Neg(x) => -x.at(s),
            Formula::Abs(x) => x.at(s).abs(),
            Formula::Sqrt(x) => x.at(s).sqrt(),
            Formula::Exp(x) => x.at(s).exp(),
            Formula::ExpM1(x) => x.at(s).exp_m1(),
            Formula::Ln(x) => x.at(s).ln(),
            Formula::Ln1p(x) => x.at(s).ln_1p(),
            Formula::Softplus(x) => x.at(s).softplus(),
            Formula::Tanh(x) => x.at(s).tanh(),
            Formula::Sigmoid(x) => x.at(s).sigmoid(),
            Formula::NormalCdf(x) => x.at(s).normal_cdf(),
            Formula::Add(a, b) => a.at(s) + b.at(s),
            Formula::Sub(a, b) => a.at(s) - b.at(s),
            Formula::Mul(a, b) => a.at(s) * b.at(s),
            Formula::Div(a, b) => a.at(s) / b.at(s),
            Formula::Max(a, b) => a.at(s).at_least(b.at(s)),
            Formula::Min(a, b) => a.at(s).at_most(b.at(s)),
        }
    }

    /// Its parts.
    pub(super) fn parts(&self) -> [Option<&'static Formula>; 2] {
        match *self {
            Formula::S | Formula::Number(_) => [None, None],
            Formula::Neg(x)
            | Formula::Abs(x)
            | Formula::Sqrt(x)
            | Formula::Exp(x)
            | Formula::ExpM1(x)
            | Formula::Ln(x)
            | Formula::Ln1p(x)
            | Formula::Softplus(x)
            | Formula::Tanh(x)
            | Formula::Sigmoid(x)
            | Formula::NormalCdf(x) => [Some(x), None],
            Formula::Add(a, b)
            | Formula::Sub(a, b)
            | Formula::Mul(a, b)
            | Formula::Div(a, b)
            | Formula::Max(a, b)
            | Formula::Min(a, b) => [Some(a), Some(b)],
        }
    }

    /// Whether it or one of its parts is such.
    pub(super) fn any(&self, is: &dyn Fn(&Formula) -> bool) -> bool {
        is(self) || self.parts().into_iter().flatten().any(|part| part.any(is))
    }
}

/// An operator of ONNX with its attributes.
#[derive(Clone, Copy)]
pub struct OnnxOperator {
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "ONNX alone asks for it"))]
    pub(super) name: &'static str,
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "ONNX alone asks for it"))]
    pub(super) attributes: &'static [(&'static str, f64)],
}

const ZERO: Formula = Formula::Number(0.0);
const HALF: Formula = Formula::Number(0.5);
const ONE: Formula = Formula::Number(1.0);
/// s above 0, and 0 below.
const RISE: Formula = Max(&S, &ZERO);
/// s below 0, and 0 above.
const FALL: Formula = Min(&S, &ZERO);

/// Declares what the crate's activations compute: the formula, and the operator of ONNX if it has
/// attributes or is no part of a formula.
macro_rules! formulas {
    ($($name:ident $($onnx:literal ($($attribute:ident = $value:expr),*))?: $operator:expr;)*) => {
        $(impl ExportActivation for $name {
            const PATH: &'static str = concat!("constgrad::", stringify!($name));
            const OPERATOR: Operator = $operator;
            $(const ONNX: Option<OnnxOperator> = Some(OnnxOperator {
                name: $onnx,
                attributes: &[$((stringify!($attribute), $value)),*],
            });)?
        })*

        /// The crate's activations, in the order of their names.
        pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

formulas! {
    Elu "Elu" (alpha = 1.0): Operator::Each(Add(&RISE, &ExpM1(&FALL)));
    Gelu: Operator::Each(Mul(&S, &NormalCdf(&S)));
    // ½ (1 + tanh u) = σ(2u)
    GeluTanh: Operator::Each(Mul(
        &S,
        &Formula::Sigmoid(&Mul(
            &Mul(&Number(2.0 * SQRT_2_PI), &S),
            &Add(&ONE, &Mul(&Number(GELU_CUBE), &Mul(&S, &S))),
        )),
    ));
    HardSigmoid "HardSigmoid" (alpha = 1.0 / HARD_SIGMOID_WIDTH, beta = 0.5):
        Operator::Each(Min(&Max(&Add(&Div(&S, &Number(HARD_SIGMOID_WIDTH)), &HALF), &ZERO), &ONE));
    HardTanh: Operator::Each(Min(&Max(&S, &Number(-1.0)), &ONE));
    Identity: Operator::Each(S);
    LeakyRelu "LeakyRelu" (alpha = LEAKY_SLOPE):
        Operator::Each(Max(&S, &Mul(&Number(LEAKY_SLOPE), &S)));
    Relu: Operator::Each(RISE);
    Selu "Selu" (gamma = SELU_SCALE, alpha = SELU_ALPHA): Operator::Each(Mul(
        &Number(SELU_SCALE),
        &Add(&RISE, &Mul(&Number(SELU_ALPHA), &ExpM1(&FALL))),
    ));
    Sigmoid: Operator::Each(Formula::Sigmoid(&S));
    Silu: Operator::Each(Mul(&S, &Formula::Sigmoid(&S)));
    Softmax: Operator::Softmax;
    Softplus: Operator::Each(Formula::Softplus(&S));
    Softsign "Softsign" (): Operator::Each(Div(&S, &Add(&ONE, &Abs(&S))));
    Tanh: Operator::Each(Formula::Tanh(&S));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Formulas are allowed a few roundings more than the functions that they describe.
    fn check<A: ExportActivation>() {
        let Operator::Each(formula) = A::OPERATOR else { panic!("{} is no formula", A::PATH) };
        for step in -3000..=3000 {
            let s = f64::from(step) / 150.0;
            let mut expected = [s];
            A::apply(&mut expected);
            let (found, [expected]) = (formula.at(s), expected);
            let error = (found - expected).abs();
            assert!(
                error <= 1e-15 * expected.abs().max(1e-3),
                "{}: f({s}) = {found}, not {expected}",
                A::PATH
            );
        }
        let mut nan = [f32::NAN];
        A::apply(&mut nan);
        assert!(nan[0].is_nan() && formula.at(f32::NAN).is_nan(), "{}: NaN is lost", A::PATH);
    }

    #[test]
    fn formulas_are_what_the_activations_compute() {
        check::<Elu>();
        check::<Gelu>();
        check::<GeluTanh>();
        check::<HardSigmoid>();
        check::<HardTanh>();
        check::<Identity>();
        check::<LeakyRelu>();
        check::<Relu>();
        check::<Selu>();
        check::<Sigmoid>();
        check::<Silu>();
        check::<Softplus>();
        check::<Softsign>();
        check::<Tanh>();
    }
}
