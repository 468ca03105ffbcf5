use core::marker::PhantomData;

use super::{Rule, apply_to_tensor};
use crate::kernel::{Task, dispatch};
use crate::{Float, Layer, Machine, Visitor};

/// Keeps a gradient from being too large, before the optimizer uses it, by PyTorch's rules.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Clip, Dense, MeanSquaredError, Sgd, Trainer};
///
/// let mut net = Dense::<1, 1>::ZERO;
/// let mut trainer = Trainer::<_, _, _, 1>::new(MeanSquaredError, Sgd::new(1.0));
/// trainer.clip = Some(Clip::Norm(1.0));
/// trainer.step(&mut net, &[[0.0]], &[[100.0]]); // ∂J/∂b is -200
/// assert!((net.bias()[0] - 1.0).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Clip {
    /// gᵢ ← max(−c, min(c, gᵢ)) for this c, which is not negative.
    Value(f64),
    /// g ← g · min(1, c / (‖g‖₂ + 10⁻⁶)) for this c, which is not negative. The norm is that of the
    /// gradient of all layers together.
    Norm(f64),
}

impl Clip {
    /// Clips `gradient` in place. A NaN in it stays; so does the NaN that an infinity becomes
    /// when its norm is clipped.
    pub fn apply<N: Layer>(self, gradient: &mut N) {
        dispatch(Clipping { clip: self, gradient });
    }
}

/// [`Clip::apply`].
pub(super) struct Clipping<'a, N> {
    pub(super) clip: Clip,
    pub(super) gradient: &'a mut N,
}

impl<N: Layer> Task for Clipping<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let mut visit = |what| {
            let mut pass = Pass::<M, N> { what, of: PhantomData };
            self.gradient.visit([], &mut pass);
            pass.what
        };
        match self.clip {
            Clip::Value(bound) => _ = visit(What::Hold(bound)),
            Clip::Norm(bound) => {
                let What::Square(squares) = visit(What::Square(0.0)) else { return };
                // The 1e-6 is PyTorch's.
                let scale = bound / (Float::sqrt(squares) + 1e-6);
                // A norm that is no number scales too, so that it is seen.
                if scale < 1.0 || scale.is_nan() {
                    visit(What::Scale(scale));
                }
            }
        }
    }
}

/// Goes through the tensors of a gradient.
struct Pass<M, N> {
    what: What,
    of: PhantomData<(M, N)>,
}

/// What is done to each tensor of a gradient: one visitor, because the compiler works through all
/// layers of a network for each.
enum What {
    /// Holds every number in ±this.
    Hold(f64),
    /// Adds up their squares.
    Square(f64),
    /// Multiplies them with this.
    Scale(f64),
}

impl<M: Machine, N: Layer> Visitor<0> for Pass<M, N> {
    fn tensor<T: Float>(&mut self, values: &mut [T], []: [&mut [T]; 0]) {
        match &mut self.what {
            What::Hold(bound) => apply_to_tensor::<M, N, _, T, 0>(&Hold(*bound), values, []),
            What::Square(sum) => *sum += M::run(SumOfSquares(values)),
            What::Scale(scale) => apply_to_tensor::<M, N, _, T, 0>(&Scale(*scale), values, []),
        }
    }
}

struct Hold(f64);

impl Rule<0> for Hold {
    #[inline(always)]
    fn apply<M: Machine, T: Float>(&self, values: &mut [T], []: [&mut [T]; 0]) {
        let bound = T::from_f64(self.0);
        for value in values {
            *value = value.at_least(-bound).at_most(bound);
        }
    }
}

struct Scale(f64);

impl Rule<0> for Scale {
    #[inline(always)]
    fn apply<M: Machine, T: Float>(&self, values: &mut [T], []: [&mut [T]; 0]) {
        let scale = T::from_f64(self.0);
        for value in values {
            *value *= scale;
        }
    }
}

/// In f64, where the square of every f32 is a number.
struct SumOfSquares<'a, T>(&'a [T]);

impl<T: Float> Task for SumOfSquares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<M: Machine>(self) -> f64 {
        let (blocks, rest) = self.0.as_chunks::<8>();
        let square = |value: T| value.to_f64() * value.to_f64();
        let mut sums = [0.0; 8];
        for block in blocks {
            for (sum, &value) in sums.iter_mut().zip(block) {
                *sum += square(value);
            }
        }
        for (sum, &value) in sums.iter_mut().zip(rest) {
            *sum += square(value);
        }
        sums.into_iter().sum()
    }
}
