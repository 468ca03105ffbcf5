//! Matrices in memory, and their sizes: known to the compiler in what is inlined, numbers in the
//! functions for all sizes.

use core::marker::PhantomData;

use crate::kernel::{Float, Panels, panels};

/// A size: a number, or [`Known`] when this is compiled.
pub trait Size: Copy {
    /// The size, where it is known.
    const KNOWN: Option<usize>;

    /// The size.
    fn get(self) -> usize;
}

/// A size that the compiler knows.
#[derive(Clone, Copy)]
pub(super) struct Known<const N: usize>;

impl<const N: usize> Size for Known<N> {
    const KNOWN: Option<usize> = Some(N);

    #[inline(always)]
    fn get(self) -> usize {
        N
    }
}

impl Size for usize {
    const KNOWN: Option<usize> = None;

    #[inline(always)]
    fn get(self) -> usize {
        self
    }
}

/// Whether a size is `least` or more, as far as it is known.
pub(super) const fn at_least(size: Option<usize>, least: usize) -> bool {
    match size {
        Some(size) => size >= least,
        None => true,
    }
}

/// A matrix of `R × C` in memory: its element (r, c) is `r · row + c · col` behind the first. One of
/// the two is 1: rows are neighbours, or columns are.
pub(super) struct Matrix<'a, T, const R: usize, const C: usize> {
    first: *const T,
    row: usize,
    col: usize,
    elements: PhantomData<&'a [[T; C]; R]>,
}

/// A matrix of whole rows.
#[inline(always)]
pub(super) fn rows<T, const R: usize, const C: usize>(rows: &[[T; C]; R]) -> Matrix<'_, T, R, C> {
    Matrix { first: rows.as_ptr().cast(), row: C, col: 1, elements: PhantomData }
}

/// The first column of whole rows, as a row.
#[inline(always)]
pub(super) fn first_column<T, const R: usize, const C: usize>(
    rows: &[[T; C]; R],
) -> Matrix<'_, T, 1, R> {
    Matrix { first: rows.as_ptr().cast(), row: 1, col: C, elements: PhantomData }
}

impl<'a, T, const C: usize> Matrix<'a, T, 1, C> {
    /// A row of the same number.
    #[inline(always)]
    pub(super) fn filled(number: &'a T) -> Self {
        Matrix { first: number, row: 1, col: 0, elements: PhantomData }
    }
}

impl<'a, T, const R: usize, const C: usize> Matrix<'a, T, R, C> {
    /// The same with rows for columns.
    #[inline(always)]
    pub(super) fn transposed(self) -> Matrix<'a, T, C, R> {
        Matrix { first: self.first, row: self.col, col: self.row, elements: PhantomData }
    }

    /// Without its sizes.
    #[inline(always)]
    pub(super) fn erased(self) -> Strided<T> {
        Strided { first: self.first, row: self.row, col: self.col }
    }
}

/// A [`Matrix`] whose sizes are kept elsewhere: `row` or `col` is 1.
pub(super) struct Strided<T> {
    pub(super) first: *const T,
    pub(super) row: usize,
    pub(super) col: usize,
}

impl<T> Strided<T> {
    /// Where row `r` begins.
    #[inline(always)]
    pub(super) fn row(&self, r: usize) -> *const T {
        self.first.wrapping_add(r * self.row)
    }
}

/// How the columns of a matrix lie in memory, in parts of as many as a panel has: the numbers of a
/// row are contiguous in each.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// From a row to the next.
    row: usize,
    /// The same in the last part, where it is not whole.
    last_row: usize,
    /// From a part to the next.
    pub(super) part: usize,
}

impl Layout {
    /// Whole rows, one after another.
    #[inline(always)]
    pub(super) const fn rows<T>(cols: usize) -> Self {
        Layout { row: cols, last_row: cols, part: width::<T>() }
    }

    /// [`Panels`].
    #[inline(always)]
    pub(super) const fn panels<T>(rows: usize, cols: usize) -> Self {
        let width = width::<T>();
        Layout { row: width, last_row: cols % width, part: width * rows }
    }

    /// Where a column begins.
    #[inline(always)]
    pub(super) const fn column<T>(self, col: usize) -> usize {
        col / width::<T>() * self.part + col % width::<T>()
    }

    /// From a row to the next, for a column of so many.
    #[inline(always)]
    pub(super) const fn row<T>(self, col: usize, cols: usize) -> usize {
        if col < whole::<T>(cols) { self.row } else { self.last_row }
    }
}

/// The columns of a whole panel.
pub(super) const fn width<T>() -> usize {
    panels::width(size_of::<T>())
}

/// The columns in whole panels, of so many.
pub(super) const fn whole<T>(cols: usize) -> usize {
    cols - cols % width::<T>()
}

/// A matrix of `R × C` that can be read, or written, column by column.
pub(super) struct Columns<'a, P, const R: usize, const C: usize> {
    pub(super) first: P,
    pub(super) layout: Layout,
    borrowed: PhantomData<&'a P>,
}

macro_rules! columns {
    ($($matrix:ty, $pointer:ty: |$from:ident| $first:expr, $layout:expr;)*) => {$(
        impl<'a, T: Float, const R: usize, const C: usize> From<$matrix>
            for Columns<'a, $pointer, R, C>
        {
            #[inline(always)]
            fn from($from: $matrix) -> Self {
                Columns { first: $first, layout: $layout, borrowed: PhantomData }
            }
        }
    )*};
}
columns!(
    &'a [[T; C]; R], *const T: |rows| rows.as_ptr().cast(), Layout::rows::<T>(C);
    &'a mut [[T; C]; R], *mut T: |rows| rows.as_mut_ptr().cast(), Layout::rows::<T>(C);
    &'a Panels<T, R, C>, *const T: |w| w.numbers().as_ptr(), Layout::panels::<T>(R, C);
    &'a mut Panels<T, R, C>, *mut T: |w| w.numbers_mut().as_mut_ptr(), Layout::panels::<T>(R, C);
);
