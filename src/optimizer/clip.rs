use super::{Rule, apply};
use crate::{Float, Layer, Visitor};

/// Keeps a gradient from being too large, before the optimizer uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Each number is held in ±this, which is not negative.
    Value(f64),
    /// The whole gradient is scaled down so that its Euclidean norm is no larger than this, which
    /// is not negative.
    Norm(f64),
}

impl Clip {
    /// Clips `gradient` in place. A NaN in it stays; so does the NaN that an infinity becomes
    /// when its norm is clipped.
    #[inline(always)]
    pub fn apply<N: Layer>(self, gradient: &mut N) {
        match self {
            Clip::Value(bound) => apply(Hold(bound), gradient, []),
            Clip::Norm(bound) => {
                let norm = norm(gradient);
                // The 1e-6 is PyTorch's.
                let scale = bound / (norm + 1e-6);
                // A norm that is no number scales too, so that it is seen.
                if scale < 1.0 || scale.is_nan() {
                    apply(Scale(scale), gradient, []);
                }
            }
        }
    }
}

/// The Euclidean norm of all parameters together.
#[inline(always)]
fn norm<N: Layer>(gradient: &mut N) -> f64 {
    let mut squares = Squares(0.0);
    gradient.visit([], &mut squares);
    Float::sqrt(squares.0)
}

struct Hold(f64);

impl Rule<0> for Hold {
    #[inline(always)]
    fn apply<T: Float>(&self, values: &mut [T], []: [&mut [T]; 0]) {
        let bound = T::from_f64(self.0);
        for value in values {
            *value = value.at_least(-bound).at_most(bound);
        }
    }
}

struct Scale(f64);

impl Rule<0> for Scale {
    #[inline(always)]
    fn apply<T: Float>(&self, values: &mut [T], []: [&mut [T]; 0]) {
        let scale = T::from_f64(self.0);
        for value in values {
            *value *= scale;
        }
    }
}

struct Squares(f64);

impl Visitor<0> for Squares {
    #[inline(always)]
    fn tensor<T: Float>(&mut self, values: &mut [T], []: [&mut [T]; 0]) {
        let (blocks, rest) = values.as_chunks::<8>();
        // In f64, where the square of every f32 is a number.
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
        self.0 += sums.into_iter().sum::<f64>();
    }
}
