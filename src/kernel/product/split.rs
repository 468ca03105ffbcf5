//! How the columns of a product are divided into blocks, each some vectors wide, so that its sums
//! fit into the registers.

use super::matrix::width;
use crate::kernel::lanes::Lanes;

/// How columns are divided into blocks of vectors, as even as they come: of whole panels, or within
/// one.
#[derive(Clone, Copy)]
pub(super) struct Split {
    /// Numbers in a vector.
    pub(super) lanes: usize,
    /// The most vectors in a block.
    pub(super) most: usize,
    /// Columns in a panel.
    pub(super) panel: usize,
    /// Whether blocks whose last vector is whole are code of their own.
    pub(super) apart: bool,
}

impl Split {
    /// For the tiles of a product.
    pub(super) const fn of<T, V: Lanes<T>>() -> Self {
        Split { lanes: V::N, most: V::WIDTH, panel: width::<T>(), apart: true }
    }

    /// The numbers of the block that begins with column `col`, where the columns end at `end`.
    #[inline(always)]
    pub(super) const fn numbers(self, col: usize, end: usize) -> usize {
        let whole = end - end % self.panel;
        if col >= whole {
            Self::evenly(end - col, self.lanes, self.most)
        } else if self.most * self.lanes > self.panel {
            Self::evenly(whole - col, self.panel, self.most * self.lanes / self.panel)
        } else {
            Self::evenly(self.panel - col % self.panel, self.lanes, self.most)
        }
    }

    /// The first part of so many columns, in units of which a part has `most` at most.
    #[inline(always)]
    const fn evenly(cols: usize, unit: usize, most: usize) -> usize {
        let units = cols.div_ceil(unit);
        let first = if units <= most { units } else { units.div_ceil(units.div_ceil(most)) };
        if first * unit < cols { first * unit } else { cols }
    }

    /// The numbers of every block of a range, if they are all alike.
    pub(super) const fn only_width(self, range: Option<(usize, usize)>) -> Option<usize> {
        let Some((mut col, end)) = range else {
            return None;
        };
        let first = if col < end { self.numbers(col, end) } else { 0 };
        while col < end {
            if self.numbers(col, end) != first {
                return None;
            }
            col += first;
        }
        Some(first)
    }

    /// Where the blocks of `width` vectors begin and end, for columns from `col` to `end`: they are
    /// neighbours, since blocks become no wider.
    pub(super) const fn blocks_of(self, width: usize, col: usize, end: usize) -> (usize, usize) {
        let mut col = col;
        while col < end && self.numbers(col, end).div_ceil(self.lanes) != width {
            col += self.numbers(col, end);
        }
        let first = col;
        while col < end && self.numbers(col, end).div_ceil(self.lanes) == width {
            col += self.numbers(col, end);
        }
        (first, col)
    }

    /// Whether a block of `width` vectors may come that has code of its own for being whole, or
    /// has not, for columns from the first to the second of `range`.
    pub(super) const fn has(
        self,
        range: Option<(usize, usize)>,
        width: usize,
        whole: bool,
    ) -> bool {
        let Some((mut col, end)) = range else {
            // What is not whole is within a panel.
            let may = if self.apart { whole || width * self.lanes <= self.panel } else { !whole };
            return may && width <= self.most;
        };
        while col < end {
            let numbers = self.numbers(col, end);
            if numbers.div_ceil(self.lanes) == width
                && whole == (self.apart && numbers.is_multiple_of(self.lanes))
            {
                return true;
            }
            col += numbers;
        }
        false
    }
}

/// All columns, as far as their number is known.
pub(super) const fn all(cols: Option<usize>) -> Option<(usize, usize)> {
    match cols {
        Some(cols) => Some((0, cols)),
        None => None,
    }
}

/// The blocks of the columns from `col` on.
pub(super) struct Blocks {
    pub(super) col: usize,
    pub(super) end: usize,
    pub(super) split: Split,
}

/// Some neighbouring columns.
pub(super) struct Block {
    /// The first column.
    pub(super) col: usize,
    /// The vectors.
    pub(super) width: usize,
    /// The numbers in the last of these.
    pub(super) last: usize,
}

impl Blocks {
    /// The next block.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<Block> {
        let Blocks { col, end, split } = *self;
        if col == end {
            return None;
        }
        let numbers = split.numbers(col, end);
        let width = numbers.div_ceil(split.lanes);
        self.col += numbers;
        Some(Block { col, width, last: numbers - (width - 1) * split.lanes })
    }
}
