//! Functions of one number, applied to many.
//!
//! The loops run over chunks of constant length, which the compiler turns into vectors. A rest
//! that fills no chunk is padded to one: it costs a whole chunk, but no number by itself. Targets
//! without vectors have neither chunks nor padding.

use core::marker::PhantomData;

use super::lanes::PLAIN;
use super::{Float, Machine, Task};

/// Numbers in a chunk.
const CHUNK: usize = 16;

/// Numbers up to which a pass is inlined into its layer's.
const INLINE: usize = 64;

/// A function of one number, free of branches. Its implementation is `#[inline(always)]`.
pub(crate) trait Function {
    /// f(x).
    fn of<T: Float>(x: T) -> T;
}

/// x ← f(x), for each number.
#[inline(always)]
pub(crate) fn map<M: Machine, F: Function, T: Float>(xs: &mut [T]) {
    let task = Map::<F, T> { xs, function: PhantomData };
    if task.xs.len() <= INLINE { task.run::<M>() } else { M::run(task) }
}

/// x ← f(x), for each number, inlined however many there are.
#[inline(always)]
pub(crate) fn map_here<F: Function, T: Float>(xs: &mut [T]) {
    if PLAIN {
        return xs.iter_mut().for_each(|x| *x = F::of(*x));
    }
    let (chunks, rest) = xs.as_chunks_mut::<CHUNK>();
    for x in chunks.as_flattened_mut() {
        *x = F::of(*x);
    }
    if !rest.is_empty() {
        let mut xs = padded(rest);
        for x in &mut xs {
            *x = F::of(*x);
        }
        copy(rest, &xs);
    }
}

/// y ← y · f(x), for each pair of numbers of two slices that are equally long.
#[inline(always)]
pub(crate) fn scale<M: Machine, F: Function, T: Float>(ys: &mut [T], xs: &[T]) {
    let task = Scale::<F, T> { ys, xs, function: PhantomData };
    if task.ys.len() <= INLINE { task.run::<M>() } else { M::run(task) }
}

struct Map<'a, F, T> {
    xs: &'a mut [T],
    function: PhantomData<F>,
}

impl<F: Function, T: Float> Task for Map<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        map_here::<F, T>(self.xs);
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
            return self.ys.iter_mut().zip(self.xs).for_each(|(y, &x)| *y *= F::of(x));
        }
        let (y_chunks, y_rest) = self.ys.as_chunks_mut::<CHUNK>();
        let (x_chunks, x_rest) = self.xs.as_chunks::<CHUNK>();
        for (y, &x) in y_chunks.as_flattened_mut().iter_mut().zip(x_chunks.as_flattened()) {
            *y *= F::of(x);
        }
        if !y_rest.is_empty() {
            let mut ys = padded(y_rest);
            for (y, x) in ys.iter_mut().zip(padded(x_rest)) {
                *y *= F::of(x);
            }
            copy(y_rest, &ys);
        }
    }
}

/// The sum of all numbers.
#[inline(always)]
pub(crate) fn sum<T: Float>(xs: &[T]) -> T {
    fold(xs, T::ZERO, |a, b| a + b)
}

/// The largest of all numbers, −∞ if there are none. A NaN may get lost.
#[inline(always)]
pub(crate) fn largest<T: Float>(xs: &[T]) -> T {
    fold(xs, -T::INFINITY, |a, b| b.at_least(a))
}

/// Folds the numbers of each place in a chunk, and then these in halves: the same order for
/// vectors of any length.
#[inline(always)]
fn fold<T: Float>(xs: &[T], neutral: T, f: impl Fn(T, T) -> T) -> T {
    let (chunks, rest) = xs.as_chunks::<CHUNK>();
    let mut places = [neutral; CHUNK];
    for chunk in chunks {
        for (place, &x) in places.iter_mut().zip(chunk) {
            *place = f(*place, x);
        }
    }
    for (place, &x) in places.iter_mut().zip(rest) {
        *place = f(*place, x);
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
