use super::Rule;
use crate::{Float, Layer, Machine, Optimizer};

/// Adagrad (Duchi et al. 2011): steps by the gradient over the root of the sum of its past
/// squares.
///
/// s ← s + g²,  w ← w − lr · g / (√s + ε)
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Adagrad {
    /// Learning rate.
    pub lr: f64,
    /// ε, added to the root.
    pub epsilon: f64,
    /// Weight decay λ as an L2 penalty: g ← g + λ w.
    pub weight_decay: f64,
}

impl Adagrad {
    /// Adagrad with the given learning rate, ε = 1e-10, no weight decay.
    pub const fn new(lr: f64) -> Self {
        Adagrad { lr, epsilon: 1e-10, weight_decay: 0.0 }
    }
}

/// Learning rate 1e-2.
impl Default for Adagrad {
    fn default() -> Self {
        Adagrad::new(1e-2)
    }
}

impl Optimizer for Adagrad {
    type State<N: Layer> = N;

    steps!(|adagrad, sum| *adagrad, [sum]);
}

impl Rule<2> for Adagrad {
    #[inline(always)]
    fn apply<M: Machine, T: Float>(&self, weights: &mut [T], [gradient, sum]: [&mut [T]; 2]) {
        let [lr, epsilon, l2] = [self.lr, self.epsilon, self.weight_decay].map(T::from_f64);
        for ((w, &mut g), s) in weights.iter_mut().zip(gradient).zip(sum) {
            let g = g + l2 * *w;
            *s += g * g;
            *w -= lr * g / (s.sqrt() + epsilon);
        }
    }
}
