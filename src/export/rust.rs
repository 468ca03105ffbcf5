use core::convert::Infallible;
use core::fmt::{self, Write};

use super::error::ExportError;
use super::formula::PATHS;
use super::graph::{DenseNode, Export, Node, check, each};
use super::text::{Brackets, sizes};
use crate::Layer;
use crate::tensors::Dtype;

const BRACKETS: Brackets = Brackets { open: "[", close: "]", suffix: "" };
/// Where the crate's activations are.
const OWN: &str = "constgrad::";
const TYPE: &str = "that of a type expected: an upper-case letter, then letters and digits, and none of what the file imports";

/// Writes a network as a Rust module: its type as `name`, and a `static` with its weights, which
/// is named after it: `DIGIT_NET` for `DigitNet`.
///
/// Every number reads back to the same bits, and so does every prediction. On a chip the weights
/// are in flash. The network is nested as it was; activations of your own are named by their
/// [`PATH`](super::ExportActivation::PATH).
///
/// ```
/// use constgrad::{Dense, Relu, export, net};
///
/// type Net = net![Dense<2, 1, Relu>, Dense<1, 1>];
/// let net: Net = (Dense::new([[1.5, -0.1]], [0.0]), Dense::new([[3.0]], [-1.0]));
///
/// let mut source = String::new(); // or anything that implements fmt::Write
/// export::rust(&net, "Net", &mut source)?;
/// // std::fs::write("src/net.rs", source)?, and in src/lib.rs `mod net;`
/// assert!(source.contains("pub type Net = net![Dense<2, 1, Relu>, Dense<1, 1>];"));
/// assert!(source.contains("pub static NET: Net = ("));
/// # Ok::<(), export::ExportError>(())
/// ```
///
/// # Errors
/// [`ExportError`] if the name cannot be that of a type, if a weight is NaN or infinite, or if
/// `out` cannot be written to.
pub fn rust<N: Layer + Export>(
    net: &N,
    name: &str,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    write_module(net, N::PARAMS, name, out)
}

fn write_module(
    net: &dyn Export,
    params: usize,
    name: &str,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let uses = |path: &str| {
        let mut used = false;
        let Ok(()) = each::<Infallible>(net, &mut |layer| {
            used |= layer.activation.path == path && shown(layer).is_some();
            Ok(())
        });
        used
    };
    let imports = || {
        let used = PATHS.iter().filter(|path| uses(path));
        used.filter_map(|path| path.strip_prefix(OWN))
    };
    let camel = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|character| character.is_ascii_alphanumeric());
    if !camel || ["Self", "Dense"].contains(&name) || imports().any(|import| import == name) {
        return Err(ExportError::name(name, TYPE));
    }
    check(net)?;

    let pair = matches!(net.node(), Node::Pair(..));
    out.write_str("// Written by constgrad from a network with these weights.\n\n")?;
    if pair || imports().next().is_some() {
        out.write_str("use constgrad::{Dense")?;
        for import in imports() {
            write!(out, ", {import}")?;
        }
        out.write_str(if pair { ", net};\n" } else { "};\n" })?;
    } else {
        out.write_str("use constgrad::Dense;\n")?;
    }

    out.write_str("\n/// ")?;
    sizes(out, net, "→")?;
    write!(out, ", {params} parameters.\npub type {name} = ")?;
    write_type(out, net)?;
    write!(out, ";\n\n/// The weights.\n#[rustfmt::skip]\n")?;
    // Weights look like π to a lint, and many of them like an endless loop.
    out.write_str("#[allow(clippy::approx_constant, long_running_const_eval)]\npub static ")?;
    write_screaming(out, name)?;
    write!(out, ": {name} = ")?;
    write_value(out, net, 0)?;
    out.write_str(";\n")?;
    Ok(())
}

/// `DigitNet` as `DIGIT_NET`.
fn write_screaming(out: &mut dyn Write, name: &str) -> fmt::Result {
    let mut low = false;
    for character in name.chars() {
        if low && character.is_ascii_uppercase() {
            out.write_str("_")?;
        }
        low = !character.is_ascii_uppercase();
        out.write_char(character.to_ascii_uppercase())?;
    }
    Ok(())
}

/// The activation as the type of a layer shows it; `None` if it is left out.
fn shown(layer: &DenseNode<'_>) -> Option<&'static str> {
    let path = layer.activation.path;
    let name = path.strip_prefix(OWN).unwrap_or(path);
    Some(name).filter(|name| *name != "Identity" || layer.dtype == Dtype::F64)
}

fn write_type(out: &mut dyn Write, net: &dyn Export) -> fmt::Result {
    let mut node = net.node();
    if let Node::Pair(..) = node {
        out.write_str("net![")?;
    }
    let close = if let Node::Pair(..) = node { "]" } else { "" };
    while let Node::Pair(a, b) = node {
        write_type(out, a)?;
        out.write_str(", ")?;
        node = b.node();
    }
    if let Node::Layer(layer) = node {
        write!(out, "Dense<{}, {}", layer.inputs, layer.outputs)?;
        if let Some(activation) = shown(&layer) {
            write!(out, ", {activation}")?;
        }
        out.write_str(if layer.dtype == Dtype::F64 { ", f64>" } else { ">" })?;
    }
    out.write_str(close)
}

fn write_value(out: &mut dyn Write, net: &dyn Export, indent: usize) -> fmt::Result {
    let inner = indent + 4;
    match net.node() {
        Node::Pair(a, b) => {
            out.write_str("(")?;
            for half in [a, b] {
                write!(out, "\n{:inner$}", "")?;
                write_value(out, half, inner)?;
                out.write_str(",")?;
            }
            write!(out, "\n{:indent$})", "")
        }
        Node::Layer(layer) => {
            write!(out, "Dense::new(\n{:inner$}[", "")?;
            for row in 0..layer.outputs {
                let row = (0..layer.inputs).map(|input| layer.weight(row, input));
                write!(out, "\n{:1$}", "", inner + 4)?;
                BRACKETS.array(out, inner + 4, row)?;
                out.write_str(",")?;
            }
            write!(out, "\n{:inner$}],\n{:inner$}", "", "")?;
            BRACKETS.array(out, inner, (0..layer.outputs).map(|row| layer.bias(row)))?;
            write!(out, ",\n{:indent$})", "")
        }
    }
}
