//! What a network costs: for the compiler, which can hold it to a budget, and for people, as the
//! table of its layers.
//!
//! The figures are the constants of [`Shape`] and [`Trainer::RAM`](crate::Trainer::RAM).

use core::any::type_name;
use core::fmt::{self, Display};
use core::marker::PhantomData;

use crate::text::Text;
use crate::{Layer, Shape};

/// Fails the build, where it is called in a constant, if a figure exceeds its budget, and says
/// both numbers.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Relu, assert_at_most, net};
///
/// type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
/// const _: () = assert_at_most("parameters", Net::PARAMS, 2_410);
/// const _: () = assert_at_most("bytes of RAM for inference", Net::INFERENCE_RAM, 1024);
/// ```
///
/// ```compile_fail
/// # use constgrad::{prelude::*, Dense, Relu, assert_at_most, net};
/// # type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
/// // error: over budget: 2410 parameters found, at most 2000 allowed
/// const _: () = assert_at_most("parameters", Net::PARAMS, 2_000);
/// ```
///
/// # Panics
/// If `found` is larger than `limit`.
#[track_caller]
pub const fn assert_at_most(what: &str, found: usize, limit: usize) {
    if found > limit {
        let mut text = Text::<128>::new();
        text.push("over budget: ");
        text.push_number(found as u64);
        text.push(" ");
        text.push(what);
        text.push(" found, at most ");
        text.push_number(limit as u64);
        text.push(" allowed");
        panic!("{}", text.as_str());
    }
}

/// One layer of a network, as its summary shows it.
#[derive(Clone, Copy, Debug)]
pub struct LayerInfo {
    /// Writes the layer's type as a user writes it.
    pub name: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
    /// The type of one output sample, for example `[f32; 10]`.
    pub output: &'static str,
    /// Trainable parameters.
    pub params: usize,
    /// Multiply-accumulates of one prediction.
    pub macs: usize,
    /// Bytes of the weights.
    pub bytes: usize,
}

impl LayerInfo {
    /// What the constants of `L` say, under the name that the compiler gives the type.
    pub fn of<L: Shape>() -> Self {
        LayerInfo {
            name: |f| f.write_str(short_name::<L>()),
            output: type_name::<L::Output>(),
            params: L::PARAMS,
            macs: L::MACS,
            bytes: L::WEIGHT_BYTES,
        }
    }
}

impl Display for LayerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.name)(f)
    }
}

/// The name of a type without the path in front of it.
pub(crate) fn short_name<T: ?Sized>() -> &'static str {
    let name = type_name::<T>();
    let head = name.split('<').next().unwrap_or(name);
    match head.rfind("::") {
        Some(path) => &name[path + 2..],
        None => name,
    }
}

/// The layers of `N` as one flat list, however they are nested: `[Dense<64, 32, Relu>, Dense<32, 10>]`.
pub(crate) struct Layers<N>(pub(crate) PhantomData<N>);

impl<N: Layer> fmt::Debug for Layers<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Name(LayerInfo);
        impl fmt::Debug for Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        let mut list = f.debug_list();
        N::describe(&mut |layer| {
            list.entry(&Name(layer));
        });
        list.finish()
    }
}

/// A table of the layers of `N`, like the one Keras prints.
pub(crate) struct Summary<N>(pub(crate) PhantomData<N>);

impl<N: Layer> Display for Summary<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        let (mut name, mut output) = ("Layer".len(), "Output".len());
        N::describe(&mut |layer| {
            let mut width = Width(0);
            result = result.and(fmt::write(&mut width, format_args!("{layer}")));
            name = name.max(width.0);
            output = output.max(layer.output.len());
        });
        result?;

        let (params, macs, bytes) = ("Params", "MACs", "Bytes");
        let number = 9;
        let rule = name + output + 3 * number + 8;
        writeln!(
            f,
            "{:<name$}  {:<output$}  {params:>number$}  {macs:>number$}  {bytes:>number$}",
            "Layer", "Output"
        )?;
        writeln!(f, "{:─<rule$}", "")?;
        N::describe(&mut |layer| {
            let LayerInfo { params, macs, bytes, .. } = layer;
            let mut width = Width(0);
            result = result
                .and(fmt::write(&mut width, format_args!("{layer}")))
                .and_then(|()| write!(f, "{layer}{:gap$}", "", gap = name - width.0))
                .and_then(|()| {
                    writeln!(
                        f,
                        "  {:<output$}  {params:>number$}  {macs:>number$}  {bytes:>number$}",
                        layer.output
                    )
                });
        });
        result?;
        writeln!(f, "{:─<rule$}", "")?;
        let (params, macs, bytes) = (N::PARAMS, N::MACS, N::WEIGHT_BYTES);
        writeln!(
            f,
            "{:<name$}  {:<output$}  {params:>number$}  {macs:>number$}  {bytes:>number$}",
            "Total", ""
        )?;
        write!(f, "Inference: {} bytes of activations at once", N::INFERENCE_RAM)
    }
}

/// Counts the characters written to it.
struct Width(usize);

impl fmt::Write for Width {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.chars().count();
        Ok(())
    }
}
