//! What the exports to source files share.

use core::fmt::{self, Write};

use super::graph::{Export, Number, each};

/// How a language writes down an array of numbers.
pub(super) struct Brackets {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    /// After a number.
    pub(super) suffix: &'static str,
}

impl Brackets {
    /// An array, from where the line is: in one line, or in several that are `indent` spaces in.
    pub(super) fn array(
        &self,
        out: &mut dyn Write,
        indent: usize,
        numbers: impl Iterator<Item = Number> + Clone,
    ) -> fmt::Result {
        let Brackets { open, close, suffix } = self;
        let line = match numbers.clone().next() {
            Some(Number::F64(_)) => 4,
            _ => 8,
        };
        let long = numbers.clone().nth(line).is_some();
        out.write_str(open)?;
        for (index, number) in numbers.enumerate() {
            match index {
                0 if long => write!(out, "\n{:1$}", "", indent + 4)?,
                0 => {}
                _ if index % line == 0 => write!(out, ",\n{:1$}", "", indent + 4)?,
                _ => out.write_str(", ")?,
            }
            write!(out, "{number:?}{suffix}")?;
        }
        if long {
            write!(out, ",\n{:indent$}", "")?;
        }
        out.write_str(close)
    }
}

/// The sizes of a network: `64 -> 32 -> 10`.
pub(super) fn sizes(out: &mut dyn Write, net: &dyn Export, arrow: &str) -> fmt::Result {
    let mut first = true;
    each(net, &mut |layer| {
        if first {
            write!(out, "{}", layer.inputs)?;
        }
        first = false;
        write!(out, " {arrow} {}", layer.outputs)
    })
}
