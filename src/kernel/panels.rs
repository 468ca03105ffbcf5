//! The order in which a weight matrix is stored.

use crate::{Float, Zero};

/// The weights W of `IN` inputs and `OUT` outputs, in panels: of as many outputs each as a line of
/// the cache, 64 bytes, has numbers, the last panel of what is left. A panel has its outputs of
/// the first input, then those of the second, and so on.
///
/// So whatever `OUT` is, a row of a whole panel is a line of the cache, and the rows follow each
/// other. Rows of all outputs would lie across lines wherever `OUT` is no multiple of 16.
#[derive(PartialEq)]
pub(crate) struct Panels<T, const IN: usize, const OUT: usize> {
    /// Memory for all, not its order.
    memory: [[T; OUT]; IN],
}

/// The outputs of a whole panel, for numbers of so many bytes.
pub(crate) const fn width(bytes: usize) -> usize {
    64 / bytes
}

/// Where the weight from input `input` to output `out` is, for numbers of so many `bytes`.
pub(crate) const fn place(
    (inputs, outputs): (usize, usize),
    (input, out): (usize, usize),
    bytes: usize,
) -> usize {
    let width = width(bytes);
    let first = out - out % width;
    let left = outputs - first;
    first * inputs + input * (if left < width { left } else { width }) + out % width
}

impl<T: Float, const IN: usize, const OUT: usize> Panels<T, IN, OUT> {
    /// The matrix of these `OUT` rows.
    pub(crate) const fn from_rows(rows: &[[T; IN]; OUT]) -> Self {
        let mut panels = Panels::ZERO;
        let numbers = panels.memory.as_flattened_mut();
        let mut out = 0;
        while out < OUT {
            let (first, step) = Self::row_place(out);
            let mut input = 0;
            while input < IN {
                numbers[first + input * step] = rows[out][input];
                input += 1;
            }
            out += 1;
        }
        panels
    }

    /// The matrix of these `IN` columns.
    pub(crate) const fn from_columns(columns: &[[T; OUT]; IN]) -> Self {
        let mut panels = Panels::ZERO;
        let mut rest = panels.memory.as_flattened_mut();
        let mut out = 0;
        while out < OUT {
            let left = OUT - out;
            let width = if left < Self::WIDTH { left } else { Self::WIDTH };
            let mut input = 0;
            while input < IN {
                let (row, behind) = rest.split_at_mut(width);
                row.copy_from_slice(columns[input].split_at(out).1.split_at(width).0);
                rest = behind;
                input += 1;
            }
            out += width;
        }
        panels
    }

    /// The outputs of a whole panel.
    pub(crate) const WIDTH: usize = width(size_of::<T>());

    /// Where the weights to one output are: the first of them, and how far it is to the next.
    const fn row_place(out: usize) -> (usize, usize) {
        let first = place((IN, OUT), (0, out), size_of::<T>());
        let whole = out < OUT - OUT % Self::WIDTH;
        (first, if whole { Self::WIDTH } else { OUT % Self::WIDTH })
    }

    pub(crate) fn get(&self, out: usize, input: usize) -> Option<&T> {
        let place = Self::place(out, input)?;
        self.numbers().get(place)
    }

    pub(crate) fn get_mut(&mut self, out: usize, input: usize) -> Option<&mut T> {
        let place = Self::place(out, input)?;
        self.numbers_mut().get_mut(place)
    }

    fn place(out: usize, input: usize) -> Option<usize> {
        (input < IN && out < OUT).then(|| place((IN, OUT), (input, out), size_of::<T>()))
    }

    /// The weights to output `out`, below `OUT`.
    pub(crate) fn row(&self, out: usize) -> impl ExactSizeIterator<Item = &T> + Clone {
        let (first, step) = Self::row_place(out);
        self.numbers()[first..].iter().step_by(step).take(IN)
    }

    /// The same, to be changed.
    #[cfg(feature = "serde")]
    pub(crate) fn row_mut(&mut self, out: usize) -> impl ExactSizeIterator<Item = &mut T> {
        let (first, step) = Self::row_place(out);
        self.numbers_mut()[first..].iter_mut().step_by(step).take(IN)
    }

    /// The weights of one input, of each panel its part, in the order of the outputs.
    pub(crate) fn of_input_mut(&mut self, input: usize) -> impl Iterator<Item = &mut [T]> {
        let panels = self.numbers_mut().chunks_mut(usize::max(1, Self::WIDTH * IN));
        panels.filter_map(move |panel| panel.chunks_mut(panel.len().div_ceil(IN)).nth(input))
    }

    /// All numbers, as they are stored.
    pub(crate) fn numbers(&self) -> &[T] {
        self.memory.as_flattened()
    }

    /// The same, to be changed.
    #[inline(always)]
    pub(crate) fn numbers_mut(&mut self) -> &mut [T] {
        self.memory.as_flattened_mut()
    }
}

impl<T: Clone, const IN: usize, const OUT: usize> Clone for Panels<T, IN, OUT> {
    fn clone(&self) -> Self {
        Panels { memory: self.memory.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        self.memory.clone_from(&source.memory);
    }
}

impl<T: Float, const IN: usize, const OUT: usize> Zero for Panels<T, IN, OUT> {
    const ZERO: Self = Panels { memory: Zero::ZERO };
}
