//! g = Wᵀ δ, for which W is transposed first.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::batch::{Product, Start};
use super::chosen::{Chosen, is_inlined};
use super::matrix::{Layout, Strided, first_column, rows, width};
use super::vectors::Half;
use crate::kernel::lanes::{Lanes, Square};
use crate::kernel::{Aligned, Claim, Float, Machine, Panels, Task};

/// g = Wᵀ δ of known sizes.
pub(super) struct Transposing<'a, T: Float, const IN: usize, const OUT: usize, const B: usize> {
    pub(super) w: &'a Panels<T, IN, OUT>,
    pub(super) ds: &'a [[T; OUT]; B],
    pub(super) dx: &'a mut [[T; IN]; B],
}

impl<'a, X: Machine, T: Float, const IN: usize, const OUT: usize, const B: usize>
    Chosen<X, Transposing<'a, T, IN, OUT, B>>
{
    pub(super) const RUN: fn(Transposing<'a, T, IN, OUT, B>) = if OUT == 1 {
        Transposing::of_a_row::<X>
    } else if <T::Lanes<X> as Lanes<T>>::PLAIN {
        |product| {
            let (w, ds, dx) = product.erased();
            Transposed::of(w, ds, dx, IN, OUT, B).run::<X>();
        }
    // Of no outputs there is nothing to pack, and g is zeros.
    } else if OUT == 0 || is_inlined::<X, T>(IN * OUT * B) {
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
    /// The weights of a single output are Wᵀ as they lie.
    #[inline(always)]
    fn of_a_row<X: Machine>(self) {
        let Transposing { w, ds, dx } = self;
        if let Some(w) = w.numbers().first_chunk::<IN>() {
            let (ds, w) = (first_column(ds).transposed(), core::array::from_ref(w));
            Product::new(ds, w, Start::Zero, dx).run_chosen::<X>();
        }
    }

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

/// g = Wᵀ δ: parts of Wᵀ are packed, so that their rows are contiguous.
pub(super) struct Transposed<'a, T> {
    w: *const T,
    pub(super) ds: *const T,
    pub(super) dx: *mut T,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) rows: usize,
    borrowed: PhantomData<&'a mut [T]>,
}

/// Rows of a packed part.
const DEPTH: usize = 64;

/// Columns of a packed part: two vectors, or a line of the cache where that is more.
const fn columns<T, V: Lanes<T>>() -> usize {
    if 2 * V::N > width::<T>() { 2 * V::N } else { width::<T>() }
}

/// Room for a packed part: 8 KiB on the stack at the most.
union Part<V: Copy> {
    _vectors: [[V; 2]; DEPTH],
    _lines: [[f64; 8]; DEPTH],
}

impl<T: Float> Task for Transposed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<X: Machine>(self) {
        without_vectors!(if const { <T::Lanes<X> as Lanes<T>>::PLAIN } {
            return self.run_plain();
        });
        let width = const { columns::<T, T::Lanes<X>>() };
        let mut part = Aligned(MaybeUninit::<Part<T::Lanes<X>>>::uninit());
        let part = part.0.as_mut_ptr().cast();
        let mut input = 0;
        while input < self.inputs {
            let cols = usize::min(width, self.inputs - input);
            let mut output = 0;
            while output < self.outputs {
                let depth = usize::min(DEPTH, self.outputs - output);
                // SAFETY: the part has room for what is within its sizes, and these are rows and
                // columns of W.
                unsafe { self.pack::<X>((input, cols), (output, depth), part) }
                let first = self.ds.wrapping_add(output);
                let product = Product {
                    left: Strided { first, row: self.outputs, col: 1 },
                    right: part,
                    right_layout: Layout::rows::<T>(width),
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
    pub(super) fn of(
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
    pub(super) fn outputs_of(&self, input: usize, output: usize) -> (*const T, usize) {
        let layout = Layout::panels::<T>(self.inputs, self.outputs);
        let row = layout.row::<T>(output, self.outputs);
        (self.w.wrapping_add(layout.column::<T>(output) + input * row), row)
    }

    /// Writes `cols` rows of W from `input` on, of each the `depth` numbers from `output` on, as
    /// columns of the part.
    ///
    /// # Safety
    /// They are numbers of W, not more than the part takes.
    #[inline(always)]
    unsafe fn pack<X: Machine>(
        &self,
        (input, cols): (usize, usize),
        (output, depth): (usize, usize),
        part: *mut T,
    ) {
        let n = const { T::Lanes::<X>::N };
        let step = const { columns::<T, T::Lanes<X>>() };
        let mut o = 0;
        while o < depth {
            let (from, row) = self.outputs_of(input, output + o);
            let numbers = usize::min(n, depth - o);
            let to = part.wrapping_add(o * step);
            let width = const { width::<T>() };
            let mut i = 0;
            if row == width {
                while i + n <= cols {
                    // SAFETY: the caller's.
                    unsafe {
                        transpose::<T, T::Lanes<X>>(from.add(i * width), width, to.add(i), step)
                    }
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

/// Rows that are yet to become columns of a packed part, of each so many numbers: no more than the
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
        let Rest { mut from, row, rows, numbers, mut to, .. } = self;
        let n = const { Half::<X, T>::N };
        let step = const { columns::<T, T::Lanes<X>>() };
        let mut rest = numbers;
        while rest > 0 {
            let few = usize::min(n, rest);
            let mut r = 0;
            // SAFETY: these are rows, and columns of the packed part.
            unsafe {
                while r + n <= rows && few == n {
                    transpose::<T, Half<X, T>>(from.add(r * row), row, to.add(r), step);
                    r += n;
                }
                while r < rows {
                    let mut o = 0;
                    while o < few {
                        *to.add(o * step + r) = *from.add(r * row + o);
                        o += 1;
                    }
                    r += 1;
                }
            }
            from = from.wrapping_add(few);
            to = to.wrapping_add(few * step);
            rest -= few;
        }
    }
}

/// Transposes a square of as many rows as a vector has numbers, to rows of a packed part, `step` apart.
///
/// A vector takes a segment of several rows, so that the numbers of a column are segments apart.
/// To zip the halves of so many vectors is to deal them like cards: after log₂ `SEGMENT` times the
/// numbers that were below each other are beside each other.
///
/// # Safety
/// The rows can be read, and as many of the packed part written.
#[inline(always)]
unsafe fn transpose<T: Float, V: Square<T>>(from: *const T, row: usize, to: *mut T, step: usize) {
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
                columns[c].store(to.add((first + c) * step));
                c += 1;
            }
        }
        first += segment;
    }
}
