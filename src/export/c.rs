use core::convert::Infallible;
use core::fmt::{self, Write};

use super::error::{ExportError, Problem};
use super::formula::{Operator, Part};
use super::graph::{DenseNode, Export, Number, check, each};
use super::text::{Brackets, sizes};
use crate::Layer;
use crate::tensors::Dtype;

const NAME: &str = "one of C expected: an ASCII letter, then letters, digits and underscores";

/// Writes a network as a header of C99 that needs nothing else: the weights as `static const`
/// arrays, W as rows of \[output\]\[input\], and `name_predict(x, y)`.
///
/// It includes `<math.h>` if an activation needs it, calls nothing else, allocates nothing, and
/// has its activations on the stack, two neighbours at once; `x` and `y` may not overlap. The
/// sizes are macros. Numbers are `float`, or `double` for layers of `f64`. A compiler that does
/// not contract or reorder sums differs from [`predict`](crate::Network::predict) in the last
/// digits only: a processor's vectors sum in another order, and its C library has other last
/// digits of `expf`. At an infinite s, `Gelu` and `Silu` are NaN here where the crate has the limit.
///
/// ```
/// use constgrad::{Dense, Tanh, export};
///
/// let layer: Dense<2, 1, Tanh> = Dense::new([[1.5, -0.1]], [0.0]);
/// let mut header = String::new(); // or anything that implements fmt::Write
/// export::c_header(&layer, "motor", &mut header)?;
/// // std::fs::write("motor.h", header)?
/// assert!(header.contains("static const float motor_w1[MOTOR_OUTPUTS][MOTOR_INPUTS] = {"));
/// assert!(header.contains(
///     "void motor_predict(const float x[MOTOR_INPUTS], float y[MOTOR_OUTPUTS])"
/// ));
/// # Ok::<(), export::ExportError>(())
/// ```
///
/// # Errors
/// [`ExportError`] if the name is no identifier of C, if a weight is NaN or infinite, if a layer
/// has no inputs or no outputs, or if `out` cannot be written to.
pub fn c_header<N: Layer + Export>(
    net: &N,
    name: &str,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if !letter || !name.chars().all(|other| other.is_ascii_alphanumeric() || other == '_') {
        return Err(ExportError::name(name, NAME));
    }
    check(net)?;
    let mut dtype = Dtype::F32;
    each(net, &mut |layer| {
        dtype = layer.dtype;
        match layer.inputs * layer.outputs {
            0 => Err(ExportError::new(Problem::Empty(layer.name))),
            _ => Ok(()),
        }
    })?;
    let header = Header { net, layers: N::LAYERS, params: N::PARAMS, name, dtype };
    Ok(header.write(out)?)
}

struct Header<'a> {
    net: &'a dyn Export,
    layers: usize,
    params: usize,
    name: &'a str,
    /// Of all layers: they would not fit otherwise.
    dtype: Dtype,
}

impl Header<'_> {
    fn write(&self, out: &mut dyn Write) -> fmt::Result {
        self.write_title(out)?;
        self.write_sizes(out)?;
        self.write_weights(out)?;
        self.write_functions(out)?;
        self.write_predict(out)?;
        writeln!(out, "\n#endif /* {}_H */", Upper(self.name))
    }

    fn write_title(&self, out: &mut dyn Write) -> fmt::Result {
        let (name, upper, number) = (self.name, Upper(self.name), self.number());
        write!(out, "/* {name}: ")?;
        sizes(out, self.net, "->")?;
        writeln!(out, ", {} parameters of {number}. Written by constgrad.\n *", self.params)?;
        self.each(&mut |index, layer| {
            let DenseNode { inputs, outputs, .. } = layer;
            let activation = layer.activation.path;
            let activation = activation.rsplit("::").next().unwrap_or(activation);
            writeln!(
                out,
                " * layer {index}: {outputs} x {inputs} weights, {outputs} biases, {activation}"
            )
        })?;
        writeln!(
            out,
            " *\n * {name}_predict reads x and writes y, which may not overlap. It has no state."
        )?;
        write!(out, " */\n#ifndef {upper}_H\n#define {upper}_H\n\n")?;
        if self.uses(&needs_math) || self.has_softmax() {
            out.write_str("#include <math.h>\n\n")?;
        }
        Ok(())
    }

    fn write_sizes(&self, out: &mut dyn Write) -> fmt::Result {
        let upper = Upper(self.name);
        self.each(&mut |index, layer| {
            if index == 1 {
                writeln!(out, "#define {upper}_INPUTS {}", layer.inputs)?;
            }
            writeln!(out, "#define {} {}", self.size(index), layer.outputs)
        })?;
        for buffer in ["a", "b"] {
            let numbers = self.numbers_of(buffer);
            if numbers > 0 {
                writeln!(out, "#define {upper}_BUFFER_{} {numbers}", Upper(buffer))?;
            }
        }
        Ok(())
    }

    fn write_weights(&self, out: &mut dyn Write) -> fmt::Result {
        let (name, number) = (self.name, self.number());
        let brackets = Brackets { open: "{", close: "}", suffix: self.suffix() };
        self.each(&mut |index, layer| {
            let (inputs, outputs) = (self.size(index - 1), self.size(index));
            write!(out, "\nstatic const {number} {name}_w{index}[{outputs}][{inputs}] = {{\n")?;
            for row in 0..layer.outputs {
                out.write_str("    ")?;
                brackets.array(out, 4, (0..layer.inputs).map(|input| layer.weight(row, input)))?;
                out.write_str(",\n")?;
            }
            write!(out, "}};\n\nstatic const {number} {name}_b{index}[{outputs}] = ")?;
            brackets.array(out, 0, (0..layer.outputs).map(|row| layer.bias(row)))?;
            out.write_str(";\n")
        })
    }

    /// What formulas call and C lacks.
    fn write_functions(&self, out: &mut dyn Write) -> fmt::Result {
        let (name, number) = (self.name, self.number());
        let of = |value| Literal(Number::of(self.dtype, value));
        let (one, f) = (of(1.0), self.suffix());
        let softplus = self.uses(&|part| matches!(part, Part::Softplus(_)));
        if softplus || self.uses(&|part| matches!(part, Part::Max(..))) {
            write!(out, "\nstatic inline {number} {name}_max({number} a, {number} b)\n{{\n")?;
            out.write_str("    return a < b ? b : a;\n}\n")?;
        }
        if self.uses(&|part| matches!(part, Part::Min(..))) {
            write!(out, "\nstatic inline {number} {name}_min({number} a, {number} b)\n{{\n")?;
            out.write_str("    return a > b ? b : a;\n}\n")?;
        }
        if self.uses(&|part| matches!(part, Part::Sigmoid(_))) {
            write!(out, "\nstatic inline {number} {name}_sigmoid({number} x)\n{{\n")?;
            writeln!(out, "    return {one} / ({one} + exp{f}(-x));\n}}")?;
        }
        if softplus {
            writeln!(out, "\n/* ln(1 + exp(x)) */")?;
            write!(out, "static inline {number} {name}_softplus({number} x)\n{{\n")?;
            let zero = of(0.0);
            writeln!(out, "    return {name}_max(x, {zero}) + log1p{f}(exp{f}(-fabs{f}(x)));\n}}")?;
        }
        if self.uses(&|part| matches!(part, Part::NormalCdf(_))) {
            let (half, root) = (of(0.5), of(-core::f64::consts::FRAC_1_SQRT_2));
            writeln!(out, "\n/* The standard normal distribution function. */")?;
            write!(out, "static inline {number} {name}_normal_cdf({number} x)\n{{\n")?;
            writeln!(out, "    return {half} * erfc{f}(x * {root});\n}}")?;
        }
        if self.has_softmax() {
            self.write_softmax(out)?;
        }
        Ok(())
    }

    fn write_softmax(&self, out: &mut dyn Write) -> fmt::Result {
        let (name, number, counter, f) = (self.name, self.number(), self.counter(), self.suffix());
        let zero = Literal(Number::of(self.dtype, 0.0));
        write!(
            out,
            "
/* From logits to probabilities, in place. */
static inline void {name}_softmax({number} *s, {counter} n)
{{
    {number} largest = s[0];
    {number} sum = {zero};
    for ({counter} i = 1; i < n; i++) {{
        largest = s[i] > largest ? s[i] : largest;
    }}
    for ({counter} i = 0; i < n; i++) {{
        s[i] = exp{f}(s[i] - largest);
        sum += s[i];
    }}
    for ({counter} i = 0; i < n; i++) {{
        s[i] /= sum;
    }}
}}
"
        )
    }

    fn write_predict(&self, out: &mut dyn Write) -> fmt::Result {
        let (name, upper, number) = (self.name, Upper(self.name), self.number());
        let (last, counter) = (self.size(self.layers), self.counter());
        write!(out, "\nstatic inline void {name}_predict(")?;
        writeln!(out, "const {number} x[{upper}_INPUTS], {number} y[{last}])\n{{")?;
        for buffer in ["a", "b"] {
            if self.numbers_of(buffer) > 0 {
                writeln!(out, "    {number} {buffer}[{upper}_BUFFER_{}];", Upper(buffer))?;
            }
        }
        self.each(&mut |index, layer| {
            let (inputs, outputs) = (self.size(index - 1), self.size(index));
            let (from, to) = (self.buffer(index - 1), self.buffer(index));
            if self.layers > 1 {
                writeln!(out, "\n    /* layer {index} */")?;
            }
            write!(
                out,
                "    for ({counter} o = 0; o < {outputs}; o++) {{
        {number} s = {name}_b{index}[o];
        for ({counter} i = 0; i < {inputs}; i++) {{
            s += {name}_w{index}[o][i] * {from}[i];
        }}
        {to}[o] = "
            )?;
            match layer.activation.operator {
                Operator::Each(formula) => {
                    self.write_formula(out, &formula, 0)?;
                    out.write_str(";\n    }\n")
                }
                Operator::Softmax => {
                    writeln!(out, "s;\n    }}\n    {name}_softmax({to}, {outputs});")
                }
            }
        })?;
        out.write_str("}\n")
    }

    /// An expression of s, in brackets if it binds less than `strength`.
    fn write_formula(&self, out: &mut dyn Write, formula: &Part, strength: u8) -> fmt::Result {
        let own = strength_of(formula);
        if own < strength {
            out.write_str("(")?;
        }
        let (name, f) = (self.name, self.suffix());
        match formula {
            Part::S => out.write_str("s")?,
            Part::Number(number) => {
                write!(out, "{}", Literal(Number::of(self.dtype, *number)))?;
            }
            Part::Neg(x) => {
                out.write_str("-")?;
                self.write_formula(out, x, ATOM)?;
            }
            Part::Abs(x) => self.write_call(out, format_args!("fabs{f}"), &[x])?,
            Part::Sqrt(x) => self.write_call(out, format_args!("sqrt{f}"), &[x])?,
            Part::Exp(x) => self.write_call(out, format_args!("exp{f}"), &[x])?,
            Part::ExpM1(x) => self.write_call(out, format_args!("expm1{f}"), &[x])?,
            Part::Ln(x) => self.write_call(out, format_args!("log{f}"), &[x])?,
            Part::Ln1p(x) => self.write_call(out, format_args!("log1p{f}"), &[x])?,
            Part::Tanh(x) => self.write_call(out, format_args!("tanh{f}"), &[x])?,
            Part::Softplus(x) => self.write_call(out, format_args!("{name}_softplus"), &[x])?,
            Part::Sigmoid(x) => self.write_call(out, format_args!("{name}_sigmoid"), &[x])?,
            Part::NormalCdf(x) => self.write_call(out, format_args!("{name}_normal_cdf"), &[x])?,
            Part::Max(a, b) => self.write_call(out, format_args!("{name}_max"), &[a, b])?,
            Part::Min(a, b) => self.write_call(out, format_args!("{name}_min"), &[a, b])?,
            Part::Add(a, b) => self.write_binary(out, own, a, "+", b)?,
            Part::Sub(a, b) => self.write_binary(out, own, a, "-", b)?,
            Part::Mul(a, b) => self.write_binary(out, own, a, "*", b)?,
            Part::Div(a, b) => self.write_binary(out, own, a, "/", b)?,
        }
        out.write_str(if own < strength { ")" } else { "" })
    }

    fn write_call(
        &self,
        out: &mut dyn Write,
        function: fmt::Arguments<'_>,
        arguments: &[&Part],
    ) -> fmt::Result {
        write!(out, "{function}(")?;
        for (index, argument) in arguments.iter().enumerate() {
            out.write_str(if index == 0 { "" } else { ", " })?;
            self.write_formula(out, argument, 0)?;
        }
        out.write_str(")")
    }

    /// C too goes from left to right, and the order of roundings stays what it was.
    fn write_binary(
        &self,
        out: &mut dyn Write,
        own: u8,
        a: &Part,
        operator: &str,
        b: &Part,
    ) -> fmt::Result {
        self.write_formula(out, a, own)?;
        write!(out, " {operator} ")?;
        self.write_formula(out, b, own + 1)
    }

    /// Calls `f` with each layer and its number, from 1.
    fn each(&self, f: &mut dyn FnMut(usize, &DenseNode<'_>) -> fmt::Result) -> fmt::Result {
        let mut index = 0;
        each(self.net, &mut |layer| {
            index += 1;
            f(index, layer)
        })
    }

    /// What `found` finds in one of the layers.
    fn any(&self, found: &dyn Fn(usize, &DenseNode<'_>) -> bool) -> bool {
        self.each(&mut |index, layer| if found(index, layer) { Err(fmt::Error) } else { Ok(()) })
            .is_err()
    }

    /// Whether the formula of an activation has such a part.
    fn uses(&self, is: &dyn Fn(&Part) -> bool) -> bool {
        self.any(&|_, layer| match layer.activation.operator {
            Operator::Each(formula) => formula.any(is),
            Operator::Softmax => false,
        })
    }

    fn has_softmax(&self) -> bool {
        self.any(&|_, layer| layer.activation.operator == Operator::Softmax)
    }

    /// The macro of how many numbers layer `index` gives; the input is that of 0.
    fn size(&self, index: usize) -> impl fmt::Display {
        let (name, layers) = (Upper(self.name), self.layers);
        fmt::from_fn(move |f| match index {
            0 => write!(f, "{name}_INPUTS"),
            _ if index == layers => write!(f, "{name}_OUTPUTS"),
            _ => write!(f, "{name}_HIDDEN_{index}"),
        })
    }

    /// Where the numbers are that layer `index` gives.
    fn buffer(&self, index: usize) -> &'static str {
        match index {
            0 => "x",
            _ if index == self.layers => "y",
            _ if index % 2 == 1 => "a",
            _ => "b",
        }
    }

    /// How many numbers a buffer must hold.
    fn numbers_of(&self, buffer: &str) -> usize {
        let (mut index, mut numbers) = (0, 0);
        let Ok(()) = each::<Infallible>(self.net, &mut |layer| {
            index += 1;
            if self.buffer(index) == buffer {
                numbers = numbers.max(layer.outputs);
            }
            Ok(())
        });
        numbers
    }

    /// The type of the numbers.
    fn number(&self) -> &'static str {
        if self.dtype == Dtype::F32 { "float" } else { "double" }
    }

    /// What the names of C's functions of these numbers end in.
    fn suffix(&self) -> &'static str {
        if self.dtype == Dtype::F32 { "f" } else { "" }
    }

    /// A type that counts as far as the sizes go: an `int` may have 16 bits.
    fn counter(&self) -> &'static str {
        let large = |_: usize, layer: &DenseNode<'_>| layer.inputs.max(layer.outputs) > 32_767;
        if self.any(&large) { "long" } else { "int" }
    }
}

/// How strongly a sum, a product and a sign bind.
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const SIGN: u8 = 3;
const ATOM: u8 = 4;

fn strength_of(formula: &Part) -> u8 {
    match formula {
        Part::Add(..) | Part::Sub(..) => SUM,
        Part::Mul(..) | Part::Div(..) => PRODUCT,
        Part::Neg(_) => SIGN,
        Part::Number(number) if number.is_sign_negative() => SIGN,
        _ => ATOM,
    }
}

/// Whether C needs `<math.h>` for it.
fn needs_math(part: &Part) -> bool {
    use Part::{
        Abs, Add, Div, Exp, ExpM1, Ln, Ln1p, Max, Min, Mul, Neg, NormalCdf, Number, S, Sigmoid,
        Softplus, Sqrt, Sub, Tanh,
    };
    match part {
        S | Number(_) | Neg(_) | Add(..) | Sub(..) | Mul(..) | Div(..) | Max(..) | Min(..) => false,
        Abs(_) | Sqrt(_) | Exp(_) | ExpM1(_) | Ln(_) | Ln1p(_) | Softplus(_) | Tanh(_)
        | Sigmoid(_) | NormalCdf(_) => true,
    }
}

/// A number as C reads it.
struct Literal(Number);

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Number::F32(number) => write!(f, "{number:?}f"),
            Number::F64(number) => write!(f, "{number:?}"),
        }
    }
}

/// A name in upper case.
#[derive(Clone, Copy)]
struct Upper<'a>(&'a str);

impl fmt::Display for Upper<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| f.write_char(character.to_ascii_uppercase()))
    }
}
