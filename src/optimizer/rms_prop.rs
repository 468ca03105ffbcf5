use super::{Rule, decayed};
use crate::{Float, Layer, Machine, Optimizer};

/// RMSprop (Hinton 2012): steps by the gradient over the root of the mean of its past squares.
///
/// v ← α v + (1−α) g²,  w ← w − lr · g / (√v + ε)
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RmsProp {
    /// Learning rate.
    pub lr: f64,
    /// α, in 0..1.
    pub alpha: f64,
    /// ε, added to the root.
    pub epsilon: f64,
    /// Weight decay λ as an L2 penalty: g ← g + λ w.
    pub weight_decay: f64,
}

impl RmsProp {
    /// RMSprop with the given learning rate, α = 0.99, ε = 1e-8, no weight decay.
    pub const fn new(lr: f64) -> Self {
        RmsProp { lr, alpha: 0.99, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

/// Learning rate 1e-2.
impl Default for RmsProp {
    fn default() -> Self {
        RmsProp::new(1e-2)
    }
}

impl Optimizer for RmsProp {
    type State<N: Layer> = N;

    steps!(|rms_prop, mean_square| *rms_prop, [mean_square]);
}

impl Rule<2> for RmsProp {
    #[inline(always)]
    fn apply<M: Machine, T: Float>(
        &self,
        weights: &mut [T],
        [gradient, mean_square]: [&mut [T]; 2],
    ) {
        let [alpha, rest] = [self.alpha, 1.0 - self.alpha].map(T::from_f64);
        let [lr, epsilon, l2] = [self.lr, self.epsilon, self.weight_decay].map(T::from_f64);
        for ((w, &mut g), v) in weights.iter_mut().zip(gradient).zip(mean_square) {
            let g = g + l2 * *w;
            *v = decayed::<M, T>(alpha * *v + rest * g * g);
            *w -= lr * g / (v.sqrt() + epsilon);
        }
    }
}
