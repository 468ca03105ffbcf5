//! A product of a batch, tile by tile: some rows of some vectors of columns, whose sums are held in
//! registers.

use core::marker::PhantomData;

use super::matrix::{Known, Size, at_least, width};
use super::split::{Block, Blocks, Split, all};
use super::vectors::{
    Half, add_multiple, is_half, load_row, may_have_half, relu, store_row, vector,
};
use super::{Product, Start};
use crate::kernel::lanes::Lanes;
use crate::kernel::{Float, Machine, Task};

/// A product that is done in [`Tiles`].
pub(super) trait Tiled<T: Float> {
    /// The tiles of `M` rows from `row` on, of `N` vectors from column `col` on.
    ///
    /// # Safety
    /// They are rows and columns of the product, and the last vector has `last` numbers: all that it
    /// holds if it is `WHOLE`.
    unsafe fn tiles<X: Machine, V: Lanes<T>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        row: usize,
        col: usize,
        last: usize,
    );
}

/// Inlined.
impl<T: Float, const R: usize, const D: usize, const C: usize> Tiled<T>
    for Product<'_, T, Known<R>, Known<D>, Known<C>>
{
    #[inline(always)]
    unsafe fn tiles<X: Machine, V: Lanes<T>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        row: usize,
        col: usize,
        last: usize,
    ) {
        Tiles::<_, V, _, _, _, M, N, WHOLE>::of(self, row, col, last, (), ()).run::<X>();
    }
}

/// By functions.
impl<T: Float> Tiled<T> for Product<'_, T, usize, usize, usize> {
    #[inline(always)]
    unsafe fn tiles<X: Machine, V: Lanes<T>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        row: usize,
        col: usize,
        last: usize,
    ) {
        let make = Tiles::<_, V, _, _, _, M, N, WHOLE>::of;
        X::run_made(make, self, row, col, last, (), ());
    }
}

/// The tiles of a product of so many rows and columns.
pub(super) struct Grid<'p, P, R, C> {
    pub(super) product: &'p P,
    pub(super) rows: R,
    pub(super) cols: C,
}

impl<P, R: Size, C: Size> Grid<'_, P, R, C> {
    /// All of them.
    #[inline(always)]
    pub(super) fn run<X: Machine, T: Float>(self)
    where
        P: Tiled<T>,
    {
        let split = const { Split::of::<T, T::Lanes<X>>() };
        let mut blocks = Blocks { col: 0, end: self.cols.get(), split };
        while let Some(Block { col, width, last }) = blocks.next() {
            if const { may_have_half::<X, T>(C::KNOWN) } && width == 1 && is_half::<X, T>(last) {
                // SAFETY: the block is within the columns, and half a vector takes it.
                unsafe {
                    if last == const { Half::<X, T>::N } {
                        self.columns::<X, T, Half<X, T>, 1, true>(col, last);
                    } else {
                        self.columns::<X, T, Half<X, T>, 1, false>(col, last);
                    }
                }
                continue;
            }
            macro_rules! if_width {
                ($($n:literal)*) => {$(
                    // SAFETY: the block is within the columns, and whole where it is said to be.
                    unsafe {
                        if const { Split::of::<T, T::Lanes<X>>().has(all(C::KNOWN), $n, true) }
                            && width == $n
                            && last == T::Lanes::<X>::N
                        {
                            self.columns::<X, T, T::Lanes<X>, $n, true>(col, last);
                        } else if const { Split::of::<T, T::Lanes<X>>().has(all(C::KNOWN), $n, false) }
                            && width == $n
                        {
                            self.columns::<X, T, T::Lanes<X>, $n, false>(col, last);
                        }
                    }
                )*};
            }
            if_width!(1 2 3 4);
        }
    }

    /// Those of the `N` vectors of columns from `col` on, the last of which has `last` numbers: all
    /// that a vector holds if it is `WHOLE`.
    ///
    /// # Safety
    /// They are columns of the product.
    #[inline(always)]
    pub(super) unsafe fn columns<
        X: Machine,
        T: Float,
        V: Lanes<T>,
        const N: usize,
        const WHOLE: bool,
    >(
        &self,
        col: usize,
        last: usize,
    ) where
        P: Tiled<T>,
    {
        // SAFETY: the caller's.
        unsafe {
            let row = 0;
            let row = self.rows::<X, T, V, 8, N, WHOLE>(row, col, last);
            let row = self.rows::<X, T, V, 6, N, WHOLE>(row, col, last);
            let row = self.rows::<X, T, V, 4, N, WHOLE>(row, col, last);
            let row = self.rows::<X, T, V, 2, N, WHOLE>(row, col, last);
            self.rows::<X, T, V, 1, N, WHOLE>(row, col, last);
        }
    }

    /// As many of `M` rows from `row` on as there are: the first row that is left.
    ///
    /// # Safety
    /// As for [`columns`](Self::columns).
    #[inline(always)]
    unsafe fn rows<
        X: Machine,
        T: Float,
        V: Lanes<T>,
        const M: usize,
        const N: usize,
        const WHOLE: bool,
    >(
        &self,
        row: usize,
        col: usize,
        last: usize,
    ) -> usize
    where
        P: Tiled<T>,
    {
        // Of 8 and 6 rows only what is the most.
        if const {
            let sums = if WHOLE { V::SUMS } else { V::PARTIAL_SUMS };
            M <= sums / N && at_least(R::KNOWN, M) && (M != 6 || sums / N < 8)
        } && row + M <= self.rows.get()
        {
            // SAFETY: the caller's, and these are rows of the product.
            unsafe { self.product.tiles::<X, V, M, N, WHOLE>(row, col, last) }
            self.rows.get() - (self.rows.get() - row) % M
        } else {
            row
        }
    }
}

/// Tiles of `M` rows of a [`Product`], of the vectors of [`columns`](Grid::columns): as many as there
/// are from `row` on.
///
/// Pointers move on from row to row and tile to tile: there is no register for every multiple of
/// a row's length.
///
/// Its maker answers for it that these are rows and columns of the product, and that the last vector
/// is whole if it is said to be.
struct Tiles<'p, 'a, T, V, R, D, C, const M: usize, const N: usize, const WHOLE: bool> {
    product: &'p Product<'a, T, R, D, C>,
    row: usize,
    col: usize,
    last: usize,
    vectors: PhantomData<V>,
}

impl<'p, 'a, T, V, R, D, C, const M: usize, const N: usize, const WHOLE: bool>
    Tiles<'p, 'a, T, V, R, D, C, M, N, WHOLE>
{
    #[inline(always)]
    fn of(
        product: &'p Product<'a, T, R, D, C>,
        row: usize,
        col: usize,
        last: usize,
        (): (),
        (): (),
    ) -> Self {
        Tiles { product, row, col, last, vectors: PhantomData }
    }
}

impl<
    T: Float,
    V: Lanes<T>,
    R: Size,
    D: Size,
    C: Size,
    const M: usize,
    const N: usize,
    const WHOLE: bool,
> Task for Tiles<'_, '_, T, V, R, D, C, M, N, WHOLE>
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let Tiles { product, row, col, last, .. } = self;
        let cols = product.cols.get();
        let right_row = product.right_layout.row::<T>(col, cols);
        let right_part = product.right_layout.part;
        let first = product.right.wrapping_add(product.right_layout.column::<T>(col));
        let out_row = product.out_layout.row::<T>(col, cols);
        let out_part = product.out_layout.part;
        let mut out = product.out.wrapping_add(product.out_layout.column::<T>(col) + row * out_row);
        let mut left = product.left.row(row);
        let mut rest = product.rows.get() - row;
        while rest >= M {
            let mut sums = [[V::splat(T::ZERO); N]; M];
            // SAFETY: what is loaded and stored are elements of the three matrices, which are
            // borrowed: these rows and columns, and each k below `depth`.
            unsafe {
                match product.start {
                    Start::Zero => {}
                    Start::Row(row) => {
                        sums = [load_row::<T, V, N, WHOLE>(row.add(col), width::<T>(), last); M];
                    }
                    Start::Out => {
                        let mut from = out;
                        let mut m = 0;
                        while m < M {
                            sums[m] = load_row::<T, V, N, WHOLE>(from, out_part, last);
                            from = from.wrapping_add(out_row);
                            m += 1;
                        }
                    }
                }
                let mut lefts = [left; M];
                let mut m = 0;
                while m < M {
                    lefts[m] = left.wrapping_add(m * product.left.row);
                    m += 1;
                }
                let (mut left_col, mut right, mut at) = (left, first, 0);
                let mut k = 0;
                while k < product.depth.get() {
                    let row = load_row::<T, V, N, WHOLE>(right, right_part, last);
                    let mut m = 0;
                    while m < M {
                        // With one vector a tile is so quick that to go from row to row would
                        // take as long.
                        let factor = if const { N == 1 } {
                            lefts[m].wrapping_add(at)
                        } else {
                            left_col.wrapping_add(m * product.left.row)
                        };
                        add_multiple(&mut sums[m], *factor, &row);
                        m += 1;
                    }
                    left_col = left_col.wrapping_add(product.left.col);
                    at += product.left.col;
                    right = right.wrapping_add(right_row);
                    k += 1;
                }
                if product.relu {
                    let mut m = 0;
                    while m < M {
                        relu(&mut sums[m]);
                        m += 1;
                    }
                }
                let mut to = out;
                let mut m = 0;
                while m < M {
                    store_row::<T, V, N, WHOLE>(&sums[m], to, out_part, last);
                    to = to.wrapping_add(out_row);
                    m += 1;
                }
                if !product.claim.is_empty() {
                    let mut line = 0;
                    while line < M * N {
                        let (m, n) = (line / N, line % N);
                        product.claim.line(out.add(m * out_row + vector::<T, V>(n, out_part)));
                        line += 1;
                    }
                }
                out = to;
            }
            left = left.wrapping_add(M * product.left.row);
            rest -= M;
        }
    }
}
