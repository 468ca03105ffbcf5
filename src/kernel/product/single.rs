//! s = W h + b of a single sample: no row of W is used twice, so what counts is that weights are
//! loaded without a pause, and that sums need not wait for each other.

use core::marker::PhantomData;

use super::chosen::Chosen;
use super::matrix::{Known, Layout, Size, at_least, whole, width};
use super::split::Split;
use super::vectors::{Half, add_multiple, add_multiple_of, is_half, load_row, relu, store_row};
use crate::kernel::lanes::{Lanes, Square, unknown};
use crate::kernel::{Float, INLINES, Machine, Panels, Task};

/// Multiply-accumulates up to which one sample is inlined into its layer's pass. Its functions are
/// called at little cost: with 512 no network is quicker, and one of 64 layers takes the compiler a
/// tenth longer.
const INLINE_SINGLE: usize = 256;

/// s = W x + b for one sample, or Relu of it.
///
/// A chain of sums must wait for each addition; many chains beside each other need not. Where a
/// layer has few outputs its inputs are dealt to 2, 4 or 8 chains that are added in the end. How
/// many is up to the layer, not to the machine; a last panel that is not whole has 8.
pub(super) struct Single<'a, T, I, O> {
    pub(super) w: *const T,
    pub(super) bias: *const T,
    pub(super) x: *const T,
    pub(super) y: *mut T,
    pub(super) inputs: I,
    pub(super) outputs: O,
    pub(super) relu: bool,
    pub(super) borrowed: PhantomData<&'a mut [T]>,
}

impl<'a, T: Float, const IN: usize, const OUT: usize> Single<'a, T, Known<IN>, Known<OUT>> {
    #[inline(always)]
    pub(super) fn new(
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
            $($w if is_permuted::<X, T>(I::KNOWN, $outputs) => {
                $then!(Single::last_panel::<X, T::Lanes<X>, $w>, $single)
            })*
            $($w if is_half_permuted::<X, T>($outputs) => {
                $then!(Single::last_panel::<X, Half<X, T>, $w>, $single)
            })*
            last if is_half::<X, T>(last) => {
                $then!(Single::last_panel_by::<X, Half<X, T>>, $single)
            }
            _ => $then!(Single::last_panel_by::<X, T::Lanes<X>>, $single),
        }
    };
}

/// Whether the last of so many outputs are taken by vectors that permute. Those of 16 numbers gain where there
/// are enough inputs to fill them.
const fn is_permuted<X: Machine, T: Float>(inputs: Option<usize>, outputs: usize) -> bool {
    let last = outputs % width::<T>();
    let least = match last {
        2 | 3 => 16,
        4 => 12,
        5 => 10,
        6..=8 => 8,
        9..=14 => 24,
        _ => 64,
    };
    T::Lanes::<X>::PERMUTES && (T::Lanes::<X>::N == 8 || last > 1 && at_least(inputs, least))
}

/// Whether they are by half vectors that permute: not if a row fills most of one whole vector, unless rows
/// are so few numbers that its eight chains would be waited for.
const fn is_half_permuted<X: Machine, T: Float>(outputs: usize) -> bool {
    let most = if outputs < width::<T>() { 12 } else { 8 };
    Half::<X, T>::PERMUTES && outputs % width::<T>() <= most
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

/// The most vectors in a block of so many chains: as many as make 8 sums; twice that where half of the
/// chains are done after the others, so that an input is loaded once for twice as many outputs.
const fn most<T, V: Lanes<T>>(chains: usize) -> usize {
    if V::SPLATS_FOUR && chains >= 4 { 16 / chains } else { 8 / chains }
}

/// Functions for the outputs of a [`range`](Single::range), and for all in whole panels, in so many
/// chains, in blocks of as many vectors as [`most`] says.
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
                Split { lanes: V::N, most: most::<T, V>($chains), panel: width::<T>(), apart: false }
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
    const IN_PANELS: Option<usize> = match O::KNOWN {
        Some(outputs) => Some(whole::<T>(outputs)),
        None => None,
    };

    /// Those in whole panels, or those in the last that is not, from the first to the second.
    pub(super) const fn range(whole: bool) -> Option<(usize, usize)> {
        match (O::KNOWN, Self::IN_PANELS) {
            (_, Some(panels)) if whole => Some((0, panels)),
            (Some(outputs), Some(panels)) => Some((panels, outputs)),
            _ => None,
        }
    }

    in_chains!(
        in_1_chain, panels_in_1_chain: 1 of 1 2 3 4 5 6 7 8;
        in_2_chains, panels_in_2_chains: 2 of 1 2 3 4;
        in_4_chains, panels_in_4_chains: 4 of 1 2 3 4;
        in_8_chains, panels_in_8_chains: 8 of 1 2;
    );

    /// How W lies in memory.
    #[inline(always)]
    pub(super) fn layout(&self) -> Layout {
        Layout::panels::<T>(self.inputs.get(), self.outputs.get())
    }

    /// Whether this is inlined into its layer's pass.
    const INLINED: bool = match (I::KNOWN, O::KNOWN) {
        (Some(inputs), Some(outputs)) => INLINES && inputs * outputs <= INLINE_SINGLE,
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
    fn last_panel<X: Machine, V: Square<T>, const W: usize>(&self) {
        let col = whole::<T>(self.outputs.get());
        let w = self.w.wrapping_add(self.layout().column::<T>(col));
        let (bias, x, y) = (self.bias.wrapping_add(col), self.x, self.y.wrapping_add(col));
        if const { Self::INLINED } {
            LastPanel::<T, V, I, W>::of(w, bias, x, y, self.inputs, self.relu).run::<X>();
        } else {
            let make = LastPanel::<T, V, usize, W>::of;
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
/// Eight rows of the panel are 8 `W` numbers, each with a chain and an output of its own, in as many vectors
/// as these fill. To take a row at a time takes masks, or loads of more than the row ([`Chains`]), and most
/// rows lie across two lines of the cache.
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
        let left = inputs % 8;
        let mut whole = inputs - left;
        // A loop that ends where the compiler knows is unrolled, and splats of several turns are more
        // than there are registers.
        if const { Self::blends::<X>() } && whole > 8 {
            whole = unknown(whole);
        }
        let mut sums = [V::splat(T::ZERO); W];
        // SAFETY: what is loaded and stored is borrowed: `W` outputs, and rows below `inputs`. A row of `ROWS` has
        // places for whole vectors.
        unsafe {
            let mut v = 0;
            while v < W.div_ceil(V::N) {
                sums[v] = Self::load(self.bias.add(v * V::N), W - v * V::N);
                v += 1;
            }
            let mut k = 0;
            while k < whole {
                let w = self.w.add(k * W);
                if const { Self::blends::<X>() } {
                    let mut splats = [V::splat(T::ZERO); 8];
                    let mut row = 0;
                    while row < 8 {
                        splats[row] = V::splat(*self.x.add(k + row));
                        row += 1;
                    }
                    macro_rules! add {
                        ($($v:literal)*) => {$(
                            if const { $v < W } {
                                let w = V::load(w.add(8 * $v));
                                sums[$v] = Self::blend::<$v>(&splats).mul_add(w, sums[$v]);
                            }
                        )*};
                    }
                    // No loop: `blend` is compiled for each vector.
                    add!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
                } else {
                    let x = V::load_eight(self.x.add(k), 8);
                    let mut v = 0;
                    while v < Self::VECTORS {
                        let w = Self::load(w.add(v * V::N), 8 * W - v * V::N);
                        sums[v] = x.permute(Self::rows(v)).mul_add(w, sums[v]);
                        v += 1;
                    }
                }
                k += 8;
            }
            if left > 0 {
                // To add −0 · 0 changes nothing.
                let x = V::load_eight(self.x.add(k), left);
                let w = self.w.add(k * W);
                let mut v = 0;
                while v < Self::VECTORS && v * V::N < left * W {
                    let w = Self::load(w.add(v * V::N), left * W - v * V::N);
                    sums[v] = x.permute(Self::rows(v)).mul_add(w, sums[v]);
                    v += 1;
                }
            }
            Self::add_chains(&mut sums);
            if self.relu {
                relu(&mut sums);
            }
            let mut v = 0;
            while v < W.div_ceil(V::N) {
                let (y, left) = (self.y.add(v * V::N), W - v * V::N);
                if left < V::N {
                    sums[v].store_first(y, left)
                } else {
                    sums[v].store(y)
                }
                v += 1;
            }
        }
    }
}

impl<'a, T: Float, V: Square<T>, I: Size, const W: usize> LastPanel<'a, T, V, I, W> {
    /// The vectors of eight rows.
    const VECTORS: usize = (8 * W).div_ceil(V::N);

    /// Whether to blend splats is quicker than to permute: by AVX2, where vectors hold few rows.
    const fn blends<X: Machine>() -> bool {
        W >= 5 && T::Lanes::<X>::N == 8
    }

    /// The factors of vector `N` of eight rows, of the splats of these: of the row that it begins with,
    /// the next, and the one after that.
    #[inline(always)]
    fn blend<const N: usize>(splats: &[V; 8]) -> V {
        let row = const { 8 * N / W };
        let [first, second, third] =
            [splats[row], splats[usize::min(row + 1, 7)], splats[usize::min(row + 2, 7)]];
        let end = const { (8 * N / W + 1) * W - 8 * N };
        let rest = if end + W < 8 { second.then(end + W, third) } else { second };
        if end < 8 { first.then(end, rest) } else { first }
    }

    #[inline(always)]
    fn of(w: *const T, bias: *const T, x: *const T, y: *mut T, inputs: I, relu: bool) -> Self {
        LastPanel { w, bias, x, y, inputs, relu, borrowed: PhantomData }
    }

    /// The vector from `from` on, of which `left` numbers are left.
    ///
    /// # Safety
    /// They can be read.
    #[inline(always)]
    unsafe fn load(from: *const T, left: usize) -> V {
        // SAFETY: the caller's.
        unsafe { if left < V::N { V::load_first(from, left) } else { V::load(from) } }
    }

    /// For each number of vector `v` of eight rows, its row.
    #[inline(always)]
    fn rows(v: usize) -> *const i32 {
        ROWS.0[W].as_ptr().wrapping_add(v * V::N)
    }

    /// Adds the upper half of the chains to the lower, until one is left: `W` outputs.
    #[inline(always)]
    fn add_chains(sums: &mut [V; W]) {
        let mut chains = 8;
        while chains > 1 {
            chains /= 2;
            // The upper half begins so many vectors and numbers behind the lower.
            let (vectors, numbers) = (chains * W / V::N, chains * W % V::N);
            let mut v = 0;
            while v * V::N < chains * W {
                let mut upper = sums[v + vectors];
                if numbers > 0 {
                    // SAFETY: behind `numbers`, at most 15, there are 16 more.
                    let behind = |sum: V| unsafe { sum.permute(BEHIND.as_ptr().add(numbers)) };
                    upper = behind(upper);
                    if v + vectors + 1 < Self::VECTORS {
                        upper = upper.then(V::N - numbers, behind(sums[v + vectors + 1]));
                    }
                }
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
    let mut rows = [[0; 128]; 16];
    let mut width = 1;
    while width < 16 {
        let mut number = 0;
        while number < 8 * width {
            rows[width][number] = (number / width) as i32;
            number += 1;
        }
        width += 1;
    }
    Rows(rows)
};

/// So that the places of a vector lie in one line of the cache.
#[repr(align(64))]
struct Rows([[i32; 128]; 16]);

/// From place n on those that move the numbers of a vector n places down: [`Square::permute`] counts them
/// modulo the numbers of the vector.
const BEHIND: &[i32; 32] = &{
    let mut places = [0; 32];
    let mut i = 0;
    while i < 32 {
        places[i] = i as i32;
        i += 1;
    }
    places
};

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

    /// Every chain is done at a time, or every second: if all would be more sums than the 16 registers of
    /// AVX2 hold, which [`most`] allows there alone. The even ones are added up before the odd ones begin,
    /// and these before the two sums are added.
    const STEP: usize = if N * C > 8 { 2 } else { 1 };

    /// Inputs that are taken in one turn, or in a part of it: whole fours, and as many for each chain.
    const TURN: usize = if C < 4 { 4 } else { C };

    /// Adds the products of inputs from `begin` on to the chains that begin with `FIRST`, as many as there are in
    /// whole turns of `PARTS` · [`TURN`](Self::TURN), and returns the input behind them. `w` is where the
    /// weights of input 0 are, and how far the next row and part are.
    ///
    /// # Safety
    /// These are inputs, and rows and columns of W.
    #[inline(always)]
    unsafe fn add_turns<const FIRST: usize, const PARTS: usize>(
        &self,
        sums: &mut [[V; N]; C],
        begin: usize,
        (w, row, part): (*const T, usize, usize),
    ) -> usize {
        let turn = const { PARTS * Self::TURN };
        let places = V::places();
        let inputs = self.inputs.get() - begin;
        let mut left = inputs - inputs % turn;
        let end = begin + left;
        let (mut x, mut w) = (self.x.wrapping_add(begin), w.wrapping_add(begin * row));
        while left > 0 {
            let mut k = 0;
            while k < turn {
                // SAFETY: the caller's.
                unsafe {
                    let factors = V::splat_four(x.add(k), &places);
                    let mut i = FIRST;
                    while i < 4 {
                        let w = load_row::<T, V, N, true>(w.add((k + i) * row), part, V::N);
                        add_multiple_of(&mut sums[(k + i) % C], factors[i], &w);
                        i += Self::STEP;
                    }
                }
                k += 4;
            }
            x = x.wrapping_add(turn);
            w = w.wrapping_add(turn * row);
            left -= turn;
        }
        end
    }

    /// The block from output `col` on, whose last vector has `last` numbers.
    ///
    /// # Safety
    /// It is one of these.
    #[inline(always)]
    unsafe fn block(&self, col: usize, last: usize) {
        let (y, width) = (self.y.wrapping_add(col), const { width::<T>() });
        // SAFETY: the caller's.
        unsafe {
            let mut sums = self.chains::<0>(col, last);
            if const { Self::STEP == 2 } {
                // Out of the registers meanwhile, where the compiler would keep each of the even chains. The
                // result is no input, which is read again.
                store_row::<T, V, N, WHOLE>(&sums, y, width, last);
                let others = self.chains::<1>(col, last);
                sums = load_row::<T, V, N, WHOLE>(y, width, last);
                let mut n = 0;
                while n < N {
                    sums[n] = sums[n].add(others[n]);
                    n += 1;
                }
            }
            if self.relu {
                relu(&mut sums);
            }
            store_row::<T, V, N, WHOLE>(&sums, y, width, last);
        }
    }

    /// The sum of the chains of this block that begin with `FIRST`: the first has the bias.
    ///
    /// # Safety
    /// As for [`block`](Self::block).
    #[inline(always)]
    unsafe fn chains<const FIRST: usize>(&self, col: usize, last: usize) -> [V; N] {
        let inputs = self.inputs.get();
        let width = const { width::<T>() };
        let row = if WHOLE { width } else { self.outputs };
        let part = width * inputs;
        let mut sums = [[V::splat(T::ZERO); N]; C];
        // SAFETY: what is loaded is borrowed: the caller's columns, and each k below `inputs`.
        unsafe {
            if const { FIRST == 0 } {
                sums[0] = load_row::<T, V, N, WHOLE>(self.bias.add(col), width, last);
            }
            let w = self.w.wrapping_add(col / width * part + col % width);
            let mut k = 0;
            if const { !WHOLE && size_of::<V>() == 64 } {
                // Without a mask, which costs more: behind the numbers of a row are those of the next,
                // and nothing is done with their sums. They are too few behind the last rows alone.
                let short = const { N * V::N }.saturating_sub(self.outputs - col).div_ceil(row);
                while k + C + short <= inputs {
                    let mut c = FIRST;
                    while c < C {
                        let w = load_row::<T, V, N, true>(w.add((k + c) * row), part, last);
                        add_multiple(&mut sums[c], *self.x.add(k + c), &w);
                        c += Self::STEP;
                    }
                    k += C;
                }
            }
            if const { WHOLE && V::SPLATS_FOUR } {
                // Half of the chains leave a turn so little to do that the loop is a fifth of it.
                if const { Self::STEP == 2 && I::KNOWN.is_none() } {
                    k = self.add_turns::<FIRST, 2>(&mut sums, k, (w, row, part));
                }
                k = self.add_turns::<FIRST, 1>(&mut sums, k, (w, row, part));
            }
            while k + C <= inputs {
                let mut c = FIRST;
                while c < C {
                    let w = load_row::<T, V, N, WHOLE>(w.add((k + c) * row), part, last);
                    add_multiple(&mut sums[c], *self.x.add(k + c), &w);
                    c += Self::STEP;
                }
                k += C;
            }
            let mut c = FIRST;
            while c + 1 < C {
                if k + c < inputs {
                    let w = load_row::<T, V, N, WHOLE>(w.add((k + c) * row), part, last);
                    add_multiple(&mut sums[c], *self.x.add(k + c), &w);
                }
                c += Self::STEP;
            }
        }
        let mut chains = C;
        while chains > Self::STEP {
            chains /= 2;
            let mut c = FIRST;
            while c < chains {
                let mut n = 0;
                while n < N {
                    sums[c][n] = sums[c][n].add(sums[c + chains][n]);
                    n += 1;
                }
                c += Self::STEP;
            }
        }
        sums[FIRST]
    }
}
