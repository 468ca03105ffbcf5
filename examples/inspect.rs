//! What is in a file of weights, and which network it fits.
//!
//! `cargo run --release --example inspect -- digits.safetensors`, or with `-- --help`.

#[path = "common/exit.rs"]
mod exit;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use constgrad::Dtype;
use constgrad::weights::{SafeTensors, TensorView};

const HELP: &str = "\
Lists the tensors of a safetensors file, and prints the network that fits them.

Usage: inspect FILE

  FILE          the weights of a network of dense layers, named as PyTorch does
  --help        this text

Activations are not in such a file. `/* activation */` stands where PyTorch's
numbers leave room for one, or where names say nothing. Several networks in one
file (`actor.0.weight`, `critic.0.weight`) are printed one by one.";

fn main() -> ExitCode {
    exit::run(|| match file()? {
        None => {
            println!("{HELP}");
            Ok(())
        }
        Some(file) => inspect(&file),
    })
}

fn inspect(path: &Path) -> Result<(), Box<dyn Error>> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
    let file = SafeTensors::parse(&bytes).map_err(|error| format!("{shown}: {error}"))?;
    let tensors: Vec<_> = file.iter().map(Tensor::of).collect();
    list(&tensors, bytes.len());

    let networks = networks(&tensors);
    for (prefix, network) in &networks {
        println!();
        if networks.len() > 1 {
            println!("{prefix}*");
        }
        match network.layers() {
            Ok(layers) => suggest(path, prefix, &layers, networks.len() == 1),
            Err(reason) => println!("No net![..] fits: {reason}."),
        }
    }
    if networks.is_empty() {
        println!("\nNo net![..] fits: the file has no tensors.");
    }
    Ok(())
}

/// The table of all tensors.
fn list(tensors: &[Tensor], bytes: usize) {
    let shapes: Vec<_> = tensors.iter().map(|tensor| format!("{:?}", tensor.shape)).collect();
    let width = |texts: &mut dyn Iterator<Item = &str>, least: &str| {
        texts.map(|text| text.chars().count()).max().unwrap_or(0).max(least.len())
    };
    let name = width(&mut tensors.iter().map(|tensor| &*tensor.name), "Tensor");
    let shape = width(&mut shapes.iter().map(|shape| &**shape), "Shape");
    let dtype = width(&mut tensors.iter().map(|tensor| tensor.view.dtype().name()), "Type");

    println!("{:<name$}  {:<dtype$}  {:<shape$}  {:>9}", "Tensor", "Type", "Shape", "Bytes");
    println!("{:─<1$}", "", name + dtype + shape + 15);
    for (tensor, shape_text) in tensors.iter().zip(&shapes) {
        let (type_name, bytes) = (tensor.view.dtype().name(), tensor.view.data().len());
        println!("{:<name$}  {type_name:<dtype$}  {shape_text:<shape$}  {bytes:>9}", tensor.name);
    }
    println!("{:─<1$}", "", name + dtype + shape + 15);
    let numbers: usize = tensors.iter().map(|tensor| tensor.view.len()).sum();
    println!("{} tensors, {numbers} numbers, a file of {bytes} bytes", tensors.len());
}

struct Tensor<'a> {
    name: String,
    shape: Vec<u64>,
    view: TensorView<'a>,
}

impl<'a> Tensor<'a> {
    fn of(view: TensorView<'a>) -> Self {
        // A name may have anything in it, a line's end for one.
        let name = view.name().collect::<String>().escape_debug().to_string();
        Tensor { name, shape: view.shape().collect(), view }
    }

    /// Its layer, and what it is there.
    fn split(&self) -> (&str, &str) {
        self.name.rsplit_once('.').unwrap_or(("", &self.name))
    }
}

/// The tensors of layers whose names differ in what comes last: those of one network.
#[derive(Default)]
struct Network<'a> {
    tensors: Vec<&'a Tensor<'a>>,
}

/// The networks of a file, and what the names of their layers begin with.
fn networks<'a>(tensors: &'a [Tensor<'a>]) -> BTreeMap<&'a str, Network<'a>> {
    let mut networks = BTreeMap::<_, Network>::new();
    for tensor in tensors {
        let (layer, _) = tensor.split();
        let prefix = layer.rfind('.').map_or("", |dot| &layer[..=dot]);
        networks.entry(prefix).or_default().tensors.push(tensor);
    }
    networks
}

/// A layer that a `Dense` can be.
#[derive(Clone, Copy)]
struct Layer<'a> {
    name: &'a str,
    /// The number that PyTorch's `nn.Sequential` gave it.
    module: Option<u64>,
    inputs: u64,
    outputs: u64,
    double: bool,
}

impl<'a> Network<'a> {
    /// The layers, first to last, or why there are none.
    fn layers(&self) -> Result<Vec<Layer<'a>>, String> {
        let mut layers = Vec::<Layer>::new();
        for tensor in &self.tensors {
            let (name, _) = tensor.split();
            if layers.iter().all(|layer| layer.name != name) {
                layers.push(self.layer(name)?);
            }
        }
        if layers.iter().all(|layer| layer.module.is_some()) {
            layers.sort_by_key(|layer| layer.module);
            return match misfit(&layers) {
                None => Ok(layers),
                Some([a, b]) => Err(format!(
                    "layer `{}` gives {} numbers, but `{}`, which comes next, takes {}",
                    a.name, a.outputs, b.name, b.inputs
                )),
            };
        }
        if misfit(&layers).is_none() {
            return Ok(layers);
        }
        // The names are in the order of the alphabet, which need not be that of the layers.
        let mut search = Search { found: Vec::new(), steps: 100_000 };
        search.extend(&mut Vec::new(), &layers);
        match search.found.pop() {
            Some(order) if search.found.is_empty() && search.steps > 0 => Ok(order),
            Some(_) => Err("the layers fit in more than one order".to_string()),
            None => Err("the layers fit in no order".to_string()),
        }
    }

    fn layer(&self, name: &'a str) -> Result<Layer<'a>, String> {
        let dot = if name.is_empty() { "" } else { "." };
        let find = |own: &str| self.tensors.iter().find(|tensor| tensor.split() == (name, own));
        let missing = |own: &str, shape: &str| {
            format!("tensor `{name}{dot}{own}` is missing, but a dense layer needs it{shape}")
        };
        let is_other = |tensor: &&&Tensor| {
            let (layer, own) = tensor.split();
            layer == name && !["weight", "bias"].contains(&own)
        };
        if let Some(tensor) = self.tensors.iter().find(is_other) {
            let has = "which are what a dense layer has";
            return Err(format!(
                "tensor `{}` is neither a `weight` nor a `bias`, {has}",
                tensor.name
            ));
        }
        let weight = find("weight").ok_or_else(|| missing("weight", ""))?;
        let needs = "a dense layer needs [outputs, inputs]";
        let [outputs, inputs] = weight.shape[..] else {
            let what = match weight.shape.len() {
                1 => ", as a normalisation has,",
                3.. => ", as a convolution has,",
                _ => "",
            };
            let (name, shape) = (&weight.name, &weight.shape);
            return Err(format!("tensor `{name}` has shape {shape:?}{what} but {needs}"));
        };
        let shape = format!(", with shape [{outputs}]");
        let bias = find("bias").ok_or_else(|| missing("bias", &shape))?;
        if bias.shape != [outputs] {
            let (name, shape) = (&bias.name, &bias.shape);
            let other = &weight.name;
            return Err(format!(
                "tensor `{name}` has shape {shape:?}, but `{other}` asks for [{outputs}]"
            ));
        }
        for tensor in [weight, bias] {
            let dtype = tensor.view.dtype();
            if !matches!(dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16) {
                let (name, dtype) = (&tensor.name, dtype.name());
                return Err(format!(
                    "tensor `{name}` has type {dtype}, but F64, F32, F16 or BF16 is needed"
                ));
            }
            let finite = |index| tensor.view.number(index).is_some_and(f64::is_finite);
            if let Some(index) = (0..tensor.view.len()).find(|&index| !finite(index)) {
                let what = "has NaN or an infinity as number";
                return Err(format!(
                    "tensor `{}` {what} {index}, but weights are finite",
                    tensor.name
                ));
            }
        }
        let double = weight.view.dtype() == Dtype::F64 && bias.view.dtype() == Dtype::F64;
        let own = name.rsplit('.').next().unwrap_or(name);
        // As they are written: no `+1`, no `01`.
        let module = own.parse().ok().filter(|module: &u64| module.to_string() == own);
        Ok(Layer { name, module, inputs, outputs, double })
    }
}

/// The first two neighbours that do not fit.
fn misfit<'a>(layers: &[Layer<'a>]) -> Option<[Layer<'a>; 2]> {
    layers.array_windows().find(|[a, b]| a.outputs != b.inputs).copied()
}

/// Looks for orders of layers in which they fit, until there are two.
struct Search<'a> {
    found: Vec<Vec<Layer<'a>>>,
    steps: u32,
}

impl<'a> Search<'a> {
    fn extend(&mut self, order: &mut Vec<Layer<'a>>, rest: &[Layer<'a>]) {
        if rest.is_empty() {
            self.found.push(order.clone());
        }
        for (index, &layer) in rest.iter().enumerate() {
            if self.found.len() == 2 || self.steps == 0 {
                return;
            }
            self.steps -= 1;
            if order.last().is_none_or(|last| last.outputs == layer.inputs) {
                order.push(layer);
                self.extend(order, &[&rest[..index], &rest[index + 1..]].concat());
                order.pop();
            }
        }
    }
}

/// Prints the type, how to load it, and what the file does not say.
fn suggest(path: &Path, prefix: &str, layers: &[Layer], alone: bool) {
    let double = layers.iter().all(|layer| layer.double);
    let modules: Option<Vec<u64>> = layers.iter().map(|layer| layer.module).collect();
    // Modules between each layer and the next; as if there were one where names say nothing.
    let between: Vec<_> = match &modules {
        Some(modules) => modules.array_windows().map(|[a, b]| b - a - 1).collect(),
        None => vec![1; layers.len() - 1],
    };

    let types = layers.iter().enumerate().map(|(index, layer)| {
        let activation = match between.get(index) {
            Some(1..) => ", /* activation */",
            _ if double => ", Identity",
            _ => "",
        };
        let number = if double { ", f64" } else { "" };
        format!("Dense<{}, {}{activation}{number}>", layer.inputs, layer.outputs)
    });
    let types: Vec<_> = types.collect();
    let line = format!("type Net = net![{}];", types.join(", "));
    if line.chars().count() <= 100 {
        println!("{line}");
    } else {
        println!("type Net = net![\n    {},\n];", types.join(",\n    "));
    }

    let sequential = modules.as_deref().is_some_and(|modules| modules[0] == 0)
        && between.iter().all(|&between| between <= 1);
    let names = match (sequential, prefix) {
        (true, "") => "Names::SEQUENTIAL".to_string(),
        (true, prefix) => format!("Names::prefix({prefix:?})"),
        (false, _) => {
            let names: Vec<_> = layers.iter().map(|layer| layer.name).collect();
            format!("Names::list(&{names:?})")
        }
    };
    println!("weights::load(&mut net, {:?}, {names})?;", path.display().to_string());

    println!();
    if between.iter().any(|&between| between > 0) {
        let place = match modules {
            Some(_) => "a number is left out",
            None => "another layer comes next",
        };
        println!("`/* activation */` is where {place}: which it is, if any, is not in the file.");
        println!("Nor is whether the last layer has one.");
    } else {
        println!("Whether the last layer has an activation is not in the file.");
    }
    if let Some(modules) = &modules {
        if modules[0] > 0 {
            let first = layers[0].name;
            match modules[0] {
                1 => println!("Before layer `{first}` is a module without weights."),
                before => println!("Before layer `{first}` are {before} modules without weights."),
            }
        }
        for ([a, b], between) in layers.array_windows().zip(&between) {
            if *between > 1 {
                let (a, b) = (a.name, b.name);
                println!("Between `{a}` and `{b}` are {between} modules, where the crate has one.");
            }
        }
    }
    if !sequential && !alone {
        println!("With a list of names the file may have no other tensors: take them out.");
    }
}

/// The file of the command line; `None` if help was asked for.
fn file() -> Result<Option<PathBuf>, Box<dyn Error>> {
    use lexopt::prelude::*;
    let mut file = None;
    let mut line = lexopt::Parser::from_env();
    while let Some(argument) = line.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Value(value) if file.is_none() => file = Some(PathBuf::from(value)),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(Some(file.ok_or("a safetensors file is expected, see --help")?))
}
