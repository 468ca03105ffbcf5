//! What an export sees of a network: its layers, nested as they are, whatever their types.

use core::fmt;

use super::error::{ExportError, Problem};
use super::formula::{ExportActivation, Formula, OnnxOperator, Operator};
use crate::tensors::Dtype;
use crate::{Dense, Shape};

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
    /// W, the weights of one input next to each other.
    weights: Numbers<'a>,
    bias: Numbers<'a>,
    pub(super) activation: ActivationInfo,
}

/// The constants of an [`ExportActivation`].
#[derive(Clone, Copy)]
pub(super) struct ActivationInfo {
    pub(super) path: &'static str,
    pub(super) operator: Operator,
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "ONNX alone asks for it"))]
    pub(super) onnx: Option<OnnxOperator>,
}

#[derive(Clone, Copy)]
enum Numbers<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
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

macro_rules! dense {
    ($T:ident, $Numbers:ident) => {
        impl<const IN: usize, const OUT: usize, Act: ExportActivation> Export
            for Dense<IN, OUT, Act, $T>
        {
            fn node(&self) -> Node<'_> {
                Node::Layer(DenseNode {
                    name: Self::NAME,
                    inputs: IN,
                    outputs: OUT,
                    weights: Numbers::$Numbers(self.columns().as_flattened()),
                    bias: Numbers::$Numbers(self.bias()),
                    activation: ActivationInfo {
                        path: Act::PATH,
                        operator: Act::OPERATOR,
                        onnx: Act::ONNX,
                    },
                })
            }
        }
    };
}
dense!(f32, F32);
dense!(f64, F64);

impl DenseNode<'_> {
    /// W[out][input].
    pub(super) fn weight(&self, out: usize, input: usize) -> Number {
        self.weights.get(input * self.outputs + out)
    }

    /// b[out].
    pub(super) fn bias(&self, out: usize) -> Number {
        self.bias.get(out)
    }

    /// The type of its numbers.
    pub(super) fn dtype(&self) -> Dtype {
        match self.bias {
            Numbers::F32(_) => Dtype::F32,
            Numbers::F64(_) => Dtype::F64,
        }
    }
}

impl Numbers<'_> {
    fn get(&self, index: usize) -> Number {
        match self {
            Numbers::F32(numbers) => Number::F32(numbers[index]),
            Numbers::F64(numbers) => Number::F64(numbers[index]),
        }
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
        let dtype = layer.dtype();
        let infinite = |part: &Formula| match part {
            Formula::Number(number) => !Number::of(dtype, *number).is_finite(),
            _ => false,
        };
        let problem = if formula.any(&infinite) {
            Problem::Formula(layer.activation.path, "a number that is not finite")
        } else if !formula.any(&|part| *part == Formula::S) {
            Problem::Formula(layer.activation.path, "no s")
        } else {
            return Ok(());
        };
        Err(ExportError::new(problem))
    })
}
