//! The three products of a dense layer, for a batch of `B` samples:
//!
//! | product | shape | here |
//! |---|---|---|
//! | s = W h + b | `[B][OUT]` | [`affine`] |
//! | ∂J/∂W = Σ δ hᵀ | `[IN][OUT]` | [`outer`] |
//! | g = Wᵀ δ | `[B][IN]` | [`transposed`] |
//!
//! W is stored input-major, `[IN][OUT]`, so that the outputs of one input are contiguous: the
//! first two products then add multiples of contiguous rows, tile by tile, with the tile held in
//! registers. The third is made of dot products, which are summed in `LANES` interleaved parts,
//! since the compiler may not reorder a float sum by itself.
//!
//! Widths that are no multiple of a tile end in a tile that overlaps the one before it.

use super::{Float, Machine, Task};
use crate::layer::Store;

/// Multiply-accumulates from which a product becomes a function of its own instead of being
/// inlined into its layer's pass: below, the call would cost more than it saves.
const OUTLINE: usize = 4096;

/// The interleaved partial sums of a dot product.
const LANES: usize = 8;

/// The sums that a tile holds: what fits into registers, beside what is multiplied. Vector
/// registers hold 4 numbers or more, the 32 of a microcontroller's FPU one each.
const SUMS: usize =
    if cfg!(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128")) {
        64
    } else {
        16
    };

/// A block of `N` neighbouring columns.
#[derive(Clone, Copy)]
enum Block {
    /// The block that starts at column `N · index`.
    At(usize),
    /// The last `N` columns: the first few of them may belong to an earlier block too.
    Last,
}

impl Block {
    #[inline(always)]
    fn of<T, const N: usize, const WIDTH: usize>(self, row: &[T; WIDTH]) -> &[T; N] {
        match self {
            Block::At(index) => &row.as_chunks().0[index],
            Block::Last => row.last_chunk().expect("a block is no wider than its row"),
        }
    }

    #[inline(always)]
    fn of_mut<T, const N: usize, const WIDTH: usize>(self, row: &mut [T; WIDTH]) -> &mut [T; N] {
        match self {
            Block::At(index) => &mut row.as_chunks_mut().0[index],
            Block::Last => row.last_chunk_mut().expect("a block is no wider than its row"),
        }
    }

    /// How many of its first columns an earlier block has too.
    #[inline(always)]
    fn overlap<const N: usize, const WIDTH: usize>(self) -> usize {
        match self {
            Block::At(_) => 0,
            Block::Last => (N - WIDTH % N) % N,
        }
    }
}

/// Calls `f` with blocks that cover `WIDTH` columns, as wide as fit, for tiles of `ROWS` rows.
macro_rules! blocks {
    ($WIDTH:expr, $ROWS:expr, |$block:ident, $N:ident| $f:expr) => {{
        macro_rules! covering {
            ($n:literal) => {{
                const $N: usize = $n;
                for index in 0..$WIDTH / $n {
                    let $block = Block::At(index);
                    $f
                }
                if !$WIDTH.is_multiple_of($n) {
                    let $block = Block::Last;
                    $f
                }
            }};
        }
        if const { $WIDTH >= 16 && 16 * $ROWS <= SUMS } {
            covering!(16)
        } else if const { $WIDTH >= 8 && 8 * $ROWS <= SUMS } {
            covering!(8)
        } else if const { $WIDTH >= 4 } {
            covering!(4)
        } else if const { $WIDTH >= 2 } {
            covering!(2)
        } else if const { $WIDTH >= 1 } {
            covering!(1)
        }
    }};
}

/// Σₖ left(k) ⊗ right(k) on top of `sum`: an `M × N` tile of a matrix product.
#[inline(always)]
fn tile<'a, X: Machine, T: Float, const M: usize, const N: usize>(
    mut sum: [[T; N]; M],
    depth: usize,
    left: impl Fn(usize, usize) -> T,
    right: impl Fn(usize) -> &'a [T; N],
) -> [[T; N]; M] {
    for k in 0..depth {
        let right = right(k);
        for (m, sum) in sum.iter_mut().enumerate() {
            let left = left(k, m);
            for (sum, &right) in sum.iter_mut().zip(right) {
                *sum = X::mul_add(left, right, *sum);
            }
        }
    }
    sum
}

/// s = W h + b for each sample: `w` is `[IN][OUT]`, `x` is `[B][IN]`, `y` is `[B][OUT]`.
#[inline(always)]
pub(crate) fn affine<X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>(
    w: &[[T; OUT]; IN],
    bias: &[T; OUT],
    x: &[[T; IN]; B],
    y: &mut [[T; OUT]; B],
) {
    let task = Affine { w, bias, x, y };
    if const { IN * OUT * B >= OUTLINE } { X::run(task) } else { task.run::<X>() }
}

struct Affine<'a, T, const IN: usize, const OUT: usize, const B: usize> {
    w: &'a [[T; OUT]; IN],
    bias: &'a [T; OUT],
    x: &'a [[T; IN]; B],
    y: &'a mut [[T; OUT]; B],
}

impl<T: Float, const IN: usize, const OUT: usize, const B: usize> Task
    for Affine<'_, T, IN, OUT, B>
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let Affine { w, bias, x, y } = self;
        // A sample alone has two rows of sums: see `affine_single`.
        blocks!(OUT, if B < 4 { 2 } else { 4 }, |block, N| {
            let (x_groups, x_rest) = x.as_chunks::<4>();
            let (y_groups, y_rest) = y.as_chunks_mut::<4>();
            for (x, y) in x_groups.iter().zip(y_groups) {
                let start = [*block.of::<T, N, OUT>(bias); 4];
                let sums = tile::<X, T, 4, N>(start, IN, |i, row| x[row][i], |i| block.of(&w[i]));
                for (y, sum) in y.iter_mut().zip(sums) {
                    *block.of_mut(y) = sum;
                }
            }
            for (x, y) in x_rest.iter().zip(y_rest) {
                *block.of_mut(y) = affine_single::<X, T, IN, OUT, N>(w, bias, x, block);
            }
        });
    }
}

/// One block of s = W h + b of one sample, the even and the odd inputs summed apart: a single
/// chain of additions would wait for itself.
#[inline(always)]
fn affine_single<X: Machine, T: Float, const IN: usize, const OUT: usize, const N: usize>(
    w: &[[T; OUT]; IN],
    bias: &[T; OUT],
    x: &[T; IN],
    block: Block,
) -> [T; N] {
    let (w_pairs, w_rest) = w.as_chunks::<2>();
    let (x_pairs, x_rest) = x.as_chunks::<2>();
    let (mut even, mut odd) = (*block.of::<T, N, OUT>(bias), [T::ZERO; N]);
    for ([w_even, w_odd], &[x_even, x_odd]) in w_pairs.iter().zip(x_pairs) {
        add_multiple::<X, T, N>(&mut even, x_even, block.of(w_even));
        add_multiple::<X, T, N>(&mut odd, x_odd, block.of(w_odd));
    }
    for (w, &x) in w_rest.iter().zip(x_rest) {
        add_multiple::<X, T, N>(&mut even, x, block.of(w));
    }
    for (even, odd) in even.iter_mut().zip(odd) {
        *even += odd;
    }
    even
}

#[inline(always)]
fn add_multiple<X: Machine, T: Float, const N: usize>(sum: &mut [T; N], factor: T, row: &[T; N]) {
    for (sum, &value) in sum.iter_mut().zip(row) {
        *sum = X::mul_add(factor, value, *sum);
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
    let task = Outer { x, ds, dw, store };
    if const { IN * OUT * B >= OUTLINE } { X::run(task) } else { task.run::<X>() }
}

struct Outer<'a, T, const IN: usize, const OUT: usize, const B: usize> {
    x: &'a [[T; IN]; B],
    ds: &'a [[T; OUT]; B],
    dw: &'a mut [[T; OUT]; IN],
    store: Store,
}

impl<T: Float, const IN: usize, const OUT: usize, const B: usize> Task
    for Outer<'_, T, IN, OUT, B>
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let Outer { x, ds, dw, store } = self;
        blocks!(OUT, 4, |block, N| {
            let skip = block.overlap::<N, OUT>();
            let (groups, rest) = dw.as_chunks_mut::<4>();
            for (group, dw) in groups.iter_mut().enumerate() {
                let left = |sample: usize, row: usize| x[sample].as_chunks::<4>().0[group][row];
                let zero = [[T::ZERO; N]; 4];
                let sums = tile::<X, T, 4, N>(zero, B, left, |sample| block.of(&ds[sample]));
                for (dw, sum) in dw.iter_mut().zip(&sums) {
                    put_block(block.of_mut(dw), sum, skip, store);
                }
            }
            for (row, dw) in rest.iter_mut().enumerate() {
                let left = |sample: usize, _| x[sample].as_chunks::<4>().1[row];
                let zero = [[T::ZERO; N]; 1];
                let [sum] = tile::<X, T, 1, N>(zero, B, left, |sample| block.of(&ds[sample]));
                put_block(block.of_mut(dw), &sum, skip, store);
            }
        });
    }
}

/// Stores a block's sums but for the first `skip`, which another block stores.
#[inline(always)]
fn put_block<T: Float, const N: usize>(to: &mut [T; N], sums: &[T; N], skip: usize, store: Store) {
    match store {
        Store::Overwrite => *to = *sums,
        Store::Add => {
            for (to, &sum) in to.iter_mut().zip(sums).skip(skip) {
                *to += sum;
            }
        }
    }
}

/// Σ δ over the batch: the gradient of the bias.
#[inline(always)]
pub(crate) fn sum_rows<T: Float, const OUT: usize, const B: usize>(
    ds: &[[T; OUT]; B],
    db: &mut [T; OUT],
    store: Store,
) {
    for (o, db) in db.iter_mut().enumerate() {
        store.put(db, ds.iter().map(|row| row[o]).sum());
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
    let task = Transposed { w, ds, dx };
    if const { IN * OUT * B >= OUTLINE } { X::run(task) } else { task.run::<X>() }
}

struct Transposed<'a, T, const IN: usize, const OUT: usize, const B: usize> {
    w: &'a [[T; OUT]; IN],
    ds: &'a [[T; OUT]; B],
    dx: &'a mut [[T; IN]; B],
}

impl<T: Float, const IN: usize, const OUT: usize, const B: usize> Task
    for Transposed<'_, T, IN, OUT, B>
{
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        let Transposed { w, ds, dx } = self;
        let (ds_groups, ds_rest) = ds.as_chunks::<4>();
        let (dx_groups, dx_rest) = dx.as_chunks_mut::<4>();
        for (ds, dx) in ds_groups.iter().zip(dx_groups) {
            for (i, w) in w.iter().enumerate() {
                let sums = dots::<X, T, OUT, 4>(w, ds);
                for (dx, sum) in dx.iter_mut().zip(sums) {
                    dx[i] = sum;
                }
            }
        }
        for (ds, dx) in ds_rest.iter().zip(dx_rest) {
            for (w, dx) in w.iter().zip(dx) {
                [*dx] = dots::<X, T, OUT, 1>(w, core::array::from_ref(ds));
            }
        }
    }
}

/// The dot products of `a` with each of `M` vectors.
#[inline(always)]
fn dots<X: Machine, T: Float, const LEN: usize, const M: usize>(
    a: &[T; LEN],
    b: &[[T; LEN]; M],
) -> [T; M] {
    let (blocks, rest) = a.as_chunks::<LANES>();
    let mut sums = [[T::ZERO; LANES]; M];
    for (index, a) in blocks.iter().enumerate() {
        for (sum, b) in sums.iter_mut().zip(b) {
            for ((sum, &a), &b) in sum.iter_mut().zip(a).zip(&b.as_chunks::<LANES>().0[index]) {
                *sum = X::mul_add(a, b, *sum);
            }
        }
    }
    let mut dots = [T::ZERO; M];
    for ((dot, sum), b) in dots.iter_mut().zip(&mut sums).zip(b) {
        for ((sum, &a), &b) in sum.iter_mut().zip(rest).zip(b.as_chunks::<LANES>().1) {
            *sum = X::mul_add(a, b, *sum);
        }
        let [a, b, c, d, e, f, g, h] = *sum;
        *dot = ((a + e) + (c + g)) + ((b + f) + (d + h));
    }
    dots
}
