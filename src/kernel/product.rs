//! The three products of a dense layer, for a batch of `B` samples:
//!
//! | product | shape | here |
//! |---|---|---|
//! | s = W h + b | `[B][OUT]` | [`affine`] |
//! | ∂J/∂W = Σ δ hᵀ | [`Panels`] | [`outer`] |
//! | g = Wᵀ δ | `[B][IN]` | [`transposed()`] |
//!
//! W is stored in [`Panels`], so that the outputs of one input are contiguous, a vector or more at
//! a time. Then all three are one loop, [`Product`]: add multiples of such rows, tile by tile, with
//! the tile held in registers. Only the third needs its rows packed first, a square at a time. A
//! single sample takes a path of its own, [`Single`].
//!
//! Every sum runs over its terms in order, whatever the vectors are; only a single sample has
//! several chains of sums, whose number depends on the layer alone.
//!
//! | file | |
//! |---|---|
//! | `matrix` | sizes, and how matrices lie in memory |
//! | `split` | how columns are divided into blocks |
//! | `vectors` | rows of several vectors |
//! | `tiles` | [`Product`] |
//! | `transposed` | W is packed for the third |
//! | `single` | [`Single`] |
//! | `plain` | where there are no vectors |
//!
//! A small product is inlined into its layer's pass and compiled for its sizes. A large one is done
//! by functions that take sizes as numbers, one for each shape of a tile, and of a single sample one
//! for each width of a block: the same for all layers. The loops are `while` loops over indices,
//! because most of what they are inlined into is compiled for several machines, and iterators would
//! double the work of the compiler.

use core::marker::PhantomData;

use super::lanes::Lanes;
use super::{Claim, Float, Machine, Panels, Task};
use crate::layer::Store;

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

mod matrix;
mod plain;
mod single;
mod split;
mod tiles;
mod transposed;
mod vectors;

pub use matrix::Size;
pub use plain::Plain;

use matrix::{Columns, Known, Layout, Matrix, Strided, rows, width};
use single::Single;
use split::Split;
use tiles::{Grid, Tiled};
use transposed::Transposing;
use vectors::{Half, is_half};

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
    let one = T::ONE;
    let db = core::array::from_mut(db);
    Product::new(Matrix::<T, 1, B>::filled(&one), ds, store.into(), db).run_chosen::<X>();
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

#[cfg(all(test, feature = "std"))]
mod tests;
