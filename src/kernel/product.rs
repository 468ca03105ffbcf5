//! The three products of a dense layer, for a batch of `B` samples:
//!
//! | product | shape | here |
//! |---|---|---|
//! | s = W h + b | `[B][OUT]` | [`affine`] |
//! | ∂J/∂W = Σ δ hᵀ | `[IN][OUT]` | [`outer`] |
//! | g = Wᵀ δ | `[B][IN]` | [`transposed`] |
//!
//! W is stored input-major, `[IN][OUT]`, so that the outputs of one input are contiguous. Then
//! all three are one loop, [`Product`]: add multiples of contiguous rows, tile by tile, with the
//! tile held in registers. Only the third needs its rows packed first, panel by panel. A single
//! sample takes a path of its own, [`Single`].
//!
//! Where there are no vectors, the same sums are those of [`plain`].
//!
//! Every sum runs over its terms in order, whatever the vectors are; only a single sample has
//! several chains of sums, whose number depends on the layer alone.
//!
//! A small product is inlined into its layer's pass and compiled for its sizes. A large one is a
//! function that takes its sizes as numbers, one for all layers. The loops are `while` loops over
//! indices, because most of what they are inlined into is compiled for several machines, and
//! iterators would double the work of the compiler.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::lanes::Lanes;
use super::{Float, Machine, Task};
use crate::layer::Store;

mod plain;

pub use plain::Plain;

/// Multiply-accumulates up to which a product is inlined into its layer's pass.
const INLINE: usize = 512;

/// The same for one sample, whose time is bound by latency: 32 × 32 takes 32 ns inlined, 54 ns as
/// a function.
const INLINE_SINGLE: usize = 1024;

/// Whether a product of so many multiply-accumulates is inlined. Without vectors all are: a
/// function for any size is larger than one for the size of a layer.
const fn is_inlined<X: Machine, T: Float>(macs: usize, most: usize) -> bool {
    <T::Lanes<X> as Lanes<T>>::PLAIN || macs <= most
}

/// s = W h + b for each sample: `w` is `[IN][OUT]`, `x` is `[B][IN]`, `y` is `[B][OUT]`.
#[inline(always)]
pub(crate) fn affine<X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>(
    w: &[[T; OUT]; IN],
    bias: &[T; OUT],
    x: &[[T; IN]; B],
    y: &mut [[T; OUT]; B],
) {
    if const { B == 1 }
        && let ([x], [y]) = (x.as_slice(), y.as_mut_slice())
    {
        let single = Single::<T, Known<IN>, Known<OUT>>::new(w, bias, x, y);
        if const { is_inlined::<X, T>(IN * OUT, INLINE_SINGLE) } {
            single.run::<X>();
        } else {
            X::run(single.erased());
        }
    } else {
        let product = Product::new(rows(x), w, Start::Row(bias), y);
        if const { is_inlined::<X, T>(IN * OUT * B, INLINE) } {
            product.run::<X>();
        } else {
            X::run(product.erased());
        }
    }
}

/// ∂J/∂W = Σ δ hᵀ over the batch: `x` is `[B][IN]`, `ds` is `[B][OUT]`, `dw` is `[IN][OUT]`.
#[inline(always)]
pub(crate) fn outer<X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>(
    x: &[[T; IN]; B],
    ds: &[[T; OUT]; B],
    dw: &mut [[T; OUT]; IN],
    store: Store,
) {
    let product = Product::new(rows(x).transposed(), ds, store.into(), dw);
    if const { is_inlined::<X, T>(IN * OUT * B, INLINE) } {
        product.run::<X>();
    } else {
        X::run(product.erased());
    }
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
    let product = Product::<T, Known<1>, Known<B>, Known<OUT>>::new(ones, ds, store.into(), db);
    if const { is_inlined::<X, T>(8 * OUT * B, INLINE) } {
        product.run::<X>();
    } else {
        X::run(product.erased());
    }
}

/// g = Wᵀ δ for each sample: `w` is `[IN][OUT]`, `ds` is `[B][OUT]`, `dx` is `[B][IN]`.
#[inline(always)]
pub(crate) fn transposed<
    X: Machine,
    T: Float,
    const IN: usize,
    const OUT: usize,
    const B: usize,
>(
    w: &[[T; OUT]; IN],
    ds: &[[T; OUT]; B],
    dx: &mut [[T; IN]; B],
) {
    if const { IN * OUT * B <= INLINE && !<T::Lanes<X> as Lanes<T>>::PLAIN } {
        let mut w_transposed = [[T::ZERO; IN]; OUT];
        let mut i = 0;
        while i < IN {
            let mut o = 0;
            while o < OUT {
                w_transposed[o][i] = w[i][o];
                o += 1;
            }
            i += 1;
        }
        Product::new(rows(ds), &w_transposed, Start::Zero, dx).run::<X>();
    } else {
        let transposed = Transposed {
            w: rows(w).erased(),
            ds: rows(ds).erased(),
            dx: dx.as_mut_ptr().cast(),
            inputs: IN,
            outputs: OUT,
            rows: B,
            borrowed: PhantomData,
        };
        if const { is_inlined::<X, T>(IN * OUT * B, INLINE) } {
            transposed.run::<X>();
        } else {
            X::run(transposed);
        }
    }
}

/// A size: a number, or [`Known`] when this is compiled.
trait Size: Copy {
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
    /// Where the element (r, c) is.
    #[inline(always)]
    fn at(&self, r: usize, c: usize) -> *const T {
        self.first.wrapping_add(r * self.row + c * self.col)
    }
}

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

/// out = start + left · right, where `left` is `rows × depth`, `right` is `depth × cols` and
/// `out` is `rows × cols`: all in memory that is borrowed for `'a`.
struct Product<'a, T, R, D, C> {
    left: Strided<T>,
    right: *const T,
    right_row: usize,
    start: Start<*const T>,
    out: *mut T,
    out_row: usize,
    rows: R,
    depth: D,
    cols: C,
    borrowed: PhantomData<&'a mut [T]>,
}

impl<'a, T, const R: usize, const D: usize, const C: usize>
    Product<'a, T, Known<R>, Known<D>, Known<C>>
{
    #[inline(always)]
    fn new(
        left: Matrix<'a, T, R, D>,
        right: &'a [[T; C]; D],
        start: Start<&'a [T; C]>,
        out: &'a mut [[T; C]; R],
    ) -> Self {
        Product {
            left: left.erased(),
            right: right.as_ptr().cast(),
            right_row: C,
            start: match start {
                Start::Zero => Start::Zero,
                Start::Row(row) => Start::Row(row.as_ptr()),
                Start::Out => Start::Out,
            },
            out: out.as_mut_ptr().cast(),
            out_row: C,
            rows: Known,
            depth: Known,
            cols: Known,
            borrowed: PhantomData,
        }
    }

    /// The same with sizes that are numbers.
    #[inline(always)]
    fn erased(self) -> Product<'a, T, usize, usize, usize> {
        let Product { left, right, right_row, start, out, out_row, borrowed, .. } = self;
        Product {
            left,
            right,
            right_row,
            start,
            out,
            out_row,
            rows: R,
            depth: D,
            cols: C,
            borrowed,
        }
    }
}

impl<T: Float, R: Size, D: Size, C: Size> Task for Product<'_, T, R, D, C> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        if const { <T::Lanes<X> as Lanes<T>>::PLAIN } {
            return self.run_plain();
        }
        let split = const { Split::of::<T, T::Lanes<X>>() };
        let mut blocks = Blocks { cols: self.cols, col: 0, split };
        while let Some(Block { col, width, last }) = blocks.next() {
            macro_rules! if_width {
                ($($n:literal)*) => {$(
                    // SAFETY: the block is within the columns, and whole where it is said to be.
                    unsafe {
                        if const { Split::of::<T, T::Lanes<X>>().has(C::KNOWN, $n, true) }
                            && width == $n
                            && last == T::Lanes::<X>::N
                        {
                            self.columns::<T::Lanes<X>, $n, true>(col, last);
                        } else if const { Split::of::<T, T::Lanes<X>>().has(C::KNOWN, $n, false) } && width == $n {
                            self.columns::<T::Lanes<X>, $n, false>(col, last);
                        }
                    }
                )*};
            }
            if_width!(1 2 3 4);
        }
    }
}

impl<T: Float, R: Size, D: Size, C: Size> Product<'_, T, R, D, C> {
    /// The `N` vectors of columns from `col` on, the last of which has `last` numbers: all that a
    /// vector holds if it is `WHOLE`.
    ///
    /// # Safety
    /// They are columns of the product.
    #[inline(always)]
    unsafe fn columns<V: Lanes<T>, const N: usize, const WHOLE: bool>(
        &self,
        col: usize,
        last: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let row = 0;
            let row = self.rows::<V, 8, N, WHOLE>(row, col, last);
            let row = self.rows::<V, 6, N, WHOLE>(row, col, last);
            let row = self.rows::<V, 4, N, WHOLE>(row, col, last);
            let row = self.rows::<V, 2, N, WHOLE>(row, col, last);
            self.rows::<V, 1, N, WHOLE>(row, col, last);
        }
    }

    /// As many tiles of `M` rows from `row` on as there are: the first row that is left.
    ///
    /// # Safety
    /// As for [`columns`](Self::columns).
    #[inline(always)]
    unsafe fn rows<V: Lanes<T>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        row: usize,
        col: usize,
        last: usize,
    ) -> usize {
        let mut row = row;
        // Of 8 and 6 rows only what is the most.
        if const {
            let most = if WHOLE { V::SUMS } else { V::PARTIAL_SUMS } / N;
            M <= most && at_least(R::KNOWN, M) && (M != 6 || most < 8)
        } {
            while row + M <= self.rows.get() {
                // SAFETY: the caller's, and these are rows of the product.
                unsafe { self.tile::<V, M, N, WHOLE>(row, col, last) }
                row += M;
            }
        }
        row
    }

    /// `M` rows from `row` on, of the vectors of [`columns`](Self::columns).
    ///
    /// # Safety
    /// They are rows and columns of the product.
    #[inline(always)]
    unsafe fn tile<V: Lanes<T>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        row: usize,
        col: usize,
        last: usize,
    ) {
        let out = self.out.wrapping_add(row * self.out_row + col);
        let mut sums = [[V::splat(T::ZERO); N]; M];
        // SAFETY: what is loaded and stored are elements of the three matrices, which are
        // borrowed: the caller's rows and columns, and each k below `depth`.
        unsafe {
            match self.start {
                Start::Zero => {}
                Start::Row(row) => sums = [load_row::<T, V, N, WHOLE>(row.add(col), last); M],
                Start::Out => {
                    let mut m = 0;
                    while m < M {
                        sums[m] = load_row::<T, V, N, WHOLE>(out.add(m * self.out_row), last);
                        m += 1;
                    }
                }
            }
            let mut left = self.left.at(row, 0);
            let mut right = self.right.wrapping_add(col);
            let mut k = 0;
            while k < self.depth.get() {
                let right_row = load_row::<T, V, N, WHOLE>(right, last);
                let mut m = 0;
                while m < M {
                    add_multiple(&mut sums[m], *left.add(m * self.left.row), &right_row);
                    m += 1;
                }
                left = left.wrapping_add(self.left.col);
                right = right.wrapping_add(self.right_row);
                k += 1;
            }
            let mut m = 0;
            while m < M {
                store_row::<T, V, N, WHOLE>(&sums[m], out.add(m * self.out_row), last);
                m += 1;
            }
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

/// The `N` vectors from `from` on, the last of `last` numbers: of all, if it is `WHOLE`.
///
/// # Safety
/// These numbers can be read.
#[inline(always)]
unsafe fn load_row<T, V: Lanes<T>, const N: usize, const WHOLE: bool>(
    from: *const T,
    last: usize,
) -> [V; N] {
    // SAFETY: the caller's.
    unsafe {
        let end = from.add((N - 1) * V::N);
        let mut row = [if WHOLE { V::load(end) } else { V::load_first(end, last) }; N];
        let mut n = 0;
        while n + 1 < N {
            row[n] = V::load(from.add(n * V::N));
            n += 1;
        }
        row
    }
}

/// Writes the `N` vectors of `row` from `to` on, of the last only `last` numbers, unless it is
/// `WHOLE`.
///
/// # Safety
/// These numbers can be written.
#[inline(always)]
unsafe fn store_row<T, V: Lanes<T>, const N: usize, const WHOLE: bool>(
    row: &[V; N],
    to: *mut T,
    last: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut n = 0;
        while n + 1 < N {
            row[n].store(to.add(n * V::N));
            n += 1;
        }
        let end = to.add((N - 1) * V::N);
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

/// How columns are divided into blocks of vectors, as even as they come.
#[derive(Clone, Copy)]
struct Split {
    /// Numbers in a vector.
    lanes: usize,
    /// The most vectors in a block.
    most: usize,
    /// Whether blocks whose last vector is whole are code of their own.
    apart: bool,
}

impl Split {
    /// For the tiles of a product.
    const fn of<T, V: Lanes<T>>() -> Self {
        Split { lanes: V::N, most: V::WIDTH, apart: V::SUMS != V::PARTIAL_SUMS }
    }

    /// The vectors of the first of the blocks for so many columns.
    #[inline(always)]
    const fn first(self, cols: usize) -> usize {
        let vectors = cols.div_ceil(self.lanes);
        if vectors <= self.most { vectors } else { vectors.div_ceil(vectors.div_ceil(self.most)) }
    }

    /// Whether a block of `width` vectors may come that has code of its own for being whole, or
    /// has not.
    const fn has(self, cols: Option<usize>, width: usize, whole: bool) -> bool {
        let Some(mut rest) = cols else {
            return width <= self.most && (self.apart || !whole);
        };
        while rest > 0 {
            let first = self.first(rest);
            if first == width && whole == (self.apart && rest >= first * self.lanes) {
                return true;
            }
            rest = rest.saturating_sub(first * self.lanes);
        }
        false
    }
}

/// The blocks of some columns.
struct Blocks<C> {
    cols: C,
    col: usize,
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

impl<C: Size> Blocks<C> {
    #[inline(always)]
    fn next(&mut self) -> Option<Block> {
        let Blocks { col, split, .. } = *self;
        let rest = self.cols.get() - col;
        if rest == 0 {
            return None;
        }
        let width = split.first(rest);
        let numbers = usize::min(rest, width * split.lanes);
        self.col += numbers;
        Some(Block { col, width, last: numbers - (width - 1) * split.lanes })
    }
}

/// s = W x + b for one sample.
///
/// A chain of sums must wait for each addition; many chains beside each other need not. Where a
/// layer has few outputs its inputs are dealt to 2, 4 or 8 chains that are added in the end. How
/// many is up to the layer, not to the machine.
struct Single<'a, T, I, O> {
    w: *const T,
    bias: *const T,
    x: *const T,
    y: *mut T,
    inputs: I,
    outputs: O,
    borrowed: PhantomData<&'a mut [T]>,
}

impl<'a, T, const IN: usize, const OUT: usize> Single<'a, T, Known<IN>, Known<OUT>> {
    #[inline(always)]
    fn new(w: &'a [[T; OUT]; IN], bias: &'a [T; OUT], x: &'a [T; IN], y: &'a mut [T; OUT]) -> Self {
        Single {
            w: w.as_ptr().cast(),
            bias: bias.as_ptr(),
            x: x.as_ptr(),
            y: y.as_mut_ptr(),
            inputs: Known,
            outputs: Known,
            borrowed: PhantomData,
        }
    }

    /// The same with sizes that are numbers.
    #[inline(always)]
    fn erased(self) -> Single<'a, T, usize, usize> {
        let Single { w, bias, x, y, borrowed, .. } = self;
        Single { w, bias, x, y, inputs: IN, outputs: OUT, borrowed }
    }
}

impl<T: Float, I: Size, O: Size> Task for Single<'_, T, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let outputs = self.outputs.get();
        if const { at_least(O::KNOWN, 128) } && outputs >= 128 {
            self.in_chains::<X, 1>();
        }
        if const { at_least(O::KNOWN, 33) && at_most(O::KNOWN, 127) }
            && (33..128).contains(&outputs)
        {
            self.in_chains::<X, 2>();
        }
        if const { at_least(O::KNOWN, 17) && at_most(O::KNOWN, 32) } && (17..33).contains(&outputs)
        {
            self.in_chains::<X, 4>();
        }
        if const { at_most(O::KNOWN, 16) } && outputs < 17 {
            self.in_chains::<X, 8>();
        }
    }
}

/// Whether a size is `most` or less, as far as it is known.
const fn at_most(size: Option<usize>, most: usize) -> bool {
    match size {
        Some(size) => size <= most,
        None => true,
    }
}

impl<T: Float, I: Size, O: Size> Single<'_, T, I, O> {
    /// All outputs, in `C` chains: in blocks of so many vectors that there are 8 sums.
    #[inline(always)]
    fn in_chains<X: Machine, const C: usize>(&self) {
        if const { <T::Lanes<X> as Lanes<T>>::PLAIN } {
            return self.in_plain_chains::<C>();
        }
        const fn split(lanes: usize, chains: usize) -> Split {
            Split { lanes, most: 8 / chains, apart: false }
        }
        let mut blocks = Blocks { cols: self.outputs, col: 0, split: split(T::Lanes::<X>::N, C) };
        while let Some(Block { col, width, last }) = blocks.next() {
            macro_rules! if_width {
                ($($n:literal)*) => {$(
                    if const { split(T::Lanes::<X>::N, C).has(O::KNOWN, $n, false) }
                        && width == $n
                    {
                        // SAFETY: the block is within the outputs.
                        unsafe { self.block::<T::Lanes<X>, $n, C>(col, last) }
                    }
                )*};
            }
            if_width!(1 2 3 4 5 6 7 8);
        }
    }

    /// The outputs from `col` on: `N` vectors, the last of `last` numbers, in `C` chains.
    ///
    /// # Safety
    /// They are outputs of the layer.
    #[inline(always)]
    unsafe fn block<V: Lanes<T>, const N: usize, const C: usize>(&self, col: usize, last: usize) {
        let inputs = self.inputs.get();
        let mut sums = [[V::splat(T::ZERO); N]; C];
        // SAFETY: what is loaded and stored is borrowed: the caller's columns, and each k below
        // `inputs`.
        unsafe {
            sums[0] = load_row::<T, V, N, false>(self.bias.add(col), last);
            let w = self.w.wrapping_add(col);
            let row = self.outputs.get();
            let mut k = 0;
            while k + C <= inputs {
                let mut c = 0;
                while c < C {
                    let w = load_row::<T, V, N, false>(w.add((k + c) * row), last);
                    add_multiple(&mut sums[c], *self.x.add(k + c), &w);
                    c += 1;
                }
                k += C;
            }
            let mut c = 0;
            while c + 1 < C {
                if k + c < inputs {
                    let w = load_row::<T, V, N, false>(w.add((k + c) * row), last);
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
            store_row::<T, V, N, false>(&sums[0], self.y.add(col), last);
        }
    }
}

/// g = Wᵀ δ: rows of Wᵀ are packed panel by panel, so that they are contiguous.
struct Transposed<'a, T> {
    w: Strided<T>,
    ds: Strided<T>,
    dx: *mut T,
    inputs: usize,
    outputs: usize,
    rows: usize,
    borrowed: PhantomData<&'a mut [T]>,
}

/// Columns and rows of a packed panel, 4 KiB of `f32` on the stack: whole vectors of any machine.
const PANEL: usize = 32;

impl<T: Float> Task for Transposed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        if const { <T::Lanes<X> as Lanes<T>>::PLAIN } {
            return self.run_plain();
        }
        let mut panel = MaybeUninit::<[[T; PANEL]; PANEL]>::uninit();
        let panel = panel.as_mut_ptr().cast();
        let mut input = 0;
        while input < self.inputs {
            let cols = usize::min(PANEL, self.inputs - input);
            let mut output = 0;
            while output < self.outputs {
                let depth = usize::min(PANEL, self.outputs - output);
                // SAFETY: the panel has room for what is within its sizes, and these are rows and
                // columns of W.
                unsafe { self.pack::<T::Lanes<X>>((input, cols), (output, depth), panel) }
                let left = self.ds.at(0, output);
                X::run(Product {
                    left: Strided { first: left, row: self.ds.row, col: self.ds.col },
                    right: panel,
                    right_row: PANEL,
                    start: if output == 0 { Start::Zero } else { Start::Out },
                    out: self.dx.wrapping_add(input),
                    out_row: self.inputs,
                    rows: self.rows,
                    depth,
                    cols,
                    borrowed: PhantomData,
                });
                output += depth;
            }
            input += cols;
        }
    }
}

impl<T: Float> Transposed<'_, T> {
    /// Writes `cols` rows of W from `input` on, of each the `depth` numbers from `output` on, as
    /// columns of the panel. What else is in its vectors may be written too.
    ///
    /// # Safety
    /// They are numbers of W, not more than the panel takes.
    #[inline(always)]
    unsafe fn pack<V: Lanes<T>>(
        &self,
        (input, cols): (usize, usize),
        (output, depth): (usize, usize),
        panel: *mut T,
    ) {
        let mut o = 0;
        while o < depth {
            let mut i = 0;
            while i < cols {
                let (from, to) =
                    (self.w.at(input + i, output + o), panel.wrapping_add(o * PANEL + i));
                let (rows, numbers) = (cols - i, usize::min(V::N, depth - o));
                macro_rules! if_lanes {
                    ($($n:literal)*) => {$(
                        if const { V::N == $n } {
                            // SAFETY: the caller's, and a panel is whole squares.
                            unsafe { transpose::<T, V, $n>(from, self.w.row, rows, numbers, to) }
                        }
                    )*};
                }
                if_lanes!(2 4 8 16);
                i += V::N;
            }
            o += V::N;
        }
    }
}

/// Transposes a square of `N` rows, one vector each, of which only `rows` rows and the first
/// `numbers` of each are there; the others are taken as zero. To rows of a panel.
///
/// To zip the halves of the rows is to deal them like cards: after log₂ `N` times the numbers that
/// were below each other are beside each other.
///
/// # Safety
/// `V` is of `N` numbers, what is there can be read, and `N` rows of the panel written.
#[inline(always)]
unsafe fn transpose<T: Float, V: Lanes<T>, const N: usize>(
    from: *const T,
    from_row: usize,
    rows: usize,
    numbers: usize,
    to: *mut T,
) {
    let mut square = [V::splat(T::ZERO); N];
    // SAFETY: the caller's.
    unsafe {
        if rows >= N && numbers == N {
            let mut r = 0;
            while r < N {
                square[r] = V::load(from.add(r * from_row));
                r += 1;
            }
        } else {
            let mut r = 0;
            while r < N {
                if r < rows {
                    square[r] = V::load_first(from.add(r * from_row), numbers);
                }
                r += 1;
            }
        }
        let mut zipped = 1;
        while zipped < N {
            let halves = square;
            let mut r = 0;
            while r < N / 2 {
                (square[2 * r], square[2 * r + 1]) = halves[r].zip(halves[r + N / 2]);
                r += 1;
            }
            zipped *= 2;
        }
        let mut r = 0;
        while r < N {
            square[r].store(to.add(r * PANEL));
            r += 1;
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
