//! Functions of one number, applied to many.
//!
//! The loops run over chunks of constant length, which the compiler turns into vectors. A rest
//! that fills no chunk is padded to one: it costs a whole chunk, but no number by itself. Targets
//! without vectors have neither, but for sums, whose order is the same on all.

use core::marker::PhantomData;

use super::lanes::{Lanes, PLAIN};
use super::rounding::Rounding;
use super::{Float, INLINES, Machine, Task, product};
use crate::Store;

/// Numbers in a chunk.
const CHUNK: usize = 16;

/// Numbers of a row that [`scale_and_sum`] takes at once, at most: rows may be far apart in memory.
const WIDE: usize = 4 * CHUNK;

/// Numbers up to which a pass is inlined into its layer's.
const INLINE: usize = 64;

/// A function of one number, free of branches. Its implementation is `#[inline(always)]`.
pub(crate) trait Function {
    /// f(x).
    fn of<R: Rounding, T: Float>(x: T) -> T;
}

/// x ← f(x), for each number.
#[inline(always)]
pub(crate) fn map<M: Machine, F: Function, T: Float>(xs: &mut [T]) {
    let task = Map::<F, T> { xs, function: PhantomData };
    if const { INLINES } && task.xs.len() <= INLINE { task.run::<M>() } else { M::run(task) }
}

/// x ← f(x), for each number, inlined however many there are.
#[inline(always)]
pub(crate) fn map_here<R: Rounding, F: Function, T: Float>(xs: &mut [T]) {
    if PLAIN {
        return xs.iter_mut().for_each(|x| *x = F::of::<R, T>(*x));
    }
    let (chunks, rest) = xs.as_chunks_mut::<CHUNK>();
    for x in chunks.as_flattened_mut() {
        *x = F::of::<R, T>(*x);
    }
    if !rest.is_empty() {
        let mut xs = padded(rest);
        for x in &mut xs {
            *x = F::of::<R, T>(*x);
        }
        copy(rest, &xs);
    }
}

/// y ← g(x) and then x ← f(x), for each pair of numbers of two slices that are equally long.
#[inline(always)]
pub(crate) fn map_both<M: Machine, F: Function, G: Function, T: Float>(xs: &mut [T], ys: &mut [T]) {
    let task = MapBoth::<F, G, T> { xs, ys, functions: PhantomData };
    if const { INLINES } && task.xs.len() <= INLINE { task.run::<M>() } else { M::run(task) }
}

/// y ← y · f(x), for each pair of numbers of two slices that are equally long.
#[inline(always)]
pub(crate) fn scale<M: Machine, F: Function, T: Float>(ys: &mut [T], xs: &[T]) {
    let task = Scale::<F, T> { ys, xs, function: PhantomData };
    if const { INLINES } && task.ys.len() <= INLINE { task.run::<M>() } else { M::run(task) }
}

struct Map<'a, F, T> {
    xs: &'a mut [T],
    function: PhantomData<F>,
}

impl<F: Function, T: Float> Task for Map<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        map_here::<M::Rounding, F, T>(self.xs);
    }
}

struct MapBoth<'a, F, G, T> {
    xs: &'a mut [T],
    ys: &'a mut [T],
    functions: PhantomData<(F, G)>,
}

impl<F: Function, G: Function, T: Float> Task for MapBoth<'_, F, G, T> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let each = |x: &mut T, y: &mut T| {
            (*x, *y) = (F::of::<M::Rounding, T>(*x), G::of::<M::Rounding, T>(*x));
        };
        if PLAIN {
            return self.xs.iter_mut().zip(self.ys).for_each(|(x, y)| each(x, y));
        }
        let (x_chunks, x_rest) = self.xs.as_chunks_mut::<CHUNK>();
        let (y_chunks, y_rest) = self.ys.as_chunks_mut::<CHUNK>();
        for (x, y) in x_chunks.as_flattened_mut().iter_mut().zip(y_chunks.as_flattened_mut()) {
            each(x, y);
        }
        if !x_rest.is_empty() {
            let (mut xs, mut ys) = (padded(x_rest), padded(y_rest));
            for (x, y) in xs.iter_mut().zip(&mut ys) {
                each(x, y);
            }
            copy(x_rest, &xs);
            copy(y_rest, &ys);
        }
    }
}

struct Scale<'a, F, T> {
    ys: &'a mut [T],
    xs: &'a [T],
    function: PhantomData<F>,
}

impl<F: Function, T: Float> Task for Scale<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        if PLAIN {
            return self
                .ys
                .iter_mut()
                .zip(self.xs)
                .for_each(|(y, &x)| *y *= F::of::<M::Rounding, T>(x));
        }
        let (y_chunks, y_rest) = self.ys.as_chunks_mut::<CHUNK>();
        let (x_chunks, x_rest) = self.xs.as_chunks::<CHUNK>();
        for (y, &x) in y_chunks.as_flattened_mut().iter_mut().zip(x_chunks.as_flattened()) {
            *y *= F::of::<M::Rounding, T>(x);
        }
        if !y_rest.is_empty() {
            let mut ys = padded(y_rest);
            for (y, x) in ys.iter_mut().zip(padded(x_rest)) {
                *y *= F::of::<M::Rounding, T>(x);
            }
            copy(y_rest, &ys);
        }
    }
}

/// y ← y · f(x), for each pair of numbers, and the sums of the columns of y.
#[inline(always)]
pub(crate) fn scale_and_sum<M: Machine, F: Function, T: Float, const N: usize, const B: usize>(
    ys: &mut [[T; N]; B],
    xs: &[[T; N]; B],
    sums: &mut [T; N],
    store: Store,
) {
    if const { !PLAIN && !(INLINES && B * N <= INLINE) && N >= CHUNK } {
        let (ys, xs, sums) = (ys.as_mut_ptr().cast(), xs.as_ptr().cast(), sums.as_mut_ptr());
        if const { N.is_multiple_of(CHUNK) } {
            M::run_made(ScaleAndSum::<F, T, false>::of, ys, xs, sums, B, N, store);
        } else {
            M::run_made(ScaleAndSum::<F, T, true>::of, ys, xs, sums, B, N, store);
        }
    } else {
        scale::<M, F, T>(ys.as_flattened_mut(), xs.as_flattened());
        product::sum_rows::<M, T, N, B>(ys, sums, store);
    }
}

/// The same in one pass, where the columns are whole chunks, or, with a `REST`, some more than that.
struct ScaleAndSum<'a, F, T, const REST: bool> {
    ys: *mut T,
    xs: *const T,
    sums: *mut T,
    rows: usize,
    cols: usize,
    store: Store,
    borrowed: PhantomData<(&'a mut [T], F)>,
}

impl<F: Function, T: Float, const REST: bool> ScaleAndSum<'_, F, T, REST> {
    #[inline(always)]
    fn of(ys: *mut T, xs: *const T, sums: *mut T, rows: usize, cols: usize, store: Store) -> Self {
        ScaleAndSum { ys, xs, sums, rows, cols, store, borrowed: PhantomData }
    }

    /// The `N` columns from `col` on.
    ///
    /// # Safety
    /// There are so many.
    #[inline(always)]
    unsafe fn columns<V: Lanes<T>, R: Rounding, const N: usize>(&self, col: usize) {
        let vectors = const { N / V::N };
        // No vector has fewer than two numbers.
        let mut sums = [V::splat(T::ZERO); WIDE / 2];
        // SAFETY: the caller's columns of what is borrowed.
        unsafe {
            let to = self.sums.add(col);
            if let Store::Add = self.store {
                let mut v = 0;
                while v < vectors {
                    sums[v] = V::load(to.add(v * V::N));
                    v += 1;
                }
            }
            let mut row = 0;
            while row < self.rows {
                let y = self.ys.add(row * self.cols + col);
                let xs = *self.xs.add(row * self.cols + col).cast::<[T; N]>();
                for (y, x) in (*y.cast::<[T; N]>()).iter_mut().zip(xs) {
                    *y *= F::of::<R, T>(x);
                }
                let mut v = 0;
                while v < vectors {
                    sums[v] = sums[v].add(V::load(y.add(v * V::N)));
                    v += 1;
                }
                row += 1;
            }
            let mut v = 0;
            while v < vectors {
                sums[v].store(to.add(v * V::N));
                v += 1;
            }
        }
    }

    /// The chunks from `first` and from `last` on, which have columns in common: of a row both are loaded
    /// before one is stored, or these would be multiplied twice.
    ///
    /// # Safety
    /// Both are `CHUNK` columns.
    #[inline(always)]
    unsafe fn overlapping<V: Lanes<T>, R: Rounding>(&self, first: usize, last: usize) {
        let vectors = const { CHUNK / V::N };
        let mut sums = [[V::splat(T::ZERO); CHUNK / 2]; 2];
        // SAFETY: the caller's columns of what is borrowed.
        unsafe {
            let to = [self.sums.add(first), self.sums.add(last)];
            if let Store::Add = self.store {
                for (sums, to) in sums.iter_mut().zip(to) {
                    let mut v = 0;
                    while v < vectors {
                        sums[v] = V::load(to.add(v * V::N));
                        v += 1;
                    }
                }
            }
            let mut row = 0;
            while row < self.rows {
                let begin = row * self.cols;
                let xs = [first, last].map(|col| *self.xs.add(begin + col).cast::<[T; CHUNK]>());
                let to = [first, last].map(|col| self.ys.add(begin + col).cast::<[T; CHUNK]>());
                let mut ys = to.map(|y| *y);
                for (y, &x) in ys.as_flattened_mut().iter_mut().zip(xs.as_flattened()) {
                    *y *= F::of::<R, T>(x);
                }
                for ((sums, y), to) in sums.iter_mut().zip(ys).zip(to) {
                    *to = y;
                    let mut v = 0;
                    while v < vectors {
                        sums[v] = sums[v].add(V::load(y.as_ptr().add(v * V::N)));
                        v += 1;
                    }
                }
                row += 1;
            }
            for (sums, to) in sums.iter().zip(to) {
                let mut v = 0;
                while v < vectors {
                    sums[v].store(to.add(v * V::N));
                    v += 1;
                }
            }
        }
    }
}

impl<F: Function, T: Float, const REST: bool> Task for ScaleAndSum<'_, F, T, REST> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let whole = self.cols - self.cols % CHUNK;
        // The last whole chunk is done with the rest.
        let end = if REST { whole - CHUNK } else { whole };
        let mut col = 0;
        // SAFETY: there are whole chunks of columns up to `whole`, one at least with a rest.
        unsafe {
            while col + WIDE <= end {
                self.columns::<T::Lanes<M>, M::Rounding, WIDE>(col);
                col += WIDE;
            }
            if col + 2 * CHUNK <= end {
                self.columns::<T::Lanes<M>, M::Rounding, { 2 * CHUNK }>(col);
                col += 2 * CHUNK;
            }
            if col < end {
                self.columns::<T::Lanes<M>, M::Rounding, CHUNK>(col);
            }
            if REST {
                self.overlapping::<T::Lanes<M>, M::Rounding>(end, self.cols - CHUNK);
            }
        }
    }
}

/// The sum of all numbers.
#[inline(always)]
pub(crate) fn sum<T: Float>(xs: &[T]) -> T {
    sum_of(xs, |x| x)
}

/// The sum of what `of` gives for each number.
#[inline(always)]
pub(crate) fn sum_of<T: Float>(xs: &[T], of: impl Fn(T) -> T) -> T {
    fold(xs, T::ZERO, of, |a, b| a + b)
}

/// The largest of all numbers, −∞ if there are none. A NaN may get lost.
#[inline(always)]
pub(crate) fn largest<T: Float>(xs: &[T]) -> T {
    fold(xs, -T::INFINITY, |x| x, |a, b| b.at_least(a))
}

/// Whether none of the numbers is infinite or NaN.
#[inline(always)]
pub(crate) fn are_finite<T: Float>(xs: &[T]) -> bool {
    // Every number times 0 is 0, unless it is infinite or NaN.
    sum_of(xs, |x| x * T::ZERO) == T::ZERO
}

/// Folds what `of` gives for the numbers of each place in a chunk, and then these in halves: the same
/// order for vectors of any length.
#[inline(always)]
fn fold<T: Float>(xs: &[T], neutral: T, of: impl Fn(T) -> T, f: impl Fn(T, T) -> T) -> T {
    let (chunks, rest) = xs.as_chunks::<CHUNK>();
    let mut places = [neutral; CHUNK];
    for chunk in chunks {
        for (place, &x) in places.iter_mut().zip(chunk) {
            *place = f(*place, of(x));
        }
    }
    for (place, &x) in places.iter_mut().zip(rest) {
        *place = f(*place, of(x));
    }
    let mut half = CHUNK / 2;
    while half > 0 {
        for i in 0..half {
            places[i] = f(places[i], places[i + half]);
        }
        half /= 2;
    }
    places[0]
}

/// A chunk that begins with `rest`, and is zero behind it.
#[inline(always)]
fn padded<T: Float>(rest: &[T]) -> [T; CHUNK] {
    let mut chunk = [T::ZERO; CHUNK];
    for (padded, &x) in chunk.iter_mut().zip(rest) {
        *padded = x;
    }
    chunk
}

/// Copies back the numbers that are no padding.
#[inline(always)]
fn copy<T: Float>(rest: &mut [T], chunk: &[T; CHUNK]) {
    for (x, &padded) in rest.iter_mut().zip(chunk) {
        *x = padded;
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use core::hint::black_box;
    use std::fmt::LowerExp;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::kernel::dispatch;
    use crate::kernel::functions::{exp, exp_m1, ln, ln_1p, normal_cdf, sigmoid, softplus, tanh};
    use crate::kernel::rounding::Twice;
    use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

    /// All that is here, on one machine.
    struct All<'a, F, T> {
        mapped: &'a mut [T],
        both: [&'a mut [T]; 2],
        scaled: &'a mut [T],
        xs: &'a [T],
        function: PhantomData<F>,
    }

    impl<F: Function, T: Float> Task for All<'_, F, T> {
        /// The sum and the largest, and the function of one number.
        type Output = ([T; 2], fn(T) -> T);

        #[inline(always)]
        fn run<M: Machine>(self) -> Self::Output {
            map::<M, F, T>(self.mapped);
            let [halves, values] = self.both;
            map_both::<M, Halved, F, T>(halves, values);
            scale::<M, F, T>(self.scaled, self.xs);
            ([sum(self.xs), largest(self.xs)], one::<M::Rounding, F, T>)
        }
    }

    fn same<T: Float>(a: T, b: T) -> bool {
        a == b && T::ONE.copysign(a) == T::ONE.copysign(b) || a.is_nan() && b.is_nan()
    }

    #[inline(never)]
    fn one<R: Rounding, F: Function, T: Float>(x: T) -> T {
        F::of::<R, T>(black_box(x))
    }

    /// The same bits as number by number, for these numbers.
    fn check<F: Function, T: Float + LowerExp>(what: &str, xs: &[T]) {
        let (mut mapped, mut scaled) = (xs.to_vec(), xs.to_vec());
        let (mut halves, mut values) = (xs.to_vec(), vec![T::NAN; xs.len()]);
        scaled.reverse();
        let ys = scaled.clone();
        let ([sum, largest], of) = dispatch(All::<F, T> {
            mapped: &mut mapped,
            both: [&mut halves, &mut values],
            scaled: &mut scaled,
            xs,
            function: PhantomData,
        });
        for (i, &x) in xs.iter().enumerate() {
            let f = of(x);
            assert!(
                same(mapped[i], f),
                "{what}({x:e}) = {f:e}, {:e} among {}",
                mapped[i],
                xs.len()
            );
            assert!(same(scaled[i], ys[i] * f), "{:e} · {what}({x:e}): {:e}", ys[i], scaled[i]);
            assert!(same(values[i], f), "{what}({x:e}) = {f:e}, {:e} beside x/2", values[i]);
            assert!(same(halves[i], Halved::of::<Twice, T>(x)), "half of {x:e}: {:e}", halves[i]);
        }

        let mut places = [T::ZERO; CHUNK];
        xs.iter().enumerate().for_each(|(i, &x)| places[i % CHUNK] += black_box(x));
        for half in [8, 4, 2, 1] {
            (0..half).for_each(|i| places[i] += black_box(places[i + half]));
        }
        assert!(
            same(sum, places[0]),
            "the sum of {}: {sum:e} instead of {:e}",
            xs.len(),
            places[0]
        );
        let numbers = xs.iter().copied().filter(|x| !x.is_nan());
        if numbers.clone().count() == xs.len() {
            let expected = numbers.fold(-T::INFINITY, |a, b| if b > a { b } else { a });
            assert!(largest == expected, "the largest of {}: {largest:e}", xs.len());
        }
    }

    /// Arrays of all lengths to 70, which begin with what is special, and a long one.
    fn arrays<T: Float>(mut random: impl FnMut() -> T) -> Vec<Vec<T>> {
        let special = [0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40, 0.5, 88.7, -87.4, -103.9, 1e30, -1e30];
        let special =
            special.map(T::from_f64).into_iter().chain([T::INFINITY, T::NAN, -T::INFINITY]);
        let special: Vec<T> = special.collect();
        (1..=70)
            .chain([5000])
            .flat_map(|len| [(len, len % 15), (len, 15)])
            .map(|(len, from)| {
                let special = special[from..].iter().copied();
                special.chain(core::iter::from_fn(|| Some(random()))).take(len).collect()
            })
            .collect()
    }

    macro_rules! check {
        (|$x:ident| $($name:ident: $of:expr,)*) => {
            $({
                struct Named;

                impl Function for Named {
                    #[inline(always)]
                    fn of<R: Rounding, T: Float>($x: T) -> T {
                        $of
                    }
                }

                let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
                // Half of them of any size, half where the functions are neither flat nor trivial.
                for xs in arrays(|| match rng.next_u32() {
                    bits if bits & 1 == 0 => f32::from_bits(bits),
                    bits => bits as i32 as f32 / 1e8,
                }) {
                    check::<Named, f32>(stringify!($name), &xs);
                }
                for xs in arrays(|| match rng.next_u64() {
                    bits if bits & 1 == 0 => f64::from_bits(bits),
                    bits => bits as i64 as f64 / 4e17,
                }) {
                    check::<Named, f64>(stringify!($name), &xs);
                }
            })*
        };
    }

    #[test]
    fn many_numbers_have_the_bits_of_each() {
        check! { |x|
            exp: exp::<R, T>(x),
            exp_m1: exp_m1::<R, T>(x),
            ln: ln::<R, T>(x),
            ln_1p: ln_1p::<R, T>(x),
            softplus: softplus::<R, T>(x),
            tanh: tanh::<R, T>(x),
            sigmoid: sigmoid::<R, T>(x),
            normal_cdf: normal_cdf::<R, T>(x),
            sqrt: x.sqrt(),
            abs: x.abs(),
        }
    }

    /// [`scale_and_sum`], on the machine that runs it.
    struct Columns<'a, T, const N: usize, const B: usize> {
        ys: &'a mut [[T; N]; B],
        xs: &'a [[T; N]; B],
        sums: &'a mut [T; N],
        store: Store,
    }

    impl<T: Float, const N: usize, const B: usize> Task for Columns<'_, T, N, B> {
        type Output = ();

        #[inline(always)]
        fn run<M: Machine>(self) {
            scale_and_sum::<M, Halved, T, N, B>(self.ys, self.xs, self.sums, self.store);
        }
    }

    /// f(x) = x/2.
    struct Halved;

    impl Function for Halved {
        #[inline(always)]
        fn of<R: Rounding, T: Float>(x: T) -> T {
            x * T::from_f64(0.5)
        }
    }

    /// Columns have the bits of sums in the order of the rows.
    fn check_columns<T: Float, const N: usize, const B: usize>(mut random: impl FnMut() -> T) {
        for store in [Store::Overwrite, Store::Add] {
            let xs = [(); B].map(|()| [(); N].map(|()| random()));
            let before = [(); B].map(|()| [(); N].map(|()| random()));
            let kept = [(); N].map(|()| random());
            let (mut ys, mut sums) = (before, kept);
            dispatch(Columns { ys: &mut ys, xs: &xs, sums: &mut sums, store });
            for col in 0..N {
                let mut sum = if let Store::Add = store { kept[col] } else { T::ZERO };
                for row in 0..B {
                    let y = before[row][col] * Halved::of::<Twice, T>(black_box(xs[row][col]));
                    assert!(same(ys[row][col], y), "row {row}, column {col} of {B} by {N}");
                    sum += black_box(y);
                }
                assert!(same(sums[col], sum), "the sum of column {col} of {B} by {N}");
            }
        }
    }

    #[test]
    fn columns_are_summed_in_order() {
        macro_rules! check {
            ($($b:literal by $n:literal)*) => {$(
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
                check_columns::<f32, $n, $b>(|| rng.next_u32() as i32 as f32 / 1e8);
                check_columns::<f64, $n, $b>(|| rng.next_u32() as i32 as f64 / 1e8);
            )*};
        }
        check!(
            1 by 16 1 by 80 2 by 48 4 by 16 5 by 16 9 by 32 64 by 112 3 by 1 7 by 15 4 by 17 7 by 20 3 by 31
            9 by 33 2 by 47 5 by 63 3 by 79 2 by 97 64 by 121
        );
    }
}
