use super::{Rule, decayed};
use crate::kernel::adam;
use crate::{Float, Layer, Machine, Optimizer, Zero};

/// Adam (Kingma and Ba 2015): steps by the mean of past gradients over the root of their mean
/// square, both corrected for having started at zero.
///
/// m ← β₁ m + (1−β₁) g,  v ← β₂ v + (1−β₂) g²,
/// w ← w − lr · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Adam {
    /// Learning rate.
    pub lr: f64,
    /// β₁, in 0..1.
    pub beta1: f64,
    /// β₂, in 0..1.
    pub beta2: f64,
    /// ε, added to the root.
    pub epsilon: f64,
    /// Weight decay λ as an L2 penalty: g ← g + λ w. See [`AdamW`] for the other way.
    pub weight_decay: f64,
}

impl Adam {
    /// Adam with the given learning rate, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, no weight decay.
    pub const fn new(lr: f64) -> Self {
        Adam { lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

/// Learning rate 1e-3.
impl Default for Adam {
    fn default() -> Self {
        Adam::new(1e-3)
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): w ← (1 − lr λ) w before the
/// step of Adam, so that the decay is not divided by the root.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdamW {
    /// Learning rate.
    pub lr: f64,
    /// β₁, in 0..1.
    pub beta1: f64,
    /// β₂, in 0..1.
    pub beta2: f64,
    /// ε, added to the root.
    pub epsilon: f64,
    /// Weight decay λ.
    pub weight_decay: f64,
}

impl AdamW {
    /// AdamW with the given learning rate, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, weight decay 0.01.
    pub const fn new(lr: f64) -> Self {
        AdamW { lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }
}

/// Learning rate 1e-3.
impl Default for AdamW {
    fn default() -> Self {
        AdamW::new(1e-3)
    }
}

/// What [`Adam`] and [`AdamW`] remember.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AdamState<N> {
    /// m, the mean of past gradients.
    pub mean: N,
    /// v, the mean of their squares.
    pub mean_square: N,
    /// β₁ᵗ after t steps.
    pub beta1_power: f64,
    /// β₂ᵗ after t steps.
    pub beta2_power: f64,
}

impl<N: Zero> Zero for AdamState<N> {
    const ZERO: Self =
        AdamState { mean: N::ZERO, mean_square: N::ZERO, beta1_power: 1.0, beta2_power: 1.0 };
}

impl Optimizer for Adam {
    type State<N: Layer> = AdamState<N>;

    steps!(|adam, state| Update::of(*adam, state), [&mut state.mean, &mut state.mean_square]);
}

impl Optimizer for AdamW {
    type State<N: Layer> = AdamState<N>;

    steps!(|adam, state| adam.update_of(state), [&mut state.mean, &mut state.mean_square]);
}

impl AdamW {
    #[inline(always)]
    fn update_of<N>(&self, state: &mut AdamState<N>) -> Update {
        let AdamW { lr, beta1, beta2, epsilon, weight_decay } = *self;
        let adam = Adam { lr, beta1, beta2, epsilon, weight_decay: 0.0 };
        Update { keep: 1.0 - lr * weight_decay, ..Update::of(adam, state) }
    }
}

/// One step of either.
struct Update {
    adam: Adam,
    /// The L2 penalty.
    l2: f64,
    /// What decoupled decay leaves of a weight.
    keep: f64,
    /// lr / (1−β₁ᵗ) and 1 / √(1−β₂ᵗ).
    steps: [f64; 2],
}

impl Update {
    /// The next step after those of the state, which counts it.
    #[inline(always)]
    fn of<N>(adam: Adam, state: &mut AdamState<N>) -> Self {
        state.beta1_power *= adam.beta1;
        state.beta2_power *= adam.beta2;
        let steps =
            [adam.lr / (1.0 - state.beta1_power), 1.0 / Float::sqrt(1.0 - state.beta2_power)];
        Update { adam, l2: adam.weight_decay, keep: 1.0, steps }
    }
}

impl Rule<3> for Update {
    #[inline(always)]
    fn apply<M: Machine, T: Float>(&self, weights: &mut [T], others: [&mut [T]; 3]) {
        if self.l2 == 0.0 && self.keep == 1.0 {
            self.steps::<M, T, false>(weights, others);
        } else {
            self.steps::<M, T, true>(weights, others);
        }
    }
}

impl Update {
    /// The steps of some parameters. Unless the weight `DECAYS`, it is left out of the gradient: 0 times
    /// an infinite weight is NaN.
    #[inline(always)]
    fn steps<M: Machine, T: Float, const DECAYS: bool>(
        &self,
        weights: &mut [T],
        [gradient, mean, mean_square]: [&mut [T]; 3],
    ) {
        let Adam { beta1, beta2, epsilon, .. } = self.adam;
        let [beta1, rest1] = [beta1, 1.0 - beta1].map(T::from_f64);
        let [beta2, rest2] = [beta2, 1.0 - beta2].map(T::from_f64);
        let [l2, keep, epsilon] = [self.l2, self.keep, epsilon].map(T::from_f64);
        let [step, unbias] = self.steps.map(T::from_f64);
        let [weights, gradient, mean, mean_square] = adam::first_parameters::<M, T, DECAYS>(
            &[l2, beta1, rest1, beta2, rest2, step, unbias, epsilon, keep],
            [weights, gradient, mean, mean_square],
        );
        let moments = mean.iter_mut().zip(mean_square);
        for ((w, &mut g), (m, v)) in weights.iter_mut().zip(gradient).zip(moments) {
            let (g, kept) = if DECAYS { (g + l2 * *w, keep * *w) } else { (g, *w) };
            *m = decayed::<M, T>(beta1 * *m + rest1 * g);
            *v = decayed::<M, T>(beta2 * *v + rest2 * g * g);
            *w = kept - step * *m / (v.sqrt() * unbias + epsilon);
        }
    }
}
