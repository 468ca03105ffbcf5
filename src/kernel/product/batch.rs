//! A product of many rows, tile by tile: some rows of some vectors of columns, whose sums are held
//! in registers while the terms go by.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::chosen::{Chosen, is_inlined};
use super::matrix::{Columns, Known, Layout, Matrix, Size, Strided, at_least, width};
use super::split::{Block, Blocks, Split, all};
use super::vectors::{
    Half, add_multiple, is_half, load_row, may_have_half, relu, store_row, vector,
};
use crate::Store;
use crate::kernel::lanes::{Lanes, hidden};
use crate::kernel::processor::gains_by_halves;
use crate::kernel::{Aligned, Claim, Float, Machine, Task};

/// What the sums of a product begin with.
pub(super) enum Start<B> {
    /// Nothing.
    Zero,
    /// The same row for each row of the result.
    Row(B),
    /// What the result holds already.
    Out,
}

impl<B> From<Store> for Start<B> {
    #[inline(always)]
    fn from(store: Store) -> Self {
        match store {
            Store::Overwrite => Start::Zero,
            Store::Add => Start::Out,
        }
    }
}

/// out = start + left · right, or Relu of it, where `left` is `rows × depth`, `right` is
/// `depth × cols` and `out` is `rows × cols`: all in memory that is borrowed for `'a`.
pub(super) struct Product<'a, T, R, D, C> {
    pub(super) left: Strided<T>,
    pub(super) right: *const T,
    pub(super) right_layout: Layout,
    pub(super) start: Start<*const T>,
    pub(super) out: *mut T,
    pub(super) out_layout: Layout,
    pub(super) rows: R,
    pub(super) depth: D,
    pub(super) cols: C,
    pub(super) relu: bool,
    /// Of the weights whose gradient is the result.
    pub(super) claim: Claim<T>,
    pub(super) borrowed: PhantomData<&'a mut [T]>,
}

impl<'a, T: Float, const R: usize, const D: usize, const C: usize>
    Product<'a, T, Known<R>, Known<D>, Known<C>>
{
    #[inline(always)]
    pub(super) fn new(
        left: Matrix<'a, T, R, D>,
        right: impl Into<Columns<'a, *const T, D, C>>,
        start: Start<&'a [T; C]>,
        out: impl Into<Columns<'a, *mut T, R, C>>,
    ) -> Self {
        let (right, out) = (right.into(), out.into());
        Product {
            left: left.erased(),
            right: right.first,
            right_layout: right.layout,
            start: match start {
                Start::Zero => Start::Zero,
                Start::Row(row) => Start::Row(row.as_ptr()),
                Start::Out => Start::Out,
            },
            out: out.first,
            out_layout: out.layout,
            rows: Known,
            depth: Known,
            cols: Known,
            relu: false,
            claim: Claim::NONE,
            borrowed: PhantomData,
        }
    }

    /// Does it in its layer's pass if it is small, and else by the functions for all sizes.
    #[inline(always)]
    pub(super) fn run_chosen<X: Machine>(self) {
        Chosen::<X, Self>::RUN(self);
    }

    /// Does it in the function for all sizes.
    #[inline(always)]
    fn run_erased<X: Machine>(self) {
        X::run(self.erased());
    }

    /// Does what is one block of columns by the function for its width.
    #[inline(always)]
    fn run_block<X: Machine, V: Lanes<T>, const N: usize, const WHOLE: bool>(self) {
        const {
            assert!(C.div_ceil(V::N) == N && C.is_multiple_of(V::N) == WHOLE, "other vectors");
            assert!(C < width::<T>() || C.is_multiple_of(width::<T>()), "panels of two widths");
        }
        let last = const { C - (N - 1) * V::N };
        // SAFETY: these are all its columns, as has been checked.
        unsafe { self.erased().stripe::<X, V, N, WHOLE, false>(0, 0, last) }
    }

    /// The same for columns that half a vector takes.
    #[inline(always)]
    fn run_half<X: Machine, const WHOLE: bool>(self) {
        if gains_by_halves() {
            self.run_block::<X, Half<X, T>, 1, WHOLE>();
        } else {
            self.run_block::<X, T::Lanes<X>, 1, false>();
        }
    }

    /// The same with sizes that are numbers.
    #[inline(always)]
    fn erased(self) -> Product<'a, T, usize, usize, usize> {
        let Product {
            left,
            right,
            right_layout,
            start,
            out,
            out_layout,
            relu,
            claim,
            borrowed,
            ..
        } = self;
        Product {
            left,
            right,
            right_layout,
            start,
            out,
            out_layout,
            rows: R,
            depth: D,
            cols: C,
            relu,
            claim,
            borrowed,
        }
    }
}

/// Whether so many columns are whole panels and one that is not: code for both.
const fn has_rest<T>(outputs: usize) -> bool {
    outputs > width::<T>() && !outputs.is_multiple_of(width::<T>())
}

impl<'a, X: Machine, T: Float, const R: usize, const D: usize, const C: usize>
    Chosen<X, Product<'a, T, Known<R>, Known<D>, Known<C>>>
{
    const RUN: fn(Product<'a, T, Known<R>, Known<D>, Known<C>>) = {
        // A single row is little work for so much code.
        let code = if R == 1 && has_rest::<T>(C) { 8 } else { 1 };
        let split = Split::of::<T, T::Lanes<X>>();
        let block = if C > 0 && split.numbers(0, C) == C { C.div_ceil(split.lanes) } else { 0 };
        // Whether half vectors are the quicker is known at run time alone. What is inlined takes them
        // unasked: so the smallest of these products alone are inlined.
        let code = if is_half::<X, T>(C) { 8 * code } else { code };
        if is_inlined::<X, T>(code * R * D * C) {
            Product::run::<X>
        } else if is_half::<X, T>(C) {
            if C == Half::<X, T>::N {
                Product::run_half::<X, true>
            } else {
                Product::run_half::<X, false>
            }
        } else {
            match (block, C.is_multiple_of(split.lanes)) {
                (1, true) => Product::run_block::<X, T::Lanes<X>, 1, true>,
                (2, true) => Product::run_block::<X, T::Lanes<X>, 2, true>,
                (3, true) => Product::run_block::<X, T::Lanes<X>, 3, true>,
                (4, true) => Product::run_block::<X, T::Lanes<X>, 4, true>,
                (1, false) => Product::run_block::<X, T::Lanes<X>, 1, false>,
                (2, false) => Product::run_block::<X, T::Lanes<X>, 2, false>,
                (3, false) => Product::run_block::<X, T::Lanes<X>, 3, false>,
                (4, false) => Product::run_block::<X, T::Lanes<X>, 4, false>,
                _ => Product::run_erased::<X>,
            }
        }
    };
}

impl<T: Float, R: Size, D: Size, C: Size> Task for Product<'_, T, R, D, C>
where
    Self: Striped<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        without_vectors!(if const { <T::Lanes<X> as Lanes<T>>::PLAIN } {
            return self.run_plain();
        });
        let split = const { Split::of::<T, T::Lanes<X>>() };
        let mut blocks = Blocks { col: 0, end: self.cols.get(), split };
        while let Some(Block { col, width, last }) = blocks.next() {
            if const { C::KNOWN.is_none() } && last == 1 && self.has_neighbours_below(col) {
                X::run_made(Column::of, &self, col, (), (), (), ());
                continue;
            }
            if const { may_have_half::<X, T>(C::KNOWN) }
                && width == 1
                && is_half::<X, T>(last)
                && (C::KNOWN.is_some() || gains_by_halves())
            {
                // SAFETY: the block is within the columns, and half a vector takes it.
                unsafe {
                    if last == const { Half::<X, T>::N } {
                        self.stripe::<X, Half<X, T>, 1, true, false>(0, col, last);
                    } else {
                        self.stripe::<X, Half<X, T>, 1, false, false>(0, col, last);
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
                            self.stripe::<X, T::Lanes<X>, $n, true, false>(0, col, last);
                        } else if const { Split::of::<T, T::Lanes<X>>().has(all(C::KNOWN), $n, false) }
                            && width == $n
                        {
                            self.stripe::<X, T::Lanes<X>, $n, false, false>(0, col, last);
                        }
                    }
                )*};
            }
            if_width!(1 2 3 4);
        }
    }
}

impl<'a, T: Float, R: Size, D: Size, C: Size> Product<'a, T, R, D, C> {
    /// Whether the numbers of column `col`, more than one, lie beside each other: in the result, and in
    /// the rows of the left matrix from which they are computed. It is so in ∂J/∂W for the only output
    /// of the last panel.
    #[inline(always)]
    fn has_neighbours_below(&self, col: usize) -> bool {
        self.rows.get() > 1
            && self.left.row == 1
            && self.out_layout.row::<T>(col, self.cols.get()) == 1
            && !matches!(self.start, Start::Row(_))
    }
}

/// A column of a [`Product`] whose numbers lie beside each other: done as a row, of whole vectors. It is
/// no part of the product's own code, which would load its sizes in pairs, before they are in the cache.
struct Column<'p, 'a, T, R, D, C> {
    product: &'p Product<'a, T, R, D, C>,
    col: usize,
}

impl<'p, 'a, T: Float, R: Size, D: Size, C: Size> Column<'p, 'a, T, R, D, C> {
    #[inline(always)]
    fn of(
        product: &'p Product<'a, T, R, D, C>,
        col: usize,
        (): (),
        (): (),
        (): (),
        (): (),
    ) -> Self {
        Column { product, col }
    }
}

impl<'a, T: Float, R: Size, D: Size, C: Size> Task for Column<'_, 'a, T, R, D, C> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let Column { product, col } = self;
        let (right, out) = (product.right_layout, product.out_layout);
        let row = Product::<'a, T, usize, usize, usize> {
            left: Strided {
                first: product.right.wrapping_add(right.column::<T>(col)),
                row: 1,
                col: right.row::<T>(col, product.cols.get()),
            },
            right: product.left.first,
            right_layout: Layout::rows::<T>(product.left.col),
            start: if let Start::Zero = product.start { Start::Zero } else { Start::Out },
            out: product.out.wrapping_add(out.column::<T>(col)),
            out_layout: Layout::rows::<T>(product.rows.get()),
            rows: 1,
            depth: product.depth.get(),
            cols: product.rows.get(),
            relu: product.relu,
            claim: product.claim.clone(),
            borrowed: PhantomData,
        };
        X::run(row);
    }
}

/// A product that is done in [`Stripe`]s.
trait Striped<T: Float> {
    /// The rows from `row` on of the [`Stripe`] of `N` vectors from column `col` on. Some before may be
    /// done again.
    ///
    /// # Safety
    /// `row` is at most the number of rows. They are columns of the product, and the last vector has
    /// `last` numbers: all that it holds if it is `WHOLE`.
    unsafe fn stripe<X: Machine, V: Lanes<T>, const N: usize, const WHOLE: bool, const REST: bool>(
        &self,
        row: usize,
        col: usize,
        last: usize,
    );
}

/// Their code is inlined.
impl<T: Float, const R: usize, const D: usize, const C: usize> Striped<T>
    for Product<'_, T, Known<R>, Known<D>, Known<C>>
{
    #[inline(always)]
    unsafe fn stripe<
        X: Machine,
        V: Lanes<T>,
        const N: usize,
        const WHOLE: bool,
        const REST: bool,
    >(
        &self,
        row: usize,
        col: usize,
        last: usize,
    ) {
        Stripe::<_, V, _, _, _, N, WHOLE, REST>::of(self, row, col, last, (), ()).run::<X>();
    }
}

/// Those of each width are done by one function, the same for all sizes, and the rest of their rows
/// by another.
impl<T: Float> Striped<T> for Product<'_, T, usize, usize, usize> {
    #[inline(always)]
    unsafe fn stripe<
        X: Machine,
        V: Lanes<T>,
        const N: usize,
        const WHOLE: bool,
        const REST: bool,
    >(
        &self,
        row: usize,
        col: usize,
        last: usize,
    ) {
        if const { WHOLE && !REST && may_be_packed::<T, V>(N) } && self.is_packed(col) {
            debug_assert!(row == 0, "some rows were done before");
            X::run_made(Packed::<T, V, N>::of, self, col, (), (), (), ());
            return;
        }
        let make = Stripe::<_, V, _, _, _, N, WHOLE, REST>::of;
        X::run_made(make, self, row, col, last, (), ());
    }
}

/// Whether these are vectors of 256 bits.
const fn has_256_bits<V>() -> bool {
    size_of::<V>() == 32
}

/// Whether columns as wide as this block may be packed: whole panels, of vectors of 256 bits.
const fn may_be_packed<T, V: Lanes<T>>(vectors: usize) -> bool {
    has_256_bits::<V>() && vectors * V::N == width::<T>()
}

/// Terms of which columns are packed at a time: 4 KiB on the stack.
const PACKED_TERMS: usize = 64;

/// Rows and terms from which on it is worth while.
const PACKED_FROM_ROWS: usize = 192;
const PACKED_FROM_TERMS: usize = 32;

impl<T: Float> Product<'_, T, usize, usize, usize> {
    /// Whether it is worth while to pack a whole panel's columns from column `col` on: rows that are apart
    /// lie in few places of the first cache, and are read again for every tile.
    #[inline(always)]
    fn is_packed(&self, col: usize) -> bool {
        self.rows >= PACKED_FROM_ROWS
            && self.depth >= PACKED_FROM_TERMS
            && self.right_layout.row::<T>(col, self.cols) > width::<T>()
            && !matches!(self.start, Start::Row(_))
    }
}

/// The columns of a whole panel of a [`Product`], from column `col` on, and all rows, as [`Stripe`]s whose
/// columns are packed, so many terms at a time.
struct Packed<'p, 'a, T, V, const N: usize> {
    product: &'p Product<'a, T, usize, usize, usize>,
    col: usize,
    vectors: PhantomData<V>,
}

impl<'p, 'a, T: Float, V: Lanes<T>, const N: usize> Packed<'p, 'a, T, V, N> {
    #[inline(always)]
    fn of(
        product: &'p Product<'a, T, usize, usize, usize>,
        col: usize,
        (): (),
        (): (),
        (): (),
        (): (),
    ) -> Self {
        Packed { product, col, vectors: PhantomData }
    }
}

impl<'a, T: Float, V: Lanes<T>, const N: usize> Task for Packed<'_, 'a, T, V, N> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let Packed { product, col, .. } = self;
        let width = const { width::<T>() };
        let right_row = product.right_layout.row::<T>(col, product.cols);
        let right_part = product.right_layout.part;
        let mut right = product.right.wrapping_add(product.right_layout.column::<T>(col));
        let mut left = product.left.first;
        let mut part = Aligned(MaybeUninit::<[[V; N]; PACKED_TERMS]>::uninit());
        let part: *mut T = part.0.as_mut_ptr().cast();
        let mut rest = product.depth;
        while rest > 0 {
            let depth = usize::min(rest, PACKED_TERMS);
            let mut k = 0;
            while k < depth {
                // SAFETY: this is a row of the columns that the maker answers for, and one of the part.
                unsafe {
                    let row = load_row::<T, V, N, true>(right, right_part, V::N);
                    store_row::<T, V, N, true>(&row, part.add(k * width), width, V::N);
                }
                right = right.wrapping_add(right_row);
                k += 1;
            }
            let is_last = depth == rest;
            let product = Product::<'a, T, usize, usize, usize> {
                left: Strided { first: left, ..product.left },
                right: part,
                right_layout: Layout::rows::<T>(width),
                start: match product.start {
                    Start::Zero if rest == product.depth => Start::Zero,
                    _ => Start::Out,
                },
                out: product.out.wrapping_add(product.out_layout.column::<T>(col)),
                out_layout: product.out_layout,
                rows: product.rows,
                depth,
                cols: width,
                relu: product.relu && is_last,
                claim: if is_last { product.claim.clone() } else { Claim::NONE },
                borrowed: PhantomData,
            };
            let make = Stripe::<_, V, _, _, _, N, true, false>::of;
            X::run_made(make, &product, 0, 0, V::N, (), ());
            left = left.wrapping_add(depth * product.left.col);
            rest -= depth;
        }
    }
}

/// The smaller of the two.
const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// Rows of the left matrix that share a pointer.
const SHARE: usize = 3;

/// What is left of the right matrix for a tile to multiply.
struct Terms<T> {
    /// Where the columns begin.
    first: *const T,
    /// How far the next row is.
    row: usize,
    /// How far the next part of a row is.
    part: usize,
    /// How many rows.
    count: usize,
}

/// A [`Block`] of columns of a [`Product`], and its rows from `row` on: `N` vectors from column `col`
/// on, the last of which has `last` numbers. As many rows as registers hold are a tile; with `REST`
/// there are fewer. The last tile may begin before `row`, unless the product adds to its result.
///
/// Its maker answers for it that these are rows, if any, and columns of the product, and that the last
/// vector is whole if it is said to be.
struct Stripe<'p, 'a, T, V, R, D, C, const N: usize, const WHOLE: bool, const REST: bool> {
    product: &'p Product<'a, T, R, D, C>,
    row: usize,
    col: usize,
    last: usize,
    vectors: PhantomData<V>,
}

impl<
    'a,
    T: Float,
    V: Lanes<T>,
    R: Size,
    D: Size,
    C: Size,
    const N: usize,
    const WHOLE: bool,
    const REST: bool,
> Task for Stripe<'_, 'a, T, V, R, D, C, N, WHOLE, REST>
where
    Product<'a, T, R, D, C>: Striped<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(mut self) {
        self.tiles::<16>();
        self.tiles::<8>();
        self.tiles::<6>();
        self.tiles::<4>();
        self.tiles::<2>();
        self.tiles::<1>();
        let Stripe { product, row, col, last, .. } = self;
        if !REST && row < product.rows.get() {
            // SAFETY: these are the columns that the maker answers for.
            unsafe { product.stripe::<X, V, N, WHOLE, true>(row, col, last) }
        }
    }
}

impl<
    'p,
    'a,
    T: Float,
    V: Lanes<T>,
    R: Size,
    D: Size,
    C: Size,
    const N: usize,
    const WHOLE: bool,
    const REST: bool,
> Stripe<'p, 'a, T, V, R, D, C, N, WHOLE, REST>
{
    /// The most rows of a tile.
    const MOST: usize = match (if WHOLE { V::SUMS } else { V::PARTIAL_SUMS }) / N {
        24.. => 16,
        8.. => 8,
        6 | 7 => 6,
        4 | 5 => 4,
        2 | 3 => 2,
        _ => 1,
    };

    #[inline(always)]
    fn of(
        product: &'p Product<'a, T, R, D, C>,
        row: usize,
        col: usize,
        last: usize,
        (): (),
        (): (),
    ) -> Self {
        Stripe { product, row, col, last, vectors: PhantomData }
    }

    /// Loads the sums of up to eight rows of a tile, from row `FROM` on. Of a loop over more, which
    /// would be too long to be unrolled, the sums would stay in memory.
    ///
    /// # Safety
    /// The tile begins at `out`, and can be read.
    #[inline(always)]
    unsafe fn load_rows<const FROM: usize, const M: usize>(
        &self,
        sums: &mut [[V; N]; M],
        out: *const T,
        out_row: usize,
        out_part: usize,
    ) {
        let mut from = out.wrapping_add(FROM * out_row);
        let mut m = FROM;
        while m < const { least(FROM + 8, M) } {
            // SAFETY: the caller's.
            sums[m] = unsafe { load_row::<T, V, N, WHOLE>(from, out_part, self.last) };
            from = from.wrapping_add(out_row);
            m += 1;
        }
    }

    /// Stores them likewise.
    ///
    /// # Safety
    /// The tile begins at `out`, and can be written.
    #[inline(always)]
    unsafe fn store_rows<const FROM: usize, const M: usize>(
        &self,
        sums: &[[V; N]; M],
        out: *mut T,
        out_row: usize,
        out_part: usize,
    ) {
        let mut to = out.wrapping_add(FROM * out_row);
        let mut m = FROM;
        while m < const { least(FROM + 8, M) } {
            // SAFETY: the caller's.
            unsafe { store_row::<T, V, N, WHOLE>(&sums[m], to, out_part, self.last) };
            to = to.wrapping_add(out_row);
            m += 1;
        }
    }

    /// Whether a turn of the loop adds four terms. By 256 bits its counter and pointers would else take as
    /// much of the processor as products do; by 512 it is no gain, by 128 a loss.
    const BY_FOUR: bool = D::KNOWN.is_none() && has_256_bits::<V>();

    /// Adds the products of a tile, where the rows of the left matrix from `left` on are neighbours.
    ///
    /// # Safety
    /// These are rows and columns that can be read, as many as the product is deep.
    #[inline(always)]
    unsafe fn add_by_columns<const M: usize>(
        &self,
        sums: &mut [[V; N]; M],
        mut left: *const T,
        mut right: Terms<T>,
    ) {
        // SAFETY: the caller's.
        unsafe {
            if const { Self::BY_FOUR } {
                self.add_columns::<M, 4>(sums, &mut left, &mut right);
            }
            self.add_columns::<M, 1>(sums, &mut left, &mut right);
        }
    }

    /// The same `AT_ONCE` terms at a time, as far as there are so many.
    ///
    /// # Safety
    /// As for [`add_by_columns`](Self::add_by_columns).
    #[inline(always)]
    unsafe fn add_columns<const M: usize, const AT_ONCE: usize>(
        &self,
        sums: &mut [[V; N]; M],
        left: &mut *const T,
        right: &mut Terms<T>,
    ) {
        while right.count >= AT_ONCE {
            let mut k = 0;
            while k < AT_ONCE {
                // SAFETY: the caller's.
                unsafe {
                    let row = load_row::<T, V, N, WHOLE>(right.first, right.part, self.last);
                    let mut m = 0;
                    while m < M {
                        add_multiple(&mut sums[m], *left.add(m), &row);
                        m += 1;
                    }
                }
                *left = left.wrapping_add(self.product.left.col);
                right.first = right.first.wrapping_add(right.row);
                k += 1;
            }
            right.count -= AT_ONCE;
        }
    }

    /// The same where the columns of `left` are neighbours.
    ///
    /// Three rows share a pointer, to the first: of the others x86 adds the distance, or twice that, as
    /// it loads. In the functions for all sizes, by vectors of 256 bits or more, it is hidden how pointers
    /// are computed, or the compiler would have one for every row, for which there are no registers, or
    /// compute them again for each term.
    ///
    /// # Safety
    /// As for [`add_by_columns`](Self::add_by_columns).
    #[inline(always)]
    unsafe fn add_by_rows<const M: usize>(
        &self,
        sums: &mut [[V; N]; M],
        left: *const T,
        mut right: Terms<T>,
    ) {
        let mut lefts = [left; M];
        let mut m = SHARE;
        while m < M {
            lefts[m] = left.wrapping_add(m * self.product.left.row);
            m += SHARE;
        }
        // SAFETY: the caller's.
        unsafe {
            if const { Self::BY_FOUR } {
                self.add_rows::<M, 4>(sums, &mut lefts, &mut right);
            }
            self.add_rows::<M, 1>(sums, &mut lefts, &mut right);
        }
    }

    /// The same `AT_ONCE` terms at a time, as far as there are so many.
    ///
    /// # Safety
    /// As for [`add_by_columns`](Self::add_by_columns).
    #[inline(always)]
    unsafe fn add_rows<const M: usize, const AT_ONCE: usize>(
        &self,
        sums: &mut [[V; N]; M],
        lefts: &mut [*const T; M],
        right: &mut Terms<T>,
    ) {
        let row = self.product.left.row;
        while right.count >= AT_ONCE {
            let mut k = 0;
            while k < AT_ONCE {
                // SAFETY: the caller's.
                unsafe {
                    let row_of_right =
                        load_row::<T, V, N, WHOLE>(right.first, right.part, self.last);
                    let mut m = 0;
                    while m < M {
                        let factor = lefts[m - m % SHARE].add(m % SHARE * row + k);
                        add_multiple(&mut sums[m], *factor, &row_of_right);
                        m += 1;
                    }
                }
                right.first = right.first.wrapping_add(right.row);
                k += 1;
            }
            let mut m = 0;
            while m < M {
                lefts[m] = lefts[m].wrapping_add(AT_ONCE);
                if const { R::KNOWN.is_none() && size_of::<V>() >= 32 } {
                    lefts[m] = hidden(lefts[m]);
                }
                m += SHARE;
            }
            right.count -= AT_ONCE;
        }
    }

    /// As many tiles of `M` rows as there are, if they are for this function. If more rows are left
    /// than the next smaller tile has, the last tile begins before them: rows are computed again,
    /// unless the result is added to what they hold.
    ///
    /// Pointers move on from tile to tile: there is no register for every multiple of a row's length.
    #[inline(always)]
    fn tiles<const M: usize>(&mut self) {
        let Stripe { product, row, col, last, .. } = *self;
        if const {
            let is_rest = M < Self::MOST;
            M > Self::MOST || M == 6 && is_rest || is_rest != REST || !at_least(R::KNOWN, M)
        } {
            return;
        }
        debug_assert!(product.left.row == 1 || product.left.col == 1, "no neighbours");
        let cols = product.cols.get();
        let right_row = product.right_layout.row::<T>(col, cols);
        let right_part = product.right_layout.part;
        let first = product.right.wrapping_add(product.right_layout.column::<T>(col));
        let out_row = product.out_layout.row::<T>(col, cols);
        let out_part = product.out_layout.part;
        let mut out = product.out.wrapping_add(product.out_layout.column::<T>(col) + row * out_row);
        let mut left = product.left.row(row);
        let mut rest = product.rows.get() - row;
        let fewer = const { if M == 6 { 4 } else { M / 2 } };
        let may_overlap = product.rows.get() >= M && !matches!(product.start, Start::Out);
        loop {
            if rest < M {
                if !may_overlap || rest <= fewer {
                    break;
                }
                let again = M - rest;
                out = out.wrapping_sub(again * out_row);
                left = left.wrapping_sub(again * product.left.row);
                rest = M;
            }
            let mut sums = [[V::splat(T::ZERO); N]; M];
            // SAFETY: what is loaded and stored are elements of the three matrices, which are
            // borrowed: these rows, `M` of all that there are, these columns, and each k below `depth`.
            unsafe {
                match product.start {
                    Start::Zero => {}
                    Start::Row(row) => {
                        sums = [load_row::<T, V, N, WHOLE>(row.add(col), width::<T>(), last); M];
                    }
                    Start::Out => {
                        self.load_rows::<0, M>(&mut sums, out, out_row, out_part);
                        self.load_rows::<8, M>(&mut sums, out, out_row, out_part);
                    }
                }
                let right =
                    Terms { first, row: right_row, part: right_part, count: product.depth.get() };
                if product.left.row == 1 {
                    self.add_by_columns(&mut sums, left, right);
                } else {
                    self.add_by_rows(&mut sums, left, right);
                }
                if product.relu {
                    let mut m = 0;
                    while m < M {
                        relu(&mut sums[m]);
                        m += 1;
                    }
                }
                self.store_rows::<0, M>(&sums, out, out_row, out_part);
                self.store_rows::<8, M>(&sums, out, out_row, out_part);
                if !product.claim.is_empty() {
                    let mut line = 0;
                    while line < M * N {
                        let (m, n) = (line / N, line % N);
                        product.claim.line(out.add(m * out_row + vector::<T, V>(n, out_part)));
                        line += 1;
                    }
                }
            }
            out = out.wrapping_add(M * out_row);
            left = left.wrapping_add(M * product.left.row);
            rest -= M;
        }
        self.row = product.rows.get() - rest;
    }
}
