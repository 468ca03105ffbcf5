//! The three products of a dense layer, for a batch of `B` samples:
//!
//! | product | shape | here |
//! |---|---|---|
//! | s = W h + b | `[B][OUT]` | [`affine`] |
//! | ∂J/∂W = Σ δ hᵀ | [`Panels`] | [`outer`] |
//! | g = Wᵀ δ | `[B][IN]` | [`transposed`] |
//!
//! W is stored in [`Panels`], so that the outputs of one input are contiguous, a vector or more at
//! a time. Then all three are one loop, [`Product`]: add multiples of such rows, tile by tile, with
//! the tile held in registers. Only the third needs its rows packed first, a square at a time. A
//! single sample takes a path of its own, [`Single`].
//!
//! Where there are no vectors, the same sums are those of [`plain`].
//!
//! Every sum runs over its terms in order, whatever the vectors are; only a single sample has
//! several chains of sums, whose number depends on the layer alone.
//!
//! A small product is inlined into its layer's pass and compiled for its sizes. A large one is done
//! by functions that take sizes as numbers, one for each shape of a tile, and of a single sample one
//! for each width of a block: the same for all layers. The loops are `while` loops over indices,
//! because most of what they are inlined into is compiled for several machines, and iterators would
//! double the work of the compiler.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::lanes::{Lanes, Square};
use super::{Aligned, Claim, Float, Machine, Panels, Task, panels};
use crate::layer::Store;

mod plain;

pub use plain::Plain;

/// What is compiled where there may be no vectors. `if const` would do, but for what it leaves out
/// the compiler still works through all that it mentions, for every layer.
macro_rules! without_vectors {
    ($code:expr) => {
        #[cfg(any(
            test,
            not(any(
                all(target_arch = "x86_64", target_feature = "sse2"),
                all(target_arch = "aarch64", target_feature = "neon"),
                all(target_arch = "wasm32", target_feature = "simd128")
            ))
        ))]
        $code
    };
}

/// Multiply-accumulates up to which a product is inlined into its layer's pass.
const INLINE: usize = 512;

/// The same for one sample, whose functions are called at little cost: with 512 no network is
/// quicker, and one of 64 layers takes the compiler a tenth longer.
const INLINE_SINGLE: usize = 256;

/// Functions that are chosen for each layer and machine. They are constants because, of an `if
/// const`, the compiler works through both ways and all that they mention: a network of 64 layers
/// took half as long again.
struct Chosen<X, P>(PhantomData<(X, P)>);

/// Whether a product of so many multiply-accumulates is inlined. Without vectors all are: a
/// function for any size is larger than one for the size of a layer.
const fn is_inlined<X: Machine, T: Float>(macs: usize, most: usize) -> bool {
    <T::Lanes<X> as Lanes<T>>::PLAIN || macs <= most
}

/// Whether a layer of so many outputs has whole panels and one that is not: twice as much code.
const fn has_rest<T>(outputs: usize) -> bool {
    outputs > width::<T>() && !outputs.is_multiple_of(width::<T>())
}

/// Whether [`affine`] has the activation Relu in it, where it is asked for.
pub(crate) const fn has_relu<X: Machine, T: Float>() -> bool {
    !<T::Lanes<X> as Lanes<T>>::PLAIN
}

/// s = W h + b for each sample, or Relu of it: `x` is `[B][IN]`, `y` is `[B][OUT]`.
#[inline(always)]
pub(crate) fn affine<X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>(
    w: &Panels<T, IN, OUT>,
    bias: &[T; OUT],
    x: &[[T; IN]; B],
    y: &mut [[T; OUT]; B],
    relu: bool,
) {
    if const { B == 1 }
        && let ([x], [y]) = (x.as_slice(), y.as_mut_slice())
    {
        Single::<T, Known<IN>, Known<OUT>>::new(w, bias, x, y, relu).run::<X>();
    } else {
        Product { relu, ..Product::new(rows(x), w, Start::Row(bias), y) }.run_chosen::<X>();
    }
}

/// ∂J/∂W = Σ δ hᵀ over the batch: `x` is `[B][IN]`, `ds` is `[B][OUT]`. Claims the weights of which
/// `dw` is the gradient.
#[inline(always)]
pub(crate) fn outer<X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>(
    x: &[[T; IN]; B],
    ds: &[[T; OUT]; B],
    dw: &mut Panels<T, IN, OUT>,
    store: Store,
    claim: Claim<T>,
) {
    Product { claim, ..Product::new(rows(x).transposed(), ds, store.into(), dw) }.run_chosen::<X>();
}

/// Σ δ over the batch: the gradient of the bias. `ds` is `[B][OUT]`.
#[inline(always)]
pub(crate) fn sum_rows<X: Machine, T: Float, const OUT: usize, const B: usize>(
    ds: &[[T; OUT]; B],
    db: &mut [T; OUT],
    store: Store,
) {
    // The same one for each sample.
    let ones = Matrix { first: &T::ONE, row: 0, col: 0, elements: PhantomData };
    let db = core::array::from_mut(db);
    Product::<T, Known<1>, Known<B>, Known<OUT>>::new(ones, ds, store.into(), db).run_chosen::<X>();
}

/// g = Wᵀ δ for each sample: `ds` is `[B][OUT]`, `dx` is `[B][IN]`.
#[inline(always)]
pub(crate) fn transposed<
    X: Machine,
    T: Float,
    const IN: usize,
    const OUT: usize,
    const B: usize,
>(
    w: &Panels<T, IN, OUT>,
    ds: &[[T; OUT]; B],
    dx: &mut [[T; IN]; B],
) {
    Chosen::<X, Transposing<T, IN, OUT, B>>::RUN(Transposing { w, ds, dx });
}

/// g = Wᵀ δ of known sizes.
struct Transposing<'a, T: Float, const IN: usize, const OUT: usize, const B: usize> {
    w: &'a Panels<T, IN, OUT>,
    ds: &'a [[T; OUT]; B],
    dx: &'a mut [[T; IN]; B],
}

impl<'a, X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>
    Chosen<X, Transposing<'a, T, IN, OUT, B>>
{
    const RUN: fn(Transposing<'a, T, IN, OUT, B>) = if <T::Lanes<X> as Lanes<T>>::PLAIN {
        |product| {
            let (w, ds, dx) = product.erased();
            Transposed::of(w, ds, dx, IN, OUT, B).run::<X>();
        }
    } else if IN * OUT * B <= INLINE {
        Transposing::by_rows::<X>
    } else {
        |product| {
            let (w, ds, dx) = product.erased();
            X::run_made(Transposed::of, w, ds, dx, IN, OUT, B);
        }
    };
}

impl<'a, T: Float, const IN: usize, const OUT: usize, const B: usize>
    Transposing<'a, T, IN, OUT, B>
{
    /// With Wᵀ on the stack.
    #[inline(always)]
    fn by_rows<X: Machine>(self) {
        let Transposing { w, ds, dx } = self;
        let mut w_transposed = [[T::ZERO; IN]; OUT];
        let mut rest = w.numbers();
        let mut first = 0;
        while first < OUT {
            let width = usize::min(OUT - first, Panels::<T, IN, OUT>::WIDTH);
            let mut i = 0;
            while i < IN {
                let (row, behind) = rest.split_at(width);
                let mut o = 0;
                while o < width {
                    w_transposed[first + o][i] = row[o];
                    o += 1;
                }
                rest = behind;
                i += 1;
            }
            first += width;
        }
        Product::new(rows(ds), &w_transposed, Start::Zero, dx).run::<X>();
    }

    /// For a [`Transposed`], whose sizes are numbers.
    #[inline(always)]
    fn erased(self) -> (*const T, *const T, *mut T) {
        let Transposing { w, ds, dx } = self;
        (w.numbers().as_ptr(), ds.as_ptr().cast(), dx.as_mut_ptr().cast())
    }
}

/// A size: a number, or [`Known`] when this is compiled.
pub trait Size: Copy {
    /// The size, where it is known.
    const KNOWN: Option<usize>;

    /// The size.
    fn get(self) -> usize;
}

/// A size that the compiler knows.
#[derive(Clone, Copy)]
struct Known<const N: usize>;

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

/// A matrix of `R × C` in memory: its element (r, c) is `r · row + c · col` behind the first.
struct Matrix<'a, T, const R: usize, const C: usize> {
    first: *const T,
    row: usize,
    col: usize,
    elements: PhantomData<&'a [[T; C]; R]>,
}

#[inline(always)]
fn rows<T, const R: usize, const C: usize>(rows: &[[T; C]; R]) -> Matrix<'_, T, R, C> {
    Matrix { first: rows.as_ptr().cast(), row: C, col: 1, elements: PhantomData }
}

impl<'a, T, const R: usize, const C: usize> Matrix<'a, T, R, C> {
    #[inline(always)]
    fn transposed(self) -> Matrix<'a, T, C, R> {
        Matrix { first: self.first, row: self.col, col: self.row, elements: PhantomData }
    }

    #[inline(always)]
    fn erased(self) -> Strided<T> {
        Strided { first: self.first, row: self.row, col: self.col }
    }
}

/// A [`Matrix`] whose sizes are kept elsewhere.
struct Strided<T> {
    first: *const T,
    row: usize,
    col: usize,
}

impl<T> Strided<T> {
    /// Where row `r` begins.
    #[inline(always)]
    fn row(&self, r: usize) -> *const T {
        self.first.wrapping_add(r * self.row)
    }
}

/// How the columns of a matrix lie in memory, in parts of as many as a panel has: the numbers of a
/// row are contiguous in each.
#[derive(Clone, Copy)]
struct Layout {
    /// From a row to the next.
    row: usize,
    /// The same in the last part, where it is not whole.
    last_row: usize,
    /// From a part to the next.
    part: usize,
}

impl Layout {
    /// Whole rows, one after another.
    #[inline(always)]
    const fn rows<T>(cols: usize) -> Self {
        Layout { row: cols, last_row: cols, part: width::<T>() }
    }

    /// [`Panels`].
    #[inline(always)]
    const fn panels<T>(rows: usize, cols: usize) -> Self {
        let width = width::<T>();
        Layout { row: width, last_row: cols % width, part: width * rows }
    }

    /// Where a column begins.
    #[inline(always)]
    const fn column<T>(self, col: usize) -> usize {
        col / width::<T>() * self.part + col % width::<T>()
    }

    /// From a row to the next, for a column of so many.
    #[inline(always)]
    const fn row<T>(self, col: usize, cols: usize) -> usize {
        if col < whole::<T>(cols) { self.row } else { self.last_row }
    }
}

/// The columns of a whole panel.
const fn width<T>() -> usize {
    panels::width(size_of::<T>())
}

/// The columns in whole panels, of so many.
const fn whole<T>(cols: usize) -> usize {
    cols - cols % width::<T>()
}

/// A matrix of `R × C` that can be read, or written, column by column.
struct Columns<'a, P, const R: usize, const C: usize> {
    first: P,
    layout: Layout,
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

/// What the sums of a product begin with.
enum Start<B> {
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
struct Product<'a, T, R, D, C> {
    left: Strided<T>,
    right: *const T,
    right_layout: Layout,
    start: Start<*const T>,
    out: *mut T,
    out_layout: Layout,
    rows: R,
    depth: D,
    cols: C,
    relu: bool,
    /// Of the weights whose gradient is the result.
    claim: Claim<T>,
    borrowed: PhantomData<&'a mut [T]>,
}

impl<'a, T: Float, const R: usize, const D: usize, const C: usize>
    Product<'a, T, Known<R>, Known<D>, Known<C>>
{
    #[inline(always)]
    fn new(
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
    fn run_chosen<X: Machine>(self) {
        Chosen::<X, Self>::RUN(self);
    }

    /// Does it in the function for all sizes.
    #[inline(always)]
    fn run_erased<X: Machine>(self) {
        X::run(self.erased());
    }

    /// Does what is one block of columns by the functions of its tiles: which these are is known.
    #[inline(always)]
    fn run_block<X: Machine, V: Lanes<T>, const N: usize, const WHOLE: bool>(self) {
        const {
            assert!(C.div_ceil(V::N) == N && C.is_multiple_of(V::N) == WHOLE, "other vectors");
            assert!(C < width::<T>() || C.is_multiple_of(width::<T>()), "panels of two widths");
        }
        let last = const { C - (N - 1) * V::N };
        let grid = Grid { product: &self.erased(), rows: Known::<R>, cols: Known::<C> };
        // SAFETY: these are all its columns, as has been checked.
        unsafe { grid.columns::<X, T, V, N, WHOLE>(0, last) }
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

impl<'a, X: Machine, T: Float, const R: usize, const D: usize, const C: usize>
    Chosen<X, Product<'a, T, Known<R>, Known<D>, Known<C>>>
{
    const RUN: fn(Product<'a, T, Known<R>, Known<D>, Known<C>>) = {
        let code = if R == 1 && has_rest::<T>(C) { 8 } else { 1 };
        let split = Split::of::<T, T::Lanes<X>>();
        let block = if C > 0 && split.numbers(0, C) == C { C.div_ceil(split.lanes) } else { 0 };
        if is_inlined::<X, T>(code * R * D * C, INLINE) {
            Product::run::<X>
        } else if is_half::<X, T>(C) {
            if C == Half::<X, T>::N {
                Product::run_block::<X, Half<X, T>, 1, true>
            } else {
                Product::run_block::<X, Half<X, T>, 1, false>
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
    Self: Tiled<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        without_vectors!(if const { <T::Lanes<X> as Lanes<T>>::PLAIN } {
            return self.run_plain();
        });
        Grid { product: &self, rows: self.rows, cols: self.cols }.run::<X, T>();
    }
}

/// A product that is done in [`Tiles`].
trait Tiled<T: Float> {
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
struct Grid<'p, P, R, C> {
    product: &'p P,
    rows: R,
    cols: C,
}

impl<P, R: Size, C: Size> Grid<'_, P, R, C> {
    /// All of them.
    #[inline(always)]
    fn run<X: Machine, T: Float>(self)
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
    unsafe fn columns<X: Machine, T: Float, V: Lanes<T>, const N: usize, const WHOLE: bool>(
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

/// Whether a size is `least` or more, as far as it is known.
const fn at_least(size: Option<usize>, least: usize) -> bool {
    match size {
        Some(size) => size >= least,
        None => true,
    }
}

/// Where vector `n` of a row is, which begins with a part if it is of several.
#[inline(always)]
const fn vector<T, V: Lanes<T>>(n: usize, part: usize) -> usize {
    let vectors = const { width::<T>() / V::N };
    n / vectors * part + n % vectors * V::N
}

/// The `N` vectors from `from` on, the last of `last` numbers: of all, if it is `WHOLE`. From a
/// part of the row to the next it is `part`.
///
/// # Safety
/// These numbers can be read.
#[inline(always)]
unsafe fn load_row<T, V: Lanes<T>, const N: usize, const WHOLE: bool>(
    from: *const T,
    part: usize,
    last: usize,
) -> [V; N] {
    // SAFETY: the caller's.
    unsafe {
        let end = from.add(vector::<T, V>(N - 1, part));
        let mut row = [if WHOLE { V::load(end) } else { V::load_first(end, last) }; N];
        let mut n = 0;
        while n + 1 < N {
            row[n] = V::load(from.add(vector::<T, V>(n, part)));
            n += 1;
        }
        row
    }
}

/// Writes the `N` vectors of `row` from `to` on, of the last only `last` numbers, unless it is
/// `WHOLE`. From a part of the row to the next it is `part`.
///
/// # Safety
/// These numbers can be written.
#[inline(always)]
unsafe fn store_row<T, V: Lanes<T>, const N: usize, const WHOLE: bool>(
    row: &[V; N],
    to: *mut T,
    part: usize,
    last: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut n = 0;
        while n + 1 < N {
            row[n].store(to.add(vector::<T, V>(n, part)));
            n += 1;
        }
        let end = to.add(vector::<T, V>(N - 1, part));
        if WHOLE { row[N - 1].store(end) } else { row[N - 1].store_first(end, last) }
    }
}

/// sums ← sums + factor · row.
#[inline(always)]
fn add_multiple<T, V: Lanes<T>, const N: usize>(sums: &mut [V; N], factor: T, row: &[V; N]) {
    let factor = V::splat(factor);
    let mut n = 0;
    while n < N {
        sums[n] = factor.mul_add(row[n], sums[n]);
        n += 1;
    }
}

/// sums ← Relu of them.
#[inline(always)]
fn relu<T, V: Lanes<T>, const N: usize>(sums: &mut [V; N]) {
    let mut n = 0;
    while n < N {
        sums[n] = sums[n].relu();
        n += 1;
    }
}

/// How columns are divided into blocks of vectors, as even as they come: of whole panels, or within
/// one.
#[derive(Clone, Copy)]
struct Split {
    /// Numbers in a vector.
    lanes: usize,
    /// The most vectors in a block.
    most: usize,
    /// Columns in a panel.
    panel: usize,
    /// Whether blocks whose last vector is whole are code of their own.
    apart: bool,
}

impl Split {
    /// For the tiles of a product.
    const fn of<T, V: Lanes<T>>() -> Self {
        Split { lanes: V::N, most: V::WIDTH, panel: width::<T>(), apart: true }
    }

    /// The numbers of the block that begins with column `col`, where the columns end at `end`.
    #[inline(always)]
    const fn numbers(self, col: usize, end: usize) -> usize {
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
    const fn only_width(self, range: Option<(usize, usize)>) -> Option<usize> {
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
    const fn blocks_of(self, width: usize, col: usize, end: usize) -> (usize, usize) {
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
    const fn has(self, range: Option<(usize, usize)>, width: usize, whole: bool) -> bool {
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
const fn all(cols: Option<usize>) -> Option<(usize, usize)> {
    match cols {
        Some(cols) => Some((0, cols)),
        None => None,
    }
}

/// The blocks of the columns from `col` on.
struct Blocks {
    col: usize,
    end: usize,
    split: Split,
}

/// Some neighbouring columns.
struct Block {
    /// The first column.
    col: usize,
    /// The vectors.
    width: usize,
    /// The numbers in the last of these.
    last: usize,
}

impl Blocks {
    #[inline(always)]
    fn next(&mut self) -> Option<Block> {
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

/// s = W x + b for one sample, or Relu of it.
///
/// A chain of sums must wait for each addition; many chains beside each other need not. Where a
/// layer has few outputs its inputs are dealt to 2, 4 or 8 chains that are added in the end. How
/// many is up to the layer, not to the machine; a last panel that is not whole has 8.
struct Single<'a, T, I, O> {
    w: *const T,
    bias: *const T,
    x: *const T,
    y: *mut T,
    inputs: I,
    outputs: O,
    relu: bool,
    borrowed: PhantomData<&'a mut [T]>,
}

impl<'a, T: Float, const IN: usize, const OUT: usize> Single<'a, T, Known<IN>, Known<OUT>> {
    #[inline(always)]
    fn new(
        w: &'a Panels<T, IN, OUT>,
        bias: &'a [T; OUT],
        x: &'a [T; IN],
        y: &'a mut [T; OUT],
        relu: bool,
    ) -> Self {
        Single {
            w: w.numbers().as_ptr(),
            bias: bias.as_ptr(),
            x: x.as_ptr(),
            y: y.as_mut_ptr(),
            inputs: Known,
            outputs: Known,
            relu,
            borrowed: PhantomData,
        }
    }
}

impl<T: Float, I: Size, O: Size> Task for Single<'_, T, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        Chosen::<X, Self>::PANELS(&self);
        Chosen::<X, Self>::LAST_PANEL(&self);
    }
}

/// The function for those of so many outputs that are in whole panels: `itself`, or `called`.
macro_rules! panels {
    ($outputs:expr, $then:ident, $single:ident) => {
        match whole::<T>($outputs) {
            0 => $then!(Single::nothing, $single),
            1..=16 => $then!(Single::panels_in_8_chains::<X>, $single),
            17..=32 => $then!(Single::panels_in_4_chains::<X>, $single),
            33..=127 => $then!(Single::panels_in_2_chains::<X>, $single),
            128.. => $then!(Single::panels_in_1_chain::<X>, $single),
        }
    };
}

/// The same for the others, which are in the last panel.
macro_rules! last_panel {
    ($outputs:expr, $then:ident, $single:ident) => {
        last_panel!($outputs, $then, $single, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($outputs:expr, $then:ident, $single:ident, $($w:literal)*) => {
        match $outputs % width::<T>() {
            0 => $then!(Single::nothing, $single),
            $($w if Half::<X, T>::PERMUTES => $then!(Single::last_panel::<X, $w>, $single),)*
            last if is_half::<X, T>(last) => {
                $then!(Single::last_panel_by::<X, Half<X, T>>, $single)
            }
            _ => $then!(Single::last_panel_by::<X, T::Lanes<X>>, $single),
        }
    };
}

macro_rules! itself {
    ($function:expr, $single:ident) => {
        $function
    };
}

macro_rules! called {
    ($function:expr, $single:ident) => {
        $function($single)
    };
}

impl<'a, X: Machine, T: Float, I: Size, O: Size> Chosen<X, Single<'a, T, I, O>> {
    const PANELS: fn(&Single<'a, T, I, O>) = match O::KNOWN {
        Some(outputs) => panels!(outputs, itself, single),
        None => |single| panels!(single.outputs.get(), called, single),
    };

    const LAST_PANEL: fn(&Single<'a, T, I, O>) = match O::KNOWN {
        Some(outputs) => last_panel!(outputs, itself, single),
        None => |single| last_panel!(single.outputs.get(), called, single),
    };
}

/// For few numbers, since half as long vectors lie across lines of the cache half as often; and to
/// transpose.
type Half<X, T> = <<T as Float>::Lanes<X> as Lanes<T>>::Half;

const fn half_is_less<X: Machine, T: Float>() -> bool {
    Half::<X, T>::N < T::Lanes::<X>::N
}

/// Whether half a vector is enough for so many numbers, and less than one.
const fn is_half<X: Machine, T: Float>(numbers: usize) -> bool {
    half_is_less::<X, T>() && numbers > 0 && numbers <= Half::<X, T>::N
}

/// Whether it may be for the last of so many columns, as far as they are known.
const fn may_have_half<X: Machine, T: Float>(cols: Option<usize>) -> bool {
    match cols {
        Some(cols) => is_half::<X, T>(cols % T::Lanes::<X>::N),
        None => half_is_less::<X, T>(),
    }
}

/// Functions for the outputs of a [`range`](Single::range), and for all in whole panels, in so many
/// chains, in blocks of so many vectors that there are 8 sums at the most.
macro_rules! in_chains {
    ($($name:ident, $panels:ident: $chains:literal of $($n:literal)*;)*) => {$(
        #[inline(always)]
        fn $panels<X: Machine>(&self) {
            self.$name::<X, T::Lanes<X>, true>(0, whole::<T>(self.outputs.get()));
        }

        #[inline(always)]
        fn $name<X: Machine, V: Lanes<T>, const WHOLE: bool>(&self, col: usize, end: usize) {
            without_vectors!(if const { V::PLAIN } {
                return self.in_plain_chains::<$chains, WHOLE>(col, end);
            });
            const fn split<T, V: Lanes<T>>() -> Split {
                Split { lanes: V::N, most: 8 / $chains, panel: width::<T>(), apart: false }
            }
            $(
                if const { split::<T, V>().has(Self::range(WHOLE), $n, false) } {
                    let (col, end) = const {
                        match Self::range(WHOLE) {
                            Some((col, end)) => Some(split::<T, V>().blocks_of($n, col, end)),
                            None => None,
                        }
                    }
                    .unwrap_or_else(|| split::<T, V>().blocks_of($n, col, end));
                    self.blocks::<X, V, $n, $chains, WHOLE>(col, end);
                }
            )*
        }
    )*};
}

impl<T: Float, I: Size, O: Size> Single<'_, T, I, O> {
    /// The outputs in whole panels, as far as they are known.
    const WHOLE: Option<usize> = match O::KNOWN {
        Some(outputs) => Some(whole::<T>(outputs)),
        None => None,
    };

    /// Those in whole panels, or those in the last that is not, from the first to the second.
    const fn range(whole: bool) -> Option<(usize, usize)> {
        match (O::KNOWN, Self::WHOLE) {
            (_, Some(panels)) if whole => Some((0, panels)),
            (Some(outputs), Some(panels)) => Some((panels, outputs)),
            _ => None,
        }
    }

    in_chains!(
        in_1_chain, panels_in_1_chain: 1 of 1 2 3 4 5 6 7 8;
        in_2_chains, panels_in_2_chains: 2 of 1 2 3 4;
        in_4_chains, panels_in_4_chains: 4 of 1 2;
        in_8_chains, panels_in_8_chains: 8 of 1;
    );

    #[inline(always)]
    fn layout(&self) -> Layout {
        Layout::panels::<T>(self.inputs.get(), self.outputs.get())
    }

    /// From a row of a panel to the next, for those of a [`range`](Self::range).
    #[inline(always)]
    fn row<const WHOLE: bool>(&self) -> usize {
        if WHOLE { const { width::<T>() } } else { self.outputs.get() % const { width::<T>() } }
    }

    /// Whether this is inlined into its layer's pass.
    const INLINED: bool = match (I::KNOWN, O::KNOWN) {
        (Some(inputs), Some(outputs)) => inputs * outputs <= INLINE_SINGLE,
        _ => false,
    };

    /// What there is to do for no outputs.
    #[inline(always)]
    fn nothing(&self) {}

    /// The outputs in the last panel, by vectors `V`.
    #[inline(always)]
    fn last_panel_by<X: Machine, V: Lanes<T>>(&self) {
        let outputs = self.outputs.get();
        self.in_8_chains::<X, V, false>(whole::<T>(outputs), outputs);
    }

    /// The `W` outputs in the last panel, by vectors that permute.
    #[inline(always)]
    fn last_panel<X: Machine, const W: usize>(&self) {
        let col = whole::<T>(self.outputs.get());
        let w = self.w.wrapping_add(self.layout().column::<T>(col));
        let (bias, x, y) = (self.bias.wrapping_add(col), self.x, self.y.wrapping_add(col));
        if const { Self::INLINED } {
            LastPanel::<T, Half<X, T>, I, W>::of(w, bias, x, y, self.inputs, self.relu).run::<X>();
        } else {
            let make = LastPanel::<T, Half<X, T>, usize, W>::of;
            X::run_made(make, w, bias, x, y, self.inputs.get(), self.relu);
        }
    }

    /// The outputs from `col` to `end`: in blocks of `N` vectors, in `C` chains.
    #[inline(always)]
    fn blocks<X: Machine, V: Lanes<T>, const N: usize, const C: usize, const WHOLE: bool>(
        &self,
        col: usize,
        end: usize,
    ) {
        let w = self.w.wrapping_add(self.layout().column::<T>(col));
        let (bias, y) = (self.bias.wrapping_add(col), self.y.wrapping_add(col));
        let (x, outputs) = (self.x, (end - col, self.relu));
        if const { Self::INLINED } {
            Chains::<T, V, I, N, C, WHOLE>::of(w, bias, x, y, self.inputs, outputs).run::<X>();
        } else {
            let make = Chains::<T, V, usize, N, C, WHOLE>::of;
            X::run_made(make, w, bias, x, y, self.inputs.get(), outputs);
        }
    }
}

/// The last panel of a [`Single`], of `W` outputs, in 8 chains, for vectors that
/// [permute](Square::permute).
///
/// Eight rows of the panel are `W` vectors of 8, in which every number has a chain and an output of
/// its own. To take a row at a time takes masks, and most rows lie across two lines of the cache.
struct LastPanel<'a, T, V, I, const W: usize> {
    w: *const T,
    bias: *const T,
    x: *const T,
    y: *mut T,
    inputs: I,
    relu: bool,
    borrowed: PhantomData<(&'a mut [T], V)>,
}

impl<T: Float, V: Square<T>, I: Size, const W: usize> Task for LastPanel<'_, T, V, I, W> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let inputs = self.inputs.get();
        let mut sums = [V::splat(T::ZERO); W];
        // SAFETY: what is loaded and stored is borrowed: `W` outputs, and rows below `inputs`.
        unsafe {
            sums[0] = V::load_first(self.bias, const { if W < 8 { W } else { 8 } });
            if const { W > 8 } {
                sums[1] = V::load_first(self.bias.add(8), const { W.saturating_sub(8) });
            }
            let mut k = 0;
            while k + 8 <= inputs {
                let (x, w) = (V::load(self.x.add(k)), self.w.add(k * W));
                let mut v = 0;
                while v < W {
                    sums[v] = x.permute(&ROWS.0[W][v]).mul_add(V::load(w.add(8 * v)), sums[v]);
                    v += 1;
                }
                k += 8;
            }
            let left = inputs - k;
            if left > 0 {
                // To add −0 · 0 changes nothing.
                let x = V::load_first(self.x.add(k), left).then(left, V::splat(-T::ZERO));
                let w = self.w.add(k * W);
                let mut v = 0;
                while v < W && 8 * v < left * W {
                    let w = V::load_first(w.add(8 * v), usize::min(left * W - 8 * v, 8));
                    sums[v] = x.permute(&ROWS.0[W][v]).mul_add(w, sums[v]);
                    v += 1;
                }
            }
            Self::add_chains(&mut sums);
            if self.relu {
                relu(&mut sums);
            }
            sums[0].store_first(self.y, const { if W < 8 { W } else { 8 } });
            if const { W > 8 } {
                sums[1].store_first(self.y.add(8), const { W.saturating_sub(8) });
            }
        }
    }
}

impl<'a, T: Float, V: Square<T>, I: Size, const W: usize> LastPanel<'a, T, V, I, W> {
    /// The places so many behind each of 8.
    const BEHIND: [[i32; 8]; 8] = {
        let mut places = [[0; 8]; 8];
        let mut i = 0;
        while i < 64 {
            places[i / 8][i % 8] = ((i / 8 + i) % 8) as i32;
            i += 1;
        }
        places
    };

    #[inline(always)]
    fn of(w: *const T, bias: *const T, x: *const T, y: *mut T, inputs: I, relu: bool) -> Self {
        LastPanel { w, bias, x, y, inputs, relu, borrowed: PhantomData }
    }

    /// Adds the upper half of the chains to the lower, until one is left: `W` outputs.
    #[inline(always)]
    fn add_chains(sums: &mut [V; W]) {
        let mut chains = 8;
        while chains > 1 {
            chains /= 2;
            // The upper half begins so many vectors and numbers behind the lower.
            let (vectors, numbers) = (chains * W / 8, chains * W % 8);
            let mut v = 0;
            while 8 * v < chains * W {
                let upper = sums[v + vectors];
                let upper = if numbers == 0 {
                    upper
                } else if v + vectors + 1 < W {
                    let next = sums[v + vectors + 1].permute(&Self::BEHIND[numbers]);
                    upper.permute(&Self::BEHIND[numbers]).then(8 - numbers, next)
                } else {
                    upper.permute(&Self::BEHIND[numbers])
                };
                sums[v] = sums[v].add(upper);
                v += 1;
            }
        }
    }
}

/// Of 8 rows of so many numbers, the row of each number.
///
/// A `static`, which other crates' code loads: of a constant it would make two instructions, to
/// save the load, for every permutation.
static ROWS: Rows = {
    let mut rows = [[[0; 8]; 16]; 16];
    let mut width = 1;
    while width < 16 {
        let mut number = 0;
        while number < 8 * width {
            rows[width][number / 8][number % 8] = (number / width) as i32;
            number += 1;
        }
        width += 1;
    }
    Rows(rows)
};

/// So that each 8 lie in one line of the cache.
#[repr(align(32))]
struct Rows([[[i32; 8]; 16]; 16]);

/// Neighbouring outputs of a [`Single`], in blocks of `N` vectors of `V` and `C` chains: those of
/// `WHOLE` panels, or those of the last, which is not.
struct Chains<'a, T, V, I, const N: usize, const C: usize, const WHOLE: bool> {
    w: *const T,
    bias: *const T,
    x: *const T,
    y: *mut T,
    inputs: I,
    outputs: usize,
    relu: bool,
    borrowed: PhantomData<(&'a mut [T], V)>,
}

impl<T: Float, V: Lanes<T>, I: Size, const N: usize, const C: usize, const WHOLE: bool> Task
    for Chains<'_, T, V, I, N, C, WHOLE>
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let mut col = 0;
        while col < self.outputs {
            let last =
                usize::min(self.outputs - col, const { N * V::N }) - const { (N - 1) * V::N };
            // SAFETY: the block is one of these.
            unsafe { self.block(col, last) }
            col += const { N * V::N };
        }
    }
}

impl<T: Float, V: Lanes<T>, I: Size, const N: usize, const C: usize, const WHOLE: bool>
    Chains<'_, T, V, I, N, C, WHOLE>
{
    #[inline(always)]
    fn of(
        w: *const T,
        bias: *const T,
        x: *const T,
        y: *mut T,
        inputs: I,
        (outputs, relu): (usize, bool),
    ) -> Self {
        Chains { w, bias, x, y, inputs, outputs, relu, borrowed: PhantomData }
    }

    /// The block from output `col` on, whose last vector has `last` numbers.
    ///
    /// # Safety
    /// It is one of these.
    #[inline(always)]
    unsafe fn block(&self, col: usize, last: usize) {
        let inputs = self.inputs.get();
        let width = const { width::<T>() };
        let row = if WHOLE { width } else { self.outputs };
        let part = width * inputs;
        let mut sums = [[V::splat(T::ZERO); N]; C];
        // SAFETY: what is loaded and stored is borrowed: the caller's columns, and each k below
        // `inputs`.
        unsafe {
            sums[0] = load_row::<T, V, N, WHOLE>(self.bias.add(col), width, last);
            let w = self.w.wrapping_add(col / width * part + col % width);
            let mut k = 0;
            while k + C <= inputs {
                let mut c = 0;
                while c < C {
                    let w = load_row::<T, V, N, WHOLE>(w.add((k + c) * row), part, last);
                    add_multiple(&mut sums[c], *self.x.add(k + c), &w);
                    c += 1;
                }
                k += C;
            }
            let mut c = 0;
            while c + 1 < C {
                if k + c < inputs {
                    let w = load_row::<T, V, N, WHOLE>(w.add((k + c) * row), part, last);
                    add_multiple(&mut sums[c], *self.x.add(k + c), &w);
                }
                c += 1;
            }
            let mut chains = C;
            while chains > 1 {
                chains /= 2;
                let mut c = 0;
                while c < chains {
                    let mut n = 0;
                    while n < N {
                        sums[c][n] = sums[c][n].add(sums[c + chains][n]);
                        n += 1;
                    }
                    c += 1;
                }
            }
            if self.relu {
                relu(&mut sums[0]);
            }
            store_row::<T, V, N, WHOLE>(&sums[0], self.y.add(col), width, last);
        }
    }
}

/// g = Wᵀ δ: squares of Wᵀ are packed, so that their rows are contiguous.
struct Transposed<'a, T> {
    w: *const T,
    ds: *const T,
    dx: *mut T,
    inputs: usize,
    outputs: usize,
    rows: usize,
    borrowed: PhantomData<&'a mut [T]>,
}

/// Rows and columns of a packed square, 4 KiB of `f32` on the stack: whole vectors of any machine.
const SQUARE: usize = 32;

impl<T: Float> Task for Transposed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        without_vectors!(if const { <T::Lanes<X> as Lanes<T>>::PLAIN } {
            return self.run_plain();
        });
        let mut square = Aligned(MaybeUninit::<[[T; SQUARE]; SQUARE]>::uninit());
        let square = square.0.as_mut_ptr().cast();
        let mut input = 0;
        while input < self.inputs {
            let cols = usize::min(SQUARE, self.inputs - input);
            let mut output = 0;
            while output < self.outputs {
                let depth = usize::min(SQUARE, self.outputs - output);
                // SAFETY: the square has room for what is within its sizes, and these are rows and
                // columns of W.
                unsafe { self.pack::<X>((input, cols), (output, depth), square) }
                let first = self.ds.wrapping_add(output);
                let product = Product {
                    left: Strided { first, row: self.outputs, col: 1 },
                    right: square,
                    right_layout: Layout::rows::<T>(SQUARE),
                    start: if output == 0 { Start::Zero } else { Start::Out },
                    out: self.dx.wrapping_add(input),
                    out_layout: Layout::rows::<T>(self.inputs),
                    rows: self.rows,
                    depth,
                    cols,
                    relu: false,
                    claim: Claim::NONE,
                    borrowed: PhantomData,
                };
                product.run::<X>();
                output += depth;
            }
            input += cols;
        }
    }
}

impl<T: Float> Transposed<'_, T> {
    #[inline(always)]
    fn of(
        w: *const T,
        ds: *const T,
        dx: *mut T,
        inputs: usize,
        outputs: usize,
        rows: usize,
    ) -> Self {
        Transposed { w, ds, dx, inputs, outputs, rows, borrowed: PhantomData }
    }

    /// The weights of input `input` to the outputs of a panel from `output` on, and how far they are
    /// from those of the next input.
    #[inline(always)]
    fn outputs_of(&self, input: usize, output: usize) -> (*const T, usize) {
        let layout = Layout::panels::<T>(self.inputs, self.outputs);
        let row = layout.row::<T>(output, self.outputs);
        (self.w.wrapping_add(layout.column::<T>(output) + input * row), row)
    }

    /// Writes `cols` rows of W from `input` on, of each the `depth` numbers from `output` on, as
    /// columns of the square.
    ///
    /// # Safety
    /// They are numbers of W, not more than the square takes.
    #[inline(always)]
    unsafe fn pack<X: Machine>(
        &self,
        (input, cols): (usize, usize),
        (output, depth): (usize, usize),
        square: *mut T,
    ) {
        let n = const { Half::<X, T>::N };
        let mut o = 0;
        while o < depth {
            let (from, row) = self.outputs_of(input, output + o);
            let numbers = usize::min(n, depth - o);
            let to = square.wrapping_add(o * SQUARE);
            let width = const { width::<T>() };
            let mut i = 0;
            if row == width && numbers == n {
                while i + n <= cols {
                    // SAFETY: the caller's.
                    unsafe { transpose::<T, Half<X, T>>(from.add(i * width), width, to.add(i)) }
                    i += n;
                }
            }
            if i < cols {
                let (from, to) = (from.wrapping_add(i * row), to.wrapping_add(i));
                X::run_made(Rest::of, from, row, cols - i, numbers, to, ());
            }
            o += n;
        }
    }
}

/// Rows that are yet to become columns of a packed square, of each so many numbers: no more than the
/// vectors that transpose have.
struct Rest<'a, T> {
    from: *const T,
    row: usize,
    rows: usize,
    numbers: usize,
    to: *mut T,
    borrowed: PhantomData<&'a mut [T]>,
}

impl<T: Float> Rest<'_, T> {
    #[inline(always)]
    fn of(from: *const T, row: usize, rows: usize, numbers: usize, to: *mut T, (): ()) -> Self {
        Rest { from, row, rows, numbers, to, borrowed: PhantomData }
    }
}

impl<T: Float> Task for Rest<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let Rest { mut from, row, mut rows, numbers, mut to, .. } = self;
        let n = const { Half::<X, T>::N };
        // SAFETY: these are rows, and columns of the packed square.
        unsafe {
            while rows >= n && numbers == n {
                transpose::<T, Half<X, T>>(from, row, to);
                from = from.wrapping_add(n * row);
                to = to.wrapping_add(n);
                rows -= n;
            }
            let mut r = 0;
            while r < rows {
                let mut o = 0;
                while o < numbers {
                    *to.add(o * SQUARE + r) = *from.add(r * row + o);
                    o += 1;
                }
                r += 1;
            }
        }
    }
}

/// Transposes a square of as many rows as a vector has numbers, to rows of a packed square.
///
/// A vector takes a segment of several rows, so that the numbers of a column are segments apart.
/// To zip the halves of so many vectors is to deal them like cards: after log₂ `SEGMENT` times the
/// numbers that were below each other are beside each other.
///
/// # Safety
/// The rows can be read, and as many of the packed square written.
#[inline(always)]
unsafe fn transpose<T: Float, V: Square<T>>(from: *const T, row: usize, to: *mut T) {
    let segment = const { V::SEGMENT };
    let mut first = 0;
    while first < const { V::N } {
        // No segment has more numbers.
        let mut columns = [V::splat(T::ZERO); 4];
        // SAFETY: the caller's.
        unsafe {
            let mut r = 0;
            while r < segment {
                columns[r] = V::load_segments(from.add(r * row + first), segment * row);
                r += 1;
            }
            let mut zipped = 1;
            while zipped < segment {
                let halves = columns;
                let mut r = 0;
                while r < segment / 2 {
                    (columns[2 * r], columns[2 * r + 1]) = halves[r].zip(halves[r + segment / 2]);
                    r += 1;
                }
                zipped *= 2;
            }
            let mut c = 0;
            while c < segment {
                columns[c].store(to.add((first + c) * SQUARE));
                c += 1;
            }
        }
        first += segment;
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
