//! Losses: J = L(y, target), and ∂J/∂y in the same pass.
//!
//! | loss | target | L of one sample |
//! |---|---|---|
//! | [`MeanSquaredError`] | `[T; N]` | mean of (y − t)² |
//! | [`MeanAbsoluteError`] | `[T; N]` | mean of \|y − t\| |
//! | [`Huber`] | `[T; N]` | mean of ½ (y − t)², or δ (\|y − t\| − ½ δ) beyond δ |
//! | [`CrossEntropy`] | [`Class<N>`] | −ln softmax(y)ₜ |
//! | [`BinaryCrossEntropy`] | `[T; N]` in 0..1 | mean of −t ln σ(y) − (1 − t) ln(1 − σ(y)) |
//!
//! The loss of a batch is the mean over its samples. Each loss has its own target type, so that a
//! wrong target does not compile. NaN in an output gives a NaN loss.

use core::array::{from_mut, from_ref};

use crate::activation::{Exp, subtract_largest};
use crate::data::Class;
use crate::kernel::SPARES_STACK;
use crate::kernel::elementwise::{self, Function};
use crate::kernel::functions::ln;
use crate::kernel::rounding::{Rounding, Twice};
use crate::{Float, Zero};

/// A loss for networks that output `Y`.
///
/// One of your own:
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Loss, Sgd, Trainer};
///
/// /// max(0, 1 − t y), with t = 1 for what is so, and −1 for what is not.
/// struct Hinge;
///
/// impl Loss<[f32; 1]> for Hinge {
///     type Target = bool;
///     type Scalar = f32;
///
///     fn gradient(&self, [y]: &[f32; 1], &is: &bool, scale: f32, dy: &mut [f32; 1]) -> f32 {
///         let t = if is { 1.0 } else { -1.0 };
///         let loss = (1.0 - t * y).max(0.0);
///         *dy = [if loss > 0.0 { -t * scale } else { 0.0 }];
///         loss
///     }
/// }
///
/// let mut net = Dense::<2, 1>::ZERO;
/// let mut trainer = Trainer::<_, _, _, 4>::new(Hinge, Sgd::new(0.5));
/// let (x, or) = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [false, true, true, true]);
/// for _ in 0..50 {
///     trainer.step(&mut net, &x, &or);
/// }
/// assert_eq!(x.map(|x| net.predict(&x)[0] > 0.0), or);
/// ```
///
/// A network with another output, or targets of another type, do not compile.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no loss for a network that outputs `{Y}`",
    label = "not a loss for this output",
    note = "losses are `MeanSquaredError`, `CrossEntropy`, ... ; one of your own implements `constgrad::Loss<[T; N]>`"
)]
pub trait Loss<Y> {
    /// What the output is compared with.
    type Target;
    /// The number type of the loss.
    type Scalar: Float;

    /// The loss of one sample, unscaled. All of `dy` is overwritten with `scale` · ∂L/∂y: a
    /// [`Trainer`](crate::Trainer) takes the mean of B samples by a scale of 1/B.
    fn gradient(
        &self,
        y: &Y,
        target: &Self::Target,
        scale: Self::Scalar,
        dy: &mut Y,
    ) -> Self::Scalar;

    /// The loss of one sample.
    fn loss(&self, y: &Y, target: &Self::Target) -> Self::Scalar
    where
        Y: Zero,
    {
        let mut dy = Y::ZERO;
        self.gradient(y, target, Self::Scalar::ONE, &mut dy)
    }

    /// [`gradient`](Self::gradient) for each sample of a batch, and the sum of their losses. A loss
    /// keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn gradient_batch<const B: usize>(
        &self,
        ys: &[Y; B],
        targets: &[Self::Target; B],
        scale: Self::Scalar,
        dys: &mut [Y; B],
    ) -> Self::Scalar {
        one_by_one(self, ys, targets, scale, dys)
    }
}

/// [`Loss::gradient_batch`], a sample at a time.
#[inline(always)]
fn one_by_one<L: Loss<Y> + ?Sized, Y, const B: usize>(
    loss: &L,
    ys: &[Y; B],
    targets: &[L::Target; B],
    scale: L::Scalar,
    dys: &mut [Y; B],
) -> L::Scalar {
    let mut sum = L::Scalar::ZERO;
    for ((y, target), dy) in ys.iter().zip(targets).zip(dys) {
        sum += loss.gradient(y, target, scale, dy);
    }
    sum
}

/// The sum over the samples of the means over their outputs of `of(y, t)` = (loss, derivative). All
/// outputs are one row: so a single one of each sample fills vectors too.
#[inline(always)]
fn means<T: Float, const N: usize, const B: usize>(
    ys: &[[T; N]; B],
    targets: &[[T; N]; B],
    scale: T,
    dys: &mut [[T; N]; B],
    of: impl Fn(T, T) -> (T, T),
) -> T {
    let share = T::from_f64(1.0 / N as f64);
    let scale = scale * share;
    let (ys, targets) = (ys.as_flattened(), targets.as_flattened());
    let dys = dys.as_flattened_mut();
    // A sum waits for the one before: beside it nothing would be vectorised.
    let sum = match const { N * B } {
        0..8 => add_up::<T, 1>(ys, targets, scale, dys, of),
        8..16 => add_up::<T, 8>(ys, targets, scale, dys, of),
        16..32 => add_up::<T, 16>(ys, targets, scale, dys, of),
        32.. => add_up::<T, 32>(ys, targets, scale, dys, of),
    };
    sum * share
}

/// The sum of the losses of `PLACES` outputs or more, in `PLACES` places; `dys` gets the derivatives
/// times `scale`.
#[inline(always)]
fn add_up<T: Float, const PLACES: usize>(
    ys: &[T],
    targets: &[T],
    scale: T,
    dys: &mut [T],
    of: impl Fn(T, T) -> (T, T),
) -> T {
    let mut sums = [T::ZERO; PLACES];
    let rest = ys.len() % PLACES;
    let chunks = ys.as_chunks().0.iter().zip(targets.as_chunks().0);
    for ((y, target), dy) in chunks.zip(dys.as_chunks_mut().0) {
        add_losses(y, target, scale, dy, &mut sums, 0, &of);
    }
    // The last, some of which have been among these.
    if rest > 0
        && let (Some(y), Some(target), Some(dy)) =
            (ys.last_chunk(), targets.last_chunk(), dys.last_chunk_mut())
    {
        add_losses(y, target, scale, dy, &mut sums, PLACES - rest, &of);
    }
    if const { PLACES == 1 } { sums[0] } else { elementwise::sum(&sums) }
}

/// Adds to each sum the loss of its place, from place `first` on; `dy` gets all derivatives, of which
/// those before may be there.
#[inline(always)]
fn add_losses<T: Float, const PLACES: usize>(
    y: &[T; PLACES],
    target: &[T; PLACES],
    scale: T,
    dy: &mut [T; PLACES],
    sums: &mut [T; PLACES],
    first: usize,
    of: &impl Fn(T, T) -> (T, T),
) {
    // On chips nothing is computed again; a vector is as quick whole.
    for place in if SPARES_STACK { first } else { 0 }..PLACES {
        let (loss, derivative) = of(y[place], target[place]);
        sums[place] += T::select(place < first, T::ZERO, loss);
        dy[place] = derivative * scale;
    }
}

/// Losses that are means over the outputs: their `of` gives (loss, derivative) of an output and its target.
macro_rules! means_over_outputs {
    ($($loss:ty)*) => {$(
        impl<T: Float, const N: usize> Loss<[T; N]> for $loss {
            type Target = [T; N];
            type Scalar = T;

            #[inline(always)]
            fn gradient(&self, y: &[T; N], target: &[T; N], scale: T, dy: &mut [T; N]) -> T {
                let (y, target, dy) = (from_ref(y), from_ref(target), from_mut(dy));
                means::<T, N, 1>(y, target, scale, dy, self.of())
            }

            #[inline(always)]
            fn gradient_batch<const B: usize>(
                &self,
                ys: &[[T; N]; B],
                targets: &[[T; N]; B],
                scale: T,
                dys: &mut [[T; N]; B],
            ) -> T {
                means::<T, N, B>(ys, targets, scale, dys, self.of())
            }
        }
    )*};
}
means_over_outputs!(MeanSquaredError MeanAbsoluteError Huber BinaryCrossEntropy);

/// Mean over the outputs of (y − t)².
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MeanSquaredError;

impl MeanSquaredError {
    #[inline(always)]
    fn of<T: Float>(&self) -> impl Fn(T, T) -> (T, T) {
        |y, t| {
            let error = y - t;
            (error * error, error + error)
        }
    }
}

/// Mean over the outputs of |y − t|, with derivative 0 where they are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MeanAbsoluteError;

impl MeanAbsoluteError {
    #[inline(always)]
    fn of<T: Float>(&self) -> impl Fn(T, T) -> (T, T) {
        |y, t| {
            let error = y - t;
            // 0 and NaN are their own sign.
            let sign = T::select(error < T::ZERO, -T::ONE, error);
            (error.abs(), T::select(error > T::ZERO, T::ONE, sign))
        }
    }
}

/// Mean over the outputs of ½ (y − t)² within δ, and of δ (|y − t| − ½ δ) beyond: a squared
/// error that outliers cannot dominate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Huber {
    /// Where the square turns into a line.
    pub delta: f64,
}

impl Huber {
    /// Huber's loss with the given δ > 0.
    pub const fn new(delta: f64) -> Self {
        Huber { delta }
    }

    #[inline(always)]
    fn of<T: Float>(&self) -> impl Fn(T, T) -> (T, T) {
        let (delta, half) = (T::from_f64(self.delta), T::from_f64(0.5));
        move |y, t| {
            let error = y - t;
            let inner = error.at_least(-delta).at_most(delta);
            // Within δ: e · (e − ½e). Beyond: ±δ · (e − ±½δ).
            (inner * (error - half * inner), inner)
        }
    }
}

/// δ = 1.
impl Default for Huber {
    fn default() -> Self {
        Huber::new(1.0)
    }
}

/// −ln softmax(y)ₜ, for a classifier whose outputs are logits: any numbers, the largest wins.
///
/// Computed from the logits, so that it is exact for logits of any size, and its gradient is
/// softmax(y) − onehot(t). Leave [`Softmax`](crate::Softmax) out of the network.
///
/// Label smoothing ε compares with 1 − ε for the target plus ε/N for every class (Szegedy et al.
/// 2016), as PyTorch does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CrossEntropy {
    /// ε, in 0..1; 0 by default.
    pub label_smoothing: f64,
}

impl CrossEntropy {
    /// Cross-entropy without label smoothing.
    pub const fn new() -> Self {
        CrossEntropy { label_smoothing: 0.0 }
    }

    /// With label smoothing ε in 0..1.
    pub const fn label_smoothing(self, epsilon: f64) -> Self {
        CrossEntropy { label_smoothing: epsilon }
    }
}

impl<T: Float, const N: usize> Loss<[T; N]> for CrossEntropy {
    type Target = Class<N>;
    type Scalar = T;

    #[inline(always)]
    fn gradient(&self, y: &[T; N], target: &Class<N>, scale: T, dy: &mut [T; N]) -> T {
        *dy = *y;
        let largest = subtract_largest(dy);
        elementwise::map_here::<Twice, Exp, T>(dy);
        let sum = elementwise::sum(dy);
        self.compare(y, target, scale, dy, Sum { largest, sum, ln: sum.ln() })
    }

    /// The logarithms of many samples at once: each would wait for the last step of its own.
    #[inline(always)]
    fn gradient_batch<const B: usize>(
        &self,
        ys: &[[T; N]; B],
        targets: &[Class<N>; B],
        scale: T,
        dys: &mut [[T; N]; B],
    ) -> T {
        const MANY: usize = 16;
        if const { SPARES_STACK || B == 1 } {
            return one_by_one(self, ys, targets, scale, dys);
        }
        let mut loss = T::ZERO;
        let samples = ys.chunks(MANY).zip(targets.chunks(MANY)).zip(dys.chunks_mut(MANY));
        for ((ys, targets), dys) in samples {
            let (mut largest, mut sums) = ([T::ZERO; MANY], [T::ONE; MANY]);
            for ((y, dy), largest) in ys.iter().zip(&mut *dys).zip(&mut largest) {
                *dy = *y;
                *largest = subtract_largest(dy);
            }
            elementwise::map_here::<Twice, Exp, T>(dys.as_flattened_mut());
            for (dy, sum) in dys.iter().zip(&mut sums) {
                *sum = elementwise::sum(dy);
            }
            let mut logarithms = sums;
            elementwise::map_here::<Twice, Ln, T>(&mut logarithms);
            let sums = largest.into_iter().zip(sums).zip(logarithms);
            for (((y, target), dy), ((largest, sum), ln)) in
                ys.iter().zip(targets).zip(dys).zip(sums)
            {
                loss += self.compare(y, target, scale, dy, Sum { largest, sum, ln });
            }
        }
        loss
    }
}

/// The sum of e^(logit − largest) over the logits of one sample, and its logarithm.
struct Sum<T> {
    largest: T,
    sum: T,
    ln: T,
}

impl CrossEntropy {
    /// The loss of one sample, where `dy` is e^(y − largest) on entry.
    #[inline(always)]
    fn compare<T: Float, const N: usize>(
        &self,
        y: &[T; N],
        target: &Class<N>,
        scale: T,
        dy: &mut [T; N],
        of: Sum<T>,
    ) -> T {
        // The logits first: beside large ones the logarithm would lose its digits.
        let likelihood = |logit: T| (of.largest - logit) + of.ln;

        // What is expected of the target, and of every class.
        let certain = T::from_f64(1.0 - self.label_smoothing);
        let share = T::from_f64(self.label_smoothing / N as f64);
        let mut loss = T::ZERO;
        // An expected 0 leaves a loss of ∞ out of the sum; 0 · ∞ would be no number.
        if share != T::ZERO {
            loss += elementwise::sum_of(y, |y| share * likelihood(y));
        }
        if certain != T::ZERO
            && let Some(&y) = y.get(target.index())
        {
            loss += certain * likelihood(y);
        }
        let probability = T::ONE / of.sum;
        for (class, dy) in dy.iter_mut().enumerate() {
            let certain = T::select(class == target.index(), certain, T::ZERO);
            *dy = (*dy * probability - share - certain) * scale;
        }
        loss
    }
}

/// ln x.
struct Ln;

impl Function for Ln {
    #[inline(always)]
    fn of<R: Rounding, T: Float>(x: T) -> T {
        ln::<R, T>(x)
    }
}

/// Mean over the outputs of −t ln σ(y) − (1 − t) ln(1 − σ(y)), for outputs that each answer a
/// yes-or-no question of its own.
///
/// y are logits: leave [`Sigmoid`](crate::Sigmoid) out of the network. A target is the probability
/// of yes, in 0..1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BinaryCrossEntropy;

impl BinaryCrossEntropy {
    #[inline(always)]
    fn of<T: Float>(&self) -> impl Fn(T, T) -> (T, T) {
        |y, t| {
            // −ln σ(y) = max(−y, 0) + ln(1 + e^−|y|), and likewise for 1 − σ(y) = σ(−y). What
            // weighs |y| is how probable the answer is that y speaks against.
            let against = T::select(y < T::ZERO, t, T::ONE - t);
            // What is not probable at all weighs nothing, not 0 · ∞.
            let penalty = T::select(against == T::ZERO, against, y.abs() * against);
            let loss = penalty + (-y.abs()).softplus();
            // σ(y) − t, for large y as (1 − t) − σ(−y): beside 1 it would lose its digits.
            let small = (-y.abs()).sigmoid();
            (loss, T::select(y < T::ZERO, small - t, (T::ONE - t) - small))
        }
    }
}
