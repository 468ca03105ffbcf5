use core::f64::consts::FRAC_1_SQRT_2;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, io, vec};

use prost::Message;

use super::error::ExportError;
use super::formula::{Operator, Part};
use super::graph::{ActivationInfo, DenseNode, Export, Number, check, each};
use super::proto::{
    Attribute, DOUBLE, Dimension, FLOAT, FLOAT_ATTRIBUTE, Graph, INT_ATTRIBUTE, Model, Node,
    OperatorSet, Size, Tensor, TensorShape, TensorType, Type, ValueInfo,
};
use crate::Layer;
use crate::tensors::{Dtype, Plan};

/// What ONNX Runtime takes from version 1.6, of 2020, on.
const IR_VERSION: i64 = 7;
const OPSET: i64 = 13;

/// Writes a network as a model of ONNX: input `x` of \[batch, IN\], output `y` of \[batch, OUT\],
/// for batches of any size.
///
/// A layer is a `Gemm`, whose initializers have the names and shapes that PyTorch's
/// `nn.Sequential` gives them (`0.weight` of \[OUT, IN\], `0.bias`), and its activation: the one
/// operator that ONNX has for it, or its formula in several, as for the two Gelu and Silu. The
/// operators are those of opset 13, which ONNX Runtime has had since version 1.6.
///
/// Layers of `f64` become operators of `double`, and all activations their formulas. ONNX Runtime
/// runs them but for [`Gelu`](crate::Gelu), because its `Erf` has no `double`;
/// [`GeluTanh`](crate::GeluTanh) it runs. At an infinite s, the Gelu and Silu are NaN there where the
/// crate has the limit.
///
/// ```
/// use constgrad::{Dense, Tanh, export, net};
///
/// type Net = net![Dense<2, 1, Tanh>, Dense<1, 1>];
/// let net: Net = (Dense::new([[1.5, -0.1]], [0.0]), Dense::new([[3.0]], [-1.0]));
///
/// let mut model = Vec::new();
/// export::onnx(&net, &mut model)?; // or a std::fs::File
/// assert!(model.windows(4).any(|bytes| bytes == b"Gemm"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What `out` says; and [`InvalidInput`](io::ErrorKind::InvalidInput) with an [`ExportError`] in
/// it, before anything is written, if a weight is NaN or infinite.
pub fn onnx<N: Layer + Export>(net: &N, mut out: impl io::Write) -> io::Result<()> {
    let bytes = model(net, N::PLAN)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?
        .encode_to_vec();
    out.write_all(&bytes)?;
    out.flush()
}

fn model(net: &dyn Export, plan: &'static Plan) -> Result<Model, ExportError> {
    check(net)?;
    let mut builder = Builder { dtype: Dtype::F32, layer: 0, graph: Graph::default() };
    let mut value = String::from("x");
    each(net, &mut |layer| {
        builder.dtype = layer.dtype;
        let module = plan.get(builder.layer).map_or(0, |place| place.module);
        builder.layer += 1;
        if builder.layer == 1 {
            builder.graph.input = vec![value_info("x", layer.dtype, layer.inputs)];
        }
        builder.graph.output = vec![value_info("y", layer.dtype, layer.outputs)];
        let s = builder.affine(layer, module, &value);
        value = builder.activation(&layer.activation, s);
        Ok::<(), ExportError>(())
    })?;
    // The last value is the network's output, and the last node's too.
    let mut graph = builder.graph;
    if let Some(last) = graph.node.last_mut() {
        last.output = vec![String::from("y")];
    }
    graph.name = String::from("network");
    Ok(Model {
        ir_version: IR_VERSION,
        producer_name: String::from(env!("CARGO_PKG_NAME")),
        producer_version: String::from(env!("CARGO_PKG_VERSION")),
        graph: Some(graph),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
    })
}

struct Builder {
    dtype: Dtype,
    /// Layers so far.
    layer: usize,
    graph: Graph,
}

/// Values are known by their names.
impl Builder {
    /// s = W h + b.
    fn affine(&mut self, layer: &DenseNode<'_>, module: usize, h: &str) -> String {
        let DenseNode { inputs, outputs, .. } = *layer;
        let weights = (0..outputs).flat_map(|out| (0..inputs).map(move |i| layer.weight(out, i)));
        let weights = weights.collect::<Vec<_>>();
        let bias = (0..outputs).map(|out| layer.bias(out)).collect::<Vec<_>>();
        let weights = self.tensor(format!("{module}.weight"), &[outputs, inputs], &weights);
        let bias = self.tensor(format!("{module}.bias"), &[outputs], &bias);
        let transposed = integer("transB", 1);
        self.node("Gemm", [h.to_string(), weights, bias], vec![transposed])
    }

    fn activation(&mut self, activation: &ActivationInfo, s: String) -> String {
        match (activation.operator, activation.onnx) {
            // Attributes are of single precision, and many operators too.
            (_, Some(operator)) if self.dtype == Dtype::F32 => {
                let attributes =
                    operator.attributes.iter().map(|&(name, value)| float(name, value));
                self.node(operator.name, [s], attributes.collect())
            }
            (Operator::Each(formula), _) => self.formula(&formula, &s),
            (Operator::Softmax, _) => self.node("Softmax", [s], vec![integer("axis", -1)]),
        }
    }

    fn formula(&mut self, formula: &Part, s: &str) -> String {
        match formula {
            Part::S => s.to_string(),
            Part::Number(number) => self.number(*number),
            Part::Neg(x) => self.call("Neg", &[x], s),
            Part::Abs(x) => self.call("Abs", &[x], s),
            Part::Sqrt(x) => self.call("Sqrt", &[x], s),
            Part::Exp(x) => self.call("Exp", &[x], s),
            Part::Ln(x) => self.call("Log", &[x], s),
            Part::Tanh(x) => self.call("Tanh", &[x], s),
            Part::Sigmoid(x) => self.call("Sigmoid", &[x], s),
            Part::Add(a, b) => self.call("Add", &[a, b], s),
            Part::Sub(a, b) => self.call("Sub", &[a, b], s),
            Part::Mul(a, b) => self.call("Mul", &[a, b], s),
            Part::Div(a, b) => self.call("Div", &[a, b], s),
            Part::Min(Part::Max(x, low @ Part::Number(_)), high @ Part::Number(_)) => {
                self.call("Clip", &[x, low, high], s)
            }
            Part::Max(x, Part::Number(0.0)) => self.call("Relu", &[x], s),
            Part::Max(a, b) => self.call("Max", &[a, b], s),
            Part::Min(a, b) => self.call("Min", &[a, b], s),
            // e^x − 1
            Part::ExpM1(x) => {
                let (exp, one) = (self.call("Exp", &[x], s), self.number(1.0));
                self.node("Sub", [exp, one], Vec::new())
            }
            // ln(1 + x)
            Part::Ln1p(x) => {
                let (x, one) = (self.formula(x, s), self.number(1.0));
                let sum = self.node("Add", [one, x], Vec::new());
                self.node("Log", [sum], Vec::new())
            }
            Part::Softplus(x) if self.dtype == Dtype::F32 => self.call("Softplus", &[x], s),
            // max(x, 0) + ln(1 + e^−|x|)
            Part::Softplus(x) => {
                let (x, one) = (self.formula(x, s), self.number(1.0));
                let high = self.node("Relu", [x.clone()], Vec::new());
                let size = self.node("Abs", [x], Vec::new());
                let size = self.node("Neg", [size], Vec::new());
                let exp = self.node("Exp", [size], Vec::new());
                let sum = self.node("Add", [one, exp], Vec::new());
                let low = self.node("Log", [sum], Vec::new());
                self.node("Add", [high, low], Vec::new())
            }
            // ½ (1 + erf(x / √2))
            Part::NormalCdf(x) => {
                let (x, scale) = (self.formula(x, s), self.number(FRAC_1_SQRT_2));
                let x = self.node("Mul", [x, scale], Vec::new());
                let erf = self.node("Erf", [x], Vec::new());
                let one = self.number(1.0);
                let sum = self.node("Add", [one, erf], Vec::new());
                let half = self.number(0.5);
                self.node("Mul", [half, sum], Vec::new())
            }
        }
    }

    fn call(&mut self, operator: &str, parts: &[&Part], s: &str) -> String {
        let inputs: Vec<_> = parts.iter().map(|part| self.formula(part, s)).collect();
        self.node(operator, inputs, Vec::new())
    }

    /// A constant.
    fn number(&mut self, number: f64) -> String {
        let name = format!("constant{}", self.graph.initializer.len());
        self.tensor(name, &[], &[Number::of(self.dtype, number)])
    }

    fn tensor(&mut self, name: String, shape: &[usize], numbers: &[Number]) -> String {
        let bytes = numbers.iter().flat_map(|number| match number {
            Number::F32(number) => number.to_le_bytes().to_vec(),
            Number::F64(number) => number.to_le_bytes().to_vec(),
        });
        self.graph.initializer.push(Tensor {
            dims: shape.iter().map(|&size| size as i64).collect(),
            data_type: data_type(self.dtype),
            name: name.clone(),
            raw_data: bytes.collect(),
        });
        name
    }

    /// The output of a new node.
    fn node(
        &mut self,
        operator: &str,
        inputs: impl Into<Vec<String>>,
        attribute: Vec<Attribute>,
    ) -> String {
        let layer = self.layer;
        let name = format!("layer{layer}.{operator}{}", self.graph.node.len());
        self.graph.node.push(Node {
            input: inputs.into(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_string(),
            attribute,
        });
        name
    }
}

fn float(name: &str, f: f64) -> Attribute {
    Attribute { name: name.to_string(), f: f as f32, i: 0, r#type: FLOAT_ATTRIBUTE }
}

fn integer(name: &str, i: i64) -> Attribute {
    Attribute { name: name.to_string(), f: 0.0, i, r#type: INT_ATTRIBUTE }
}

fn data_type(dtype: Dtype) -> i32 {
    if dtype == Dtype::F32 { FLOAT } else { DOUBLE }
}

/// A batch of samples of `size` numbers.
fn value_info(name: &str, dtype: Dtype, size: usize) -> ValueInfo {
    let dim = [Size::Named(String::from("batch")), Size::Known(size as i64)];
    let dim = dim.map(|size| Dimension { value: Some(size) }).to_vec();
    let tensor_type = TensorType { elem_type: data_type(dtype), shape: Some(TensorShape { dim }) };
    let r#type = Some(Type { tensor_type: Some(tensor_type) });
    ValueInfo { name: name.to_string(), r#type }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, Elu, net};

    #[test]
    fn a_model_is_what_was_put_in() {
        type Net = net![Dense<2, 3, Elu>, Dense<3, 1>];
        let net: Net = (
            Dense::new([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [7.0, 8.0, 9.0]),
            Dense::new([[0.5, 0.25, 0.125]], [-1.0]),
        );
        let mut bytes = Vec::new();
        onnx(&net, &mut bytes).unwrap();
        let model = Model::decode(&bytes[..]).unwrap();
        let version = OperatorSet { domain: String::new(), version: 13 };
        assert_eq!((model.ir_version, model.opset_import), (7, vec![version]));

        let graph = model.graph.unwrap();
        let nodes: Vec<_> = graph.node.iter().map(|node| &*node.op_type).collect();
        assert_eq!(nodes, ["Gemm", "Elu", "Gemm"]);
        assert_eq!(graph.node[0].input, ["x", "0.weight", "0.bias"]);
        assert_eq!(graph.node[0].attribute, [integer("transB", 1)]);
        assert_eq!(graph.node[1].input, graph.node[0].output);
        assert_eq!(graph.node[1].attribute, [float("alpha", 1.0)]);
        assert_eq!(graph.node[2].input[0], graph.node[1].output[0]);
        assert_eq!(graph.node[2].input[1..], ["2.weight", "2.bias"]);
        assert_eq!(graph.node[2].output, ["y"]);
        assert_eq!(graph.input, [value_info("x", Dtype::F32, 2)]);
        assert_eq!(graph.output, [value_info("y", Dtype::F32, 1)]);

        let weight = &graph.initializer[0];
        let numbers = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].map(f32::to_le_bytes);
        assert_eq!((&*weight.name, &weight.dims[..]), ("0.weight", &[3, 2][..]));
        assert_eq!((weight.data_type, &weight.raw_data[..]), (FLOAT, numbers.as_flattened()));
        assert_eq!(graph.initializer.len(), 4);
    }
}
