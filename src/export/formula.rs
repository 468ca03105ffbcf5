use crate::Float;
use crate::activation::{
    Activation, Elu, GELU_CUBE, Gelu, GeluTanh, HARD_SIGMOID_WIDTH, HardSigmoid, HardTanh,
    Identity, LEAKY_SLOPE, LeakyRelu, Relu, SELU_ALPHA, SELU_SCALE, SQRT_2_PI, Selu, Sigmoid, Silu,
    Softmax, Softplus, Softsign, Tanh,
};

/// An activation that can be exported: all of the crate's, and one of your own with its formula.
///
/// ```
/// use constgrad::export::{self, ExportActivation, Formula, S};
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
///     const FORMULA: Formula = S.times(&S.times(&S).negative().exp());
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
    /// What it computes of each number, as [`apply`](Activation::apply) does.
    const FORMULA: Formula;
    /// Whether it is none of each number, but the softmax of all of them.
    #[doc(hidden)]
    const SOFTMAX: bool = false;
    /// The operator of ONNX that is the same for `f32`.
    #[doc(hidden)]
    const ONNX: Option<OnnxOperator> = None;
}

/// A function of one number s, as data: what [`Float`] has, put together in a constant.
///
/// ```
/// use constgrad::export::{Formula, S};
///
/// const SILU: Formula = S.times(&S.sigmoid()); // s σ(s)
/// assert_eq!(SILU.at(0.0_f32), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Formula(Part);

/// The formula s, which others begin with.
pub const S: Formula = Formula(Part::S);

impl Formula {
    /// A constant, rounded to the network's type of numbers.
    pub const fn number(number: f64) -> Self {
        Formula(Part::Number(number))
    }

    /// −x.
    pub const fn negative(&'static self) -> Self {
        Formula(Part::Neg(&self.0))
    }

    /// |x|.
    pub const fn abs(&'static self) -> Self {
        Formula(Part::Abs(&self.0))
    }

    /// √x.
    pub const fn sqrt(&'static self) -> Self {
        Formula(Part::Sqrt(&self.0))
    }

    /// eˣ.
    pub const fn exp(&'static self) -> Self {
        Formula(Part::Exp(&self.0))
    }

    /// eˣ − 1.
    pub const fn exp_m1(&'static self) -> Self {
        Formula(Part::ExpM1(&self.0))
    }

    /// The natural logarithm of x.
    pub const fn ln(&'static self) -> Self {
        Formula(Part::Ln(&self.0))
    }

    /// ln(1 + x).
    pub const fn ln_1p(&'static self) -> Self {
        Formula(Part::Ln1p(&self.0))
    }

    /// ln(1 + eˣ).
    pub const fn softplus(&'static self) -> Self {
        Formula(Part::Softplus(&self.0))
    }

    /// The hyperbolic tangent of x.
    pub const fn tanh(&'static self) -> Self {
        Formula(Part::Tanh(&self.0))
    }

    /// 1 / (1 + e⁻ˣ).
    pub const fn sigmoid(&'static self) -> Self {
        Formula(Part::Sigmoid(&self.0))
    }

    /// Φ(x), the standard normal distribution function.
    pub const fn normal_cdf(&'static self) -> Self {
        Formula(Part::NormalCdf(&self.0))
    }

    /// x + y.
    pub const fn plus(&'static self, y: &'static Self) -> Self {
        Formula(Part::Add(&self.0, &y.0))
    }

    /// x − y.
    pub const fn minus(&'static self, y: &'static Self) -> Self {
        Formula(Part::Sub(&self.0, &y.0))
    }

    /// x y.
    pub const fn times(&'static self, y: &'static Self) -> Self {
        Formula(Part::Mul(&self.0, &y.0))
    }

    /// x / y.
    pub const fn over(&'static self, y: &'static Self) -> Self {
        Formula(Part::Div(&self.0, &y.0))
    }

    /// The larger of x and y; NaN if x is NaN.
    pub const fn at_least(&'static self, y: &'static Self) -> Self {
        Formula(Part::Max(&self.0, &y.0))
    }

    /// The smaller of x and y; NaN if x is NaN.
    pub const fn at_most(&'static self, y: &'static Self) -> Self {
        Formula(Part::Min(&self.0, &y.0))
    }

    /// Its value at s: for a test that it is what the activation computes.
    pub fn at<T: Float>(&self, s: T) -> T {
        self.0.at(s)
    }
}

/// What an activation does to the pre-activations s of a layer.
///
/// These names are not public: the compiler writes the path of a public type, for example of
/// [`Tanh`], where another public name is the same.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Each(Part),
    Softmax,
}

impl Operator {
    pub(super) fn of<A: ExportActivation>() -> Self {
        if A::SOFTMAX { Operator::Softmax } else { Operator::Each(A::FORMULA.0) }
    }
}

/// A formula, or a part of one. NaN in the first operand of the last two stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    S,
    Number(f64),
    Neg(&'static Part),
    Abs(&'static Part),
    Sqrt(&'static Part),
    Exp(&'static Part),
    ExpM1(&'static Part),
    Ln(&'static Part),
    Ln1p(&'static Part),
    Softplus(&'static Part),
    Tanh(&'static Part),
    Sigmoid(&'static Part),
    NormalCdf(&'static Part),
    Add(&'static Part, &'static Part),
    Sub(&'static Part, &'static Part),
    Mul(&'static Part, &'static Part),
    Div(&'static Part, &'static Part),
    Max(&'static Part, &'static Part),
    Min(&'static Part, &'static Part),
}

impl Part {
    fn at<T: Float>(&self, s: T) -> T {
        match self {
            Part::S => s,
            Part::Number(number) => T::from_f64(*number),
            Part::Neg(x) => -x.at(s),
            Part::Abs(x) => x.at(s).abs(),
            Part::Sqrt(x) => x.at(s).sqrt(),
            Part::Exp(x) => x.at(s).exp(),
            Part::ExpM1(x) => x.at(s).exp_m1(),
            Part::Ln(x) => x.at(s).ln(),
            Part::Ln1p(x) => x.at(s).ln_1p(),
            Part::Softplus(x) => x.at(s).softplus(),
            Part::Tanh(x) => x.at(s).tanh(),
            Part::Sigmoid(x) => x.at(s).sigmoid(),
            Part::NormalCdf(x) => x.at(s).normal_cdf(),
            Part::Add(a, b) => a.at(s) + b.at(s),
            Part::Sub(a, b) => a.at(s) - b.at(s),
            Part::Mul(a, b) => a.at(s) * b.at(s),
            Part::Div(a, b) => a.at(s) / b.at(s),
            Part::Max(a, b) => a.at(s).at_least(b.at(s)),
            Part::Min(a, b) => a.at(s).at_most(b.at(s)),
        }
    }

    /// Its parts.
    pub(super) fn parts(&self) -> [Option<&'static Part>; 2] {
        match *self {
            Part::S | Part::Number(_) => [None, None],
            Part::Neg(x)
            | Part::Abs(x)
            | Part::Sqrt(x)
            | Part::Exp(x)
            | Part::ExpM1(x)
            | Part::Ln(x)
            | Part::Ln1p(x)
            | Part::Softplus(x)
            | Part::Tanh(x)
            | Part::Sigmoid(x)
            | Part::NormalCdf(x) => [Some(x), None],
            Part::Add(a, b)
            | Part::Sub(a, b)
            | Part::Mul(a, b)
            | Part::Div(a, b)
            | Part::Max(a, b)
            | Part::Min(a, b) => [Some(a), Some(b)],
        }
    }

    /// Whether it or one of its parts is such.
    pub(super) fn any(&self, is: &dyn Fn(&Part) -> bool) -> bool {
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

const ZERO: Formula = Formula::number(0.0);
const HALF: Formula = Formula::number(0.5);
const ONE: Formula = Formula::number(1.0);
/// s above 0, and 0 below.
const RISE: Formula = S.at_least(&ZERO);
/// s below 0, and 0 above.
const FALL: Formula = S.at_most(&ZERO);

/// Declares what the crate's activations compute: the operator of ONNX if it has attributes or is
/// no part of a formula, and the formula.
macro_rules! formulas {
    ($($name:ident $($onnx:literal ($($attribute:ident = $value:expr),*))?: $formula:expr;)*) => {
        $(impl ExportActivation for $name {
            const PATH: &'static str = concat!("constgrad::", stringify!($name));
            const FORMULA: Formula = $formula;
            $(const ONNX: Option<OnnxOperator> = Some(OnnxOperator {
                name: $onnx,
                attributes: &[$((stringify!($attribute), $value)),*],
            });)?
        })*
    };
}

formulas! {
    Elu "Elu" (alpha = 1.0): RISE.plus(&FALL.exp_m1());
    Gelu: S.times(&S.normal_cdf());
    // ½ (1 + tanh u) = σ(2u)
    GeluTanh: S.times(
        &Formula::number(2.0 * SQRT_2_PI)
            .times(&S)
            .times(&ONE.plus(&Formula::number(GELU_CUBE).times(&S.times(&S))))
            .sigmoid()
    );
    HardSigmoid "HardSigmoid" (alpha = 1.0 / HARD_SIGMOID_WIDTH, beta = 0.5):
        S.over(&Formula::number(HARD_SIGMOID_WIDTH)).plus(&HALF).at_least(&ZERO).at_most(&ONE);
    HardTanh: S.at_least(&Formula::number(-1.0)).at_most(&ONE);
    Identity: S;
    LeakyRelu "LeakyRelu" (alpha = LEAKY_SLOPE):
        S.at_least(&Formula::number(LEAKY_SLOPE).times(&S));
    Relu: RISE;
    Selu "Selu" (gamma = SELU_SCALE, alpha = SELU_ALPHA): Formula::number(SELU_SCALE)
        .times(&RISE.plus(&Formula::number(SELU_ALPHA).times(&FALL.exp_m1())));
    Sigmoid: S.sigmoid();
    Silu: S.times(&S.sigmoid());
    Softplus: S.softplus();
    Softsign "Softsign" (): S.over(&ONE.plus(&S.abs()));
    Tanh: S.tanh();
}

impl ExportActivation for Softmax {
    const PATH: &'static str = "constgrad::Softmax";
    /// Before it is divided by the sum.
    const FORMULA: Formula = S.exp();
    const SOFTMAX: bool = true;
}

/// The paths of the crate's activations, in the order of the alphabet.
pub(super) const PATHS: &[&str] = &[
    Elu::PATH,
    Gelu::PATH,
    GeluTanh::PATH,
    HardSigmoid::PATH,
    HardTanh::PATH,
    Identity::PATH,
    LeakyRelu::PATH,
    Relu::PATH,
    Selu::PATH,
    Sigmoid::PATH,
    Silu::PATH,
    Softmax::PATH,
    Softplus::PATH,
    Softsign::PATH,
    Tanh::PATH,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Formulas are allowed a few roundings more than the functions that they describe.
    fn check<A: ExportActivation>() {
        let formula = A::FORMULA;
        for step in -3000..=3000 {
            let s = f64::from(step) / 150.0;
            let mut expected = [s];
            A::apply(&mut expected);
            let (found, [expected]) = (formula.at(s), expected);
            let error = (found - expected).abs();
            assert!(
                error <= 1e-15 * expected.abs().max(1.0),
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
