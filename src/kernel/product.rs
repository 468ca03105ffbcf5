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
//! the tile held in registers. Only the third needs its rows packed first, a part at a time; by
//! AVX2 a large second is quicker with packed columns. A
//! single sample takes a path of its own, [`Single`].
//!
//! Every sum runs over its terms in order, whatever the vectors are; only a single sample, and each
//! of a batch where outputs are few, has several chains of sums, whose number depends on the layer
//! alone.
//!
//! | file | |
//! |---|---|
//! | `batch` | [`Product`], tile by tile |
//! | `transposed` | the packing of W for the third |
//! | `single` | [`Single`] |
//! | `plain` | all of these where there are no vectors |
//! | `matrix` | sizes, and how matrices lie in memory |
//! | `split` | how columns are divided into blocks |
//! | `vectors` | rows of several vectors, and half vectors |
//! | `chosen` | what is inlined |
//!
//! A small product is inlined into its layer's pass and compiled for its sizes, but in a debug build. A large
//! one is done by functions that take sizes as numbers, two for each width of a block of columns, and of
//! a single sample one for each: the same for all layers. The loops are `while` loops over
//! indices, because most of what they are inlined into is compiled for several machines, and
//! iterators would double the work of the compiler.

use super::lanes::Lanes;
use super::{Claim, Float, Machine, Panels, Task};
use crate::Store;

/// What is compiled where there may be no vectors. `if const` would do, but for what it leaves out
/// the compiler still works through all that it mentions, for every layer. The files that use it
/// come after it.
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

mod batch;
mod chosen;
mod matrix;
mod plain;
mod single;
mod split;
mod transposed;
mod vectors;

pub use plain::Plain;

use batch::{Product, Start};
use chosen::Chosen;
use matrix::{Known, Matrix, first_column, rows};
use single::Single;
use transposed::Transposing;

/// Whether a layer of so many outputs takes the samples of a batch one by one: as rows beside each
/// other they would leave most of each vector empty. In `f64`, of half as many numbers to a vector,
/// that is no loss.
const fn is_narrow<T>(outputs: usize) -> bool {
    outputs <= 4 && size_of::<T>() == size_of::<f32>()
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
    if const { B == 1 || is_narrow::<T>(OUT) } {
        for (x, y) in x.iter().zip(y) {
            Single::<T, Known<IN>, Known<OUT>>::new(w, bias, x, y, relu).run::<X>();
        }
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
    Chosen::<X, Outer<T, IN, OUT, B>>::RUN(Outer { x, ds, dw, store, claim });
}

/// ∂J/∂W of known sizes.
struct Outer<'a, T: Float, const IN: usize, const OUT: usize, const B: usize> {
    x: &'a [[T; IN]; B],
    ds: &'a [[T; OUT]; B],
    dw: &'a mut Panels<T, IN, OUT>,
    store: Store,
    claim: Claim<T>,
}

impl<'a, X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>
    Chosen<X, Outer<'a, T, IN, OUT, B>>
{
    const RUN: fn(Outer<'a, T, IN, OUT, B>) =
        if OUT == 1 { Outer::row::<X> } else { Outer::panels::<X> };
}

impl<T: Float, const IN: usize, const OUT: usize, const B: usize> Outer<'_, T, IN, OUT, B> {
    /// Panels are `IN` rows, as many numbers wide as there are outputs.
    #[inline(always)]
    fn panels<X: Machine>(self) {
        let Outer { x, ds, dw, store, claim } = self;
        let product = Product::new(rows(x).transposed(), ds, store.into(), dw);
        Product { claim, ..product }.run_chosen::<X>();
    }

    /// The weights of a single output lie beside each other: one row of whole vectors.
    #[inline(always)]
    fn row<X: Machine>(self) {
        let Outer { x, ds, dw, store, claim } = self;
        if let Some(dw) = dw.numbers_mut().first_chunk_mut::<IN>() {
            let (ds, dw) = (first_column(ds), core::array::from_mut(dw));
            Product { claim, ..Product::new(ds, x, store.into(), dw) }.run_chosen::<X>();
        }
    }
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

#[cfg(all(test, feature = "std"))]
mod tests;
