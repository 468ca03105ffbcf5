//! The products where there are no vectors, on microcontrollers: the same sums in the same order.
//! They are methods of those products, which call them before anything else.
//!
//! As many sums as the registers hold are kept there, a number to a register, while rows of W go
//! by: 16 for an FPU of 32 registers, so that half of them are free for what is multiplied.
//!
//! The compiler makes a tile of this by itself but for two things on an Arm FPU. It loads number
//! by number, where one instruction loads eight; and it joins a product and its sum into
//! `VMLA`, which takes a Cortex-M4F three cycles where `VMUL` and `VADD` take two. Both are
//! written as assembly.

#![cfg_attr(
    all(
        not(test),
        any(
            all(target_arch = "x86_64", target_feature = "sse2"),
            all(target_arch = "aarch64", target_feature = "neon"),
            all(target_arch = "wasm32", target_feature = "simd128")
        )
    ),
    expect(dead_code, reason = "there are vectors, and only the tests do without")
)]

use core::array;
use core::mem::MaybeUninit;

use super::Float;
use super::batch::{Product, Start};
use super::matrix::{Size, at_least, width};
use super::single::Single;
use super::split::{Block, Blocks, Split, all};
use super::transposed::Transposed;

/// Sums that registers hold: few where numbers are in the registers of integers, if in any.
const SUMS: usize =
    if cfg!(all(any(target_arch = "arm", target_arch = "riscv32"), not(target_abi = "eabihf"))) {
        4
    } else {
        16
    };

/// Blocks of so many columns at most, within a panel.
const fn split<T>(most: usize) -> Split {
    let panel = width::<T>();
    Split { lanes: 1, most: if most < panel { most } else { panel }, panel, apart: false }
}

/// What is written by hand for one number type on one processor. Sealed by being private.
pub trait Plain: Copy + 'static {
    /// What chains but the first start with.
    const ZEROS: &'static [Self; 16];
    /// From how many sums on [`block`](Self::block) is assembly.
    const ASSEMBLED: usize;

    /// The `N` numbers from `from` on.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load<const N: usize>(from: *const Self) -> [Self; N];
    /// Writes the `N` numbers.
    ///
    /// # Safety
    /// They can be written from `to` on.
    unsafe fn store<const N: usize>(numbers: &[Self; N], to: *mut Self);
    /// a · b, whose sum with something else is another instruction.
    fn times(a: Self, b: Self) -> Self;
    /// sums ← sums + factor · row, for the `N` numbers of the row from `row` on.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn add_multiple<const N: usize>(sums: &mut [Self; N], factor: Self, row: *const Self);
    /// `N` sums, at least `ASSEMBLED`, in `C` chains: y ← bias + Σₖ `x[k]` · row k of w, for so many
    /// `inputs`, of a known number. Rows are `row` numbers apart. There is place for sums that wait
    /// in `kept`: see [`waiting`].
    ///
    /// # Safety
    /// All of it can be read and written.
    unsafe fn block<I: Size, const N: usize, const C: usize>(
        y: *mut Self,
        kept: *mut Self,
        bias: *const Self,
        x: *const Self,
        w: *const Self,
        row: usize,
        inputs: I,
    );
    /// to ← sums, or with a `partner` to ← sums + to.
    ///
    /// # Safety
    /// `to` can be read and written.
    unsafe fn finish<const N: usize>(sums: &[Self; N], to: *mut Self, partner: bool);
    /// to ← from + to, for `N` numbers.
    ///
    /// # Safety
    /// They can be read and written.
    unsafe fn add_to<const N: usize>(to: *mut Self, from: *const Self);
}

macro_rules! plain {
    ($t:ty) => {
        impl Plain for $t {
            const ZEROS: &'static [$t; 16] = &[0.0; 16];
            const ASSEMBLED: usize =
                if cfg!(all(target_arch = "arm", target_abi = "eabihf")) && size_of::<$t>() == 4 {
                    5
                } else {
                    usize::MAX
                };

            #[inline(always)]
            unsafe fn load<const N: usize>(from: *const $t) -> [$t; N] {
                // SAFETY: the caller's.
                unsafe { from.cast::<[$t; N]>().read() }
            }

            #[inline(always)]
            unsafe fn store<const N: usize>(numbers: &[$t; N], to: *mut $t) {
                // SAFETY: the caller's.
                unsafe { to.cast::<[$t; N]>().write(*numbers) }
            }

            #[inline(always)]
            fn times(a: $t, b: $t) -> $t {
                a * b
            }

            #[inline(always)]
            unsafe fn add_multiple<const N: usize>(sums: &mut [$t; N], factor: $t, row: *const $t) {
                let mut n = 0;
                while n < N {
                    // SAFETY: the caller's.
                    sums[n] += factor * unsafe { *row.add(n) };
                    n += 1;
                }
            }

            #[inline(always)]
            unsafe fn block<I: Size, const N: usize, const C: usize>(
                y: *mut $t,
                kept: *mut $t,
                bias: *const $t,
                x: *const $t,
                w: *const $t,
                row: usize,
                inputs: I,
            ) {
                #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
                if const { N >= Self::ASSEMBLED } {
                    let (y, kept, bias) = (y.cast(), kept.cast(), bias.cast());
                    let (x, w) = (x.cast(), w.cast());
                    // SAFETY: the caller's.
                    unsafe { arm::block::<I, N, C>(y, kept, bias, x, w, row, inputs.get()) }
                }
                #[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
                let _ = (y, kept, bias, x, w, row, inputs);
            }

            #[inline(always)]
            unsafe fn finish<const N: usize>(sums: &[$t; N], to: *mut $t, partner: bool) {
                let mut sums = *sums;
                // SAFETY: the caller's.
                unsafe {
                    if partner {
                        add(&mut sums, &Self::load(to));
                    }
                    Self::store(&sums, to);
                }
            }

            #[inline(always)]
            unsafe fn add_to<const N: usize>(to: *mut $t, from: *const $t) {
                // SAFETY: the caller's.
                unsafe {
                    let mut sums = Self::load::<N>(from);
                    add(&mut sums, &Self::load(to));
                    Self::store(&sums, to);
                }
            }
        }
    };
}

plain!(f32);
plain!(f64);

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod arm;

impl<T: Float, I: Size, O: Size> Single<'_, T, I, O> {
    /// From a row of a panel to the next, for those of a [`range`](Self::range).
    #[inline(always)]
    fn row<const WHOLE: bool>(&self) -> usize {
        if WHOLE { const { width::<T>() } } else { self.outputs.get() % const { width::<T>() } }
    }

    /// The outputs from `col` to `end`, in `C` chains: see [`range`](Self::range).
    #[inline(always)]
    pub(super) fn in_plain_chains<const C: usize, const WHOLE: bool>(
        &self,
        col: usize,
        end: usize,
    ) {
        let mut col = col;
        while col < end {
            let width = match const { split::<T>(SUMS).only_width(Self::range(WHOLE)) } {
                Some(width) => width,
                None => split::<T>(SUMS).numbers(col, end),
            };
            macro_rules! if_width {
                ($($n:literal: $($at_once:literal)*;)*) => {$(
                    if const { split::<T>(SUMS).has(Self::range(WHOLE), $n, false) } && width == $n {
                        // As many of the chains at once as fill the registers.
                        $(if const { at_once($n, with_terms(I::KNOWN, C)) == $at_once } {
                            // SAFETY: the block is within the outputs.
                            unsafe { self.plain_block::<$n, C, $at_once, WHOLE>(col) }
                        })*
                    }
                )*};
            }
            if_width!(
                1: 8 4 2 1; 2: 8 4 2 1; 3: 4 2 1; 4: 4 2 1; 5: 1; 6: 1; 7: 1; 8: 1; 9: 1;
                10: 1; 11: 1; 12: 1; 13: 1; 14: 1; 15: 1; 16: 1;
            );
            // The compiler would write the blocks one behind the other.
            col = opaque(col + width);
        }
    }

    /// The `N` outputs from `col` on, in `C` chains, `G` of them at a time.
    ///
    /// Of chains that have no term only the first zero matters: it makes 0 of −0. The sums of earlier
    /// chains wait until their partner is done: the first in the output, others beside it.
    ///
    /// # Safety
    /// They are outputs of the layer.
    #[inline(always)]
    unsafe fn plain_block<const N: usize, const C: usize, const G: usize, const WHOLE: bool>(
        &self,
        col: usize,
    ) {
        let few = const { with_terms(I::KNOWN, C) };
        let groups = few / G;
        let row = self.row::<WHOLE>();
        let w = self.w.wrapping_add(self.layout().column::<T>(col));
        let y = self.y.wrapping_add(col);
        let bias = self.bias.wrapping_add(col);
        // SAFETY: what is loaded and stored is borrowed: the caller's columns, and each k below
        // `inputs`. What waits has been written.
        unsafe {
            if const { N >= T::ASSEMBLED && matches!(I::KNOWN, Some(1..)) } {
                macro_rules! if_waiting {
                    ($($k:literal)*) => {$(
                        if const { waiting(with_terms(I::KNOWN, C)) == $k } {
                            let mut kept = MaybeUninit::<[[T; N]; $k]>::uninit();
                            let kept = kept.as_mut_ptr().cast();
                            return T::block::<I, N, C>(y, kept, bias, self.x, w, row, self.inputs);
                        }
                    )*};
                }
                if_waiting!(0 1 2);
            }
            let mut kept = [const { MaybeUninit::<[T; N]>::uninit() }; 2];
            let with_zero: [T; N];
            let mut start = bias;
            if few < C {
                with_zero = array::from_fn(|n| *bias.add(n) + T::ZERO);
                start = with_zero.as_ptr();
            }
            if groups == 1 {
                let sums = self.chains::<N, C, G>(start, self.x, w, row, 0);
                return T::store(&sums, y);
            }
            let mut waiting = 0;
            let mut group = 0;
            while group < groups {
                // Partners follow each other: 0 and 4, 2 and 6, then 1 and 5, 3 and 7.
                let first = group.reverse_bits() >> (usize::BITS - groups.trailing_zeros());
                let x = self.x.wrapping_add(first);
                let w = w.wrapping_add(first * row);
                let place = |waiting: usize, kept: &mut [MaybeUninit<[T; N]>; 2]| {
                    if waiting == 0 {
                        y
                    } else {
                        kept.as_mut_ptr().wrapping_add(waiting - 1).cast()
                    }
                };
                // Every other group finds its first partner waiting, and takes its place.
                let partner = group & 1;
                waiting -= partner;
                let to = place(waiting, &mut kept);
                let sums = self.chains::<N, C, G>(start, x, w, row, first);
                T::finish(&sums, to, partner == 1);
                start = T::ZEROS.as_ptr();
                let mut partners = group >> 1;
                while partner == 1 && partners & 1 == 1 {
                    let from = place(waiting, &mut kept);
                    waiting -= 1;
                    T::add_to::<N>(place(waiting, &mut kept), from);
                    partners >>= 1;
                }
                waiting += 1;
                // The compiler would write the chains one behind the other.
                group = opaque(group + 1);
            }
        }
    }

    /// `G` chains at a time, added up.
    ///
    /// # Safety
    /// As for [`plain_block`](Self::plain_block).
    #[inline(always)]
    unsafe fn chains<const N: usize, const C: usize, const G: usize>(
        &self,
        start: *const T,
        x: *const T,
        w: *const T,
        row: usize,
        first: usize,
    ) -> [T; N] {
        let chains = const { with_terms(I::KNOWN, C) };
        let groups = chains / G;
        let inputs = self.inputs.get();
        let (mut x, mut w) = (x, w);
        let mut sums = [[T::ZERO; N]; G];
        // SAFETY: the caller's.
        unsafe {
            sums[0] = T::load(start);
            let mut k = 0;
            while k + chains <= inputs {
                let mut g = 0;
                while g < G {
                    let w = w.wrapping_add(g * groups * row);
                    T::add_multiple(&mut sums[g], *x.wrapping_add(g * groups), w);
                    g += 1;
                }
                x = x.wrapping_add(chains);
                w = w.wrapping_add(chains * row);
                k += chains;
            }
            let mut g = 0;
            while g < G {
                if k + first + g * groups < inputs {
                    let w = w.wrapping_add(g * groups * row);
                    T::add_multiple(&mut sums[g], *x.wrapping_add(g * groups), w);
                }
                g += 1;
            }
        }
        let mut half = G;
        while half > 1 {
            half /= 2;
            let mut g = 0;
            while g < half {
                let other = sums[g + half];
                add(&mut sums[g], &other);
                g += 1;
            }
        }
        sums[0]
    }
}

/// How many of `chains` chains have terms: rounded up to a power of two, and at least one.
///
/// Not a parameter of what it is for, nor is what follows from it: the compiler would work through
/// each choice of all of them for every layer.
const fn with_terms(inputs: Option<usize>, chains: usize) -> usize {
    match inputs {
        Some(inputs) if inputs < chains => inputs.next_power_of_two(),
        _ => chains,
    }
}

/// How often sums wait beside the output, for so many chains.
const fn waiting(chains: usize) -> usize {
    match chains {
        8.. => 2,
        4.. => 1,
        _ => 0,
    }
}

/// The same number, of which the compiler knows nothing.
#[inline(always)]
fn opaque(number: usize) -> usize {
    #[cfg(target_arch = "arm")]
    {
        let mut number = number;
        // SAFETY: does nothing, where `black_box` would write the number to memory.
        unsafe {
            core::arch::asm!("/* {0} */", inout(reg) number, options(pure, nomem, nostack, preserves_flags));
        }
        number
    }
    #[cfg(not(target_arch = "arm"))]
    core::hint::black_box(number)
}

/// How many of `chains` chains of `n` sums there are room for: one, where its rows are long.
const fn at_once(n: usize, chains: usize) -> usize {
    let mut at_once = chains;
    while at_once > 1 && (at_once * n > SUMS || n > 4) {
        at_once /= 2;
    }
    at_once
}

/// sums ← sums + others.
#[inline(always)]
fn add<T: Float, const N: usize>(sums: &mut [T; N], others: &[T; N]) {
    let mut n = 0;
    while n < N {
        sums[n] += others[n];
        n += 1;
    }
}

impl<T: Float, R: Size, D: Size, C: Size> Product<'_, T, R, D, C> {
    #[inline(always)]
    pub(super) fn run_plain(&self) {
        if const { matches!(D::KNOWN, None | Some(1)) } && self.depth.get() == 1 {
            let mut blocks = Blocks { col: 0, end: self.cols.get(), split: split::<T>(SUMS) };
            while let Some(Block { col, width, .. }) = blocks.next() {
                macro_rules! if_width {
                    ($($n:literal)*) => {$(
                        if const { split::<T>(SUMS).has(all(C::KNOWN), $n, false) } && width == $n {
                            // SAFETY: the block is within the columns.
                            unsafe { self.multiples::<$n>(col) }
                        }
                    )*};
                }
                if_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
            }
        } else if const { !matches!(D::KNOWN, Some(1)) } {
            let mut blocks = Blocks { col: 0, end: self.cols.get(), split: split::<T>(SUMS / 2) };
            while let Some(Block { col, width, .. }) = blocks.next() {
                macro_rules! if_width {
                    ($($n:literal)*) => {$(
                        if const { split::<T>(SUMS / 2).has(all(C::KNOWN), $n, false) } && width == $n {
                            let mut row = 0;
                            // SAFETY: the block is within the columns, and these are rows.
                            unsafe {
                                if const { at_least(R::KNOWN, 2) } {
                                    while row + 2 <= self.rows.get() {
                                        self.plain_tile::<2, $n>(row, col);
                                        row += 2;
                                    }
                                }
                                if row < self.rows.get() {
                                    self.plain_tile::<1, $n>(row, col);
                                }
                            }
                        }
                    )*};
                }
                if_width!(1 2 3 4 5 6 7 8);
            }
        }
    }

    /// What the sums of `N` columns from `col` on begin with.
    #[inline(always)]
    unsafe fn begin<const N: usize>(&self, col: usize, out: *const T) -> [T; N] {
        // SAFETY: the caller's.
        unsafe {
            match self.start {
                Start::Zero => [T::ZERO; N],
                Start::Row(row) => T::load(row.add(col)),
                Start::Out => T::load(out),
            }
        }
    }

    /// `N` columns from `col` on, for a depth of 1: all rows are multiples of one.
    ///
    /// # Safety
    /// They are columns of the product.
    #[inline(always)]
    unsafe fn multiples<const N: usize>(&self, col: usize) {
        // SAFETY: what is loaded and stored are elements of the three matrices, which are
        // borrowed.
        unsafe {
            let multiplied: [T; N] = T::load(self.right.add(self.right_layout.column::<T>(col)));
            let mut left = self.left.first;
            let out_row = self.out_layout.row::<T>(col, self.cols.get());
            let mut out = self.out.wrapping_add(self.out_layout.column::<T>(col));
            let mut row = 0;
            while row < self.rows.get() {
                let mut sums = self.begin::<N>(col, out);
                let mut n = 0;
                while n < N {
                    sums[n] += T::times(*left, multiplied[n]);
                    n += 1;
                }
                T::store(&sums, out);
                left = left.wrapping_add(self.left.row);
                out = out.wrapping_add(out_row);
                row += 1;
            }
        }
    }

    /// `M` rows from `row` on of `N` columns from `col` on.
    ///
    /// # Safety
    /// They are rows and columns of the product.
    #[inline(always)]
    unsafe fn plain_tile<const M: usize, const N: usize>(&self, row: usize, col: usize) {
        let cols = self.cols.get();
        let out_row = self.out_layout.row::<T>(col, cols);
        let out = self.out.wrapping_add(self.out_layout.column::<T>(col) + row * out_row);
        let mut sums = [[T::ZERO; N]; M];
        // SAFETY: as above.
        unsafe {
            let mut m = 0;
            while m < M {
                sums[m] = self.begin::<N>(col, out.wrapping_add(m * out_row));
                m += 1;
            }
            let mut left = self.left.row(row);
            let right_row = self.right_layout.row::<T>(col, cols);
            let mut right = self.right.wrapping_add(self.right_layout.column::<T>(col));
            let mut k = 0;
            while k < self.depth.get() {
                let row: [T; N] = T::load(right);
                let mut m = 0;
                while m < M {
                    let factor = *left.add(m * self.left.row);
                    let mut n = 0;
                    while n < N {
                        sums[m][n] += T::times(factor, row[n]);
                        n += 1;
                    }
                    m += 1;
                }
                left = left.wrapping_add(self.left.col);
                right = right.wrapping_add(right_row);
                k += 1;
            }
            let mut m = 0;
            while m < M {
                T::store(&sums[m], out.wrapping_add(m * out_row));
                m += 1;
            }
        }
    }
}

impl<T: Float> Transposed<'_, T> {
    /// Reads W as it is, a column for each output: packed rows would take RAM.
    #[inline(always)]
    pub(super) fn run_plain(&self) {
        const MANY: usize = SUMS / 2;
        let mut row = 0;
        while row < self.rows {
            let mut input = 0;
            // SAFETY: these are rows and inputs.
            unsafe {
                while input + MANY <= self.inputs {
                    self.plain_inputs::<MANY>(row, input);
                    input += MANY;
                }
                while input < self.inputs {
                    self.plain_inputs::<1>(row, input);
                    input += 1;
                }
            }
            row += 1;
        }
    }

    /// `N` inputs from `input` on, of one sample.
    ///
    /// # Safety
    /// They are inputs of the layer, and it is a sample.
    #[inline(always)]
    unsafe fn plain_inputs<const N: usize>(&self, row: usize, input: usize) {
        let mut sums = [T::ZERO; N];
        // SAFETY: elements of the three matrices, which are borrowed.
        unsafe {
            let mut ds = self.ds.wrapping_add(row * self.outputs);
            let mut first = 0;
            while first < self.outputs {
                let (mut w, row) = self.outputs_of(input, first);
                let end = usize::min(first + width::<T>(), self.outputs);
                while first < end {
                    let mut n = 0;
                    while n < N {
                        sums[n] += T::times(*ds, *w.add(n * row));
                        n += 1;
                    }
                    w = w.wrapping_add(1);
                    ds = ds.wrapping_add(1);
                    first += 1;
                }
            }
            T::store(&sums, self.dx.wrapping_add(row * self.inputs + input));
        }
    }
}
