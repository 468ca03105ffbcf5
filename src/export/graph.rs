//! What an export sees of a network: its layers, nested as they are, whatever their types.

use core::fmt;

use super::error::{ExportError, Problem};
use super::formula::{ExportActivation, OnnxOperator, Operator, Part};
use crate::tensors::Dtype;
use crate::{Dense, Float, Shape};

/// A network that can be exported: of [`Dense`] layers whose activations are
/// [`ExportActivation`]s. A layer of your own has no export.
#[diagnostic::on_unimplemented(
    message = "the layer `{Self}` cannot be exported",
    label = "no export",
    note = "networks of `Dense` layers can be exported"
)]
pub trait Export {
    /// It, or its halves.
    #[doc(hidden)]
    fn node(&self) -> Node<'_>;
}

/// A layer, or a pair of networks.
pub enum Node<'a> {
    Layer(DenseNode<'a>),
    Pair(&'a dyn Export, &'a dyn Export),
}

/// A dense layer.
pub struct DenseNode<'a> {
    /// Its type, for messages.
    pub(super) name: &'static str,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// The type of its numbers.
    pub(super) dtype: Dtype,
    pub(super) activation: ActivationInfo,
    numbers: &'a dyn Numbers,
}

/// The constants of an [`ExportActivation`].
#[derive(Clone, Copy)]
pub(super) struct ActivationInfo {
    pub(super) path: &'static str,
    pub(super) operator: Operator,
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "ONNX alone asks for it"))]
    pub(super) onnx: Option<OnnxOperator>,
}

/// A number as it is, which `{:?}` prints so that it reads back to the same bits.
#[derive(Clone, Copy)]
pub(super) enum Number {
    F32(f32),
    F64(f64),
}

impl<A: Export, B: Export> Export for (A, B) {
    fn node(&self) -> Node<'_> {
        Node::Pair(&self.0, &self.1)
    }
}

impl<const IN: usize, const OUT: usize, Act: ExportActivation, T: Float> Export
    for Dense<IN, OUT, Act, T>
{
    fn node(&self) -> Node<'_> {
        Node::Layer(DenseNode {
            name: Self::NAME,
            inputs: IN,
            outputs: OUT,
            dtype: Dtype::of::<T>(),
            activation: ActivationInfo {
                path: Act::PATH,
                operator: Operator::of::<Act>(),
                onnx: Act::ONNX,
            },
            numbers: self,
        })
    }
}

/// The numbers of a layer, exact.
trait Numbers {
    fn weight(&self, out: usize, input: usize) -> f64;
    fn bias(&self, out: usize) -> f64;
}

impl<const IN: usize, const OUT: usize, Act, T: Float> Numbers for Dense<IN, OUT, Act, T> {
    fn weight(&self, out: usize, input: usize) -> f64 {
        self.weight(out, input).map_or(f64::NAN, |weight| weight.to_f64())
    }

    fn bias(&self, out: usize) -> f64 {
        self.bias().get(out).map_or(f64::NAN, |bias| bias.to_f64())
    }
}

impl DenseNode<'_> {
    /// `W[out][input]`.
    pub(super) fn weight(&self, out: usize, input: usize) -> Number {
        Number::of(self.dtype, self.numbers.weight(out, input))
    }

    /// `b[out]`.
    pub(super) fn bias(&self, out: usize) -> Number {
        Number::of(self.dtype, self.numbers.bias(out))
    }
}

impl Number {
    /// The nearest number of a type.
    pub(super) fn of(dtype: Dtype, number: f64) -> Self {
        match dtype {
            Dtype::F32 => Number::F32(number as f32),
            _ => Number::F64(number),
        }
    }

    pub(super) fn is_finite(self) -> bool {
        match self {
            Number::F32(number) => number.is_finite(),
            Number::F64(number) => number.is_finite(),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::F32(number) => number.fmt(f),
            Number::F64(number) => number.fmt(f),
        }
    }
}

/// Calls `f` with each layer, first to last.
pub(super) fn each<E>(
    net: &dyn Export,
    f: &mut dyn FnMut(&DenseNode<'_>) -> Result<(), E>,
) -> Result<(), E> {
    match net.node() {
        Node::Layer(layer) => f(&layer),
        Node::Pair(a, b) => {
            each(a, f)?;
            each(b, f)
        }
    }
}

/// That all numbers are finite: those of the layers, and those of the formulas.
pub(super) fn check(net: &dyn Export) -> Result<(), ExportError> {
    each(net, &mut |layer| {
        let tensor = |tensor, what: Number, index| match what.is_finite() {
            true => Ok(()),
            false => Err(ExportError::new(Problem::NonFinite { layer: layer.name, tensor, index })),
        };
        for out in 0..layer.outputs {
            tensor("bias", layer.bias(out), out)?;
            for input in 0..layer.inputs {
                tensor("weight", layer.weight(out, input), out * layer.inputs + input)?;
            }
        }
        let Operator::Each(formula) = layer.activation.operator else { return Ok(()) };
        let dtype = layer.dtype;
        let infinite = |part: &Part| match part {
            Part::Number(number) => !Number::of(dtype, *number).is_finite(),
            _ => false,
        };
        let problem = if formula.any(&infinite) {
            Problem::Formula(layer.activation.path, "a number that is not finite")
        } else if !formula.any(&|part| *part == Part::S) {
            Problem::Formula(layer.activation.path, "no s")
        } else {
            return Ok(());
        };
        Err(ExportError::new(problem))
    })
}
