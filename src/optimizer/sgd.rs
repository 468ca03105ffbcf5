use super::{Rule, decayed};
use crate::{Float, Layer, Machine, Optimizer};

/// Stochastic gradient descent: w ← w − lr · g.
///
/// Plain, it has no state at all: 0 bytes. [`momentum`](Sgd::momentum) makes it remember one
/// network.
///
/// ```
/// use constgrad::Sgd;
///
/// let plain = Sgd::new(0.1);
/// let with_momentum = Sgd::new(0.1).momentum(0.9);
/// let nesterov = Sgd::new(0.1).nesterov(0.9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sgd<M = Plain> {
    /// Learning rate.
    pub lr: f64,
    /// Weight decay λ as an L2 penalty: g ← g + λ w.
    pub weight_decay: f64,
    /// [`Plain`] or [`Momentum`].
    pub momentum: M,
}

/// No momentum, no state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plain;

/// Momentum: v ← μ v + g, and w ← w − lr · v, or with Nesterov's w ← w − lr · (g + μ v).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Momentum {
    /// μ, in 0..1.
    pub factor: f64,
    /// Whether to look ahead, as Nesterov does.
    pub nesterov: bool,
}

impl Sgd {
    /// Plain gradient descent with the given learning rate.
    pub const fn new(lr: f64) -> Self {
        Sgd { lr, weight_decay: 0.0, momentum: Plain }
    }

    /// With momentum μ.
    pub const fn momentum(self, factor: f64) -> Sgd<Momentum> {
        self.with(Momentum { factor, nesterov: false })
    }

    /// With Nesterov's momentum μ.
    pub const fn nesterov(self, factor: f64) -> Sgd<Momentum> {
        self.with(Momentum { factor, nesterov: true })
    }

    const fn with(self, momentum: Momentum) -> Sgd<Momentum> {
        Sgd { lr: self.lr, weight_decay: self.weight_decay, momentum }
    }
}

impl<M: Copy> Sgd<M> {
    /// With weight decay λ, an L2 penalty.
    ///
    /// ```
    /// use constgrad::Sgd;
    ///
    /// const SGD: Sgd = Sgd::new(0.1).weight_decay(1e-4);
    /// assert_eq!(SGD.weight_decay, 1e-4);
    /// ```
    pub const fn weight_decay(self, weight_decay: f64) -> Self {
        Sgd { weight_decay, ..self }
    }
}

/// Learning rate 1e-3.
impl Default for Sgd {
    fn default() -> Self {
        Sgd::new(1e-3)
    }
}

impl Optimizer for Sgd {
    type State<N: Layer> = ();

    steps!(|sgd, _state| *sgd, []);
}

impl Rule<1> for Sgd {
    #[inline(always)]
    fn apply<M: Machine, T: Float>(&self, weights: &mut [T], [gradient]: [&mut [T]; 1]) {
        let (lr, decay) = (T::from_f64(self.lr), T::from_f64(self.weight_decay));
        for (w, &mut g) in weights.iter_mut().zip(gradient) {
            *w -= lr * (g + decay * *w);
        }
    }
}

impl Optimizer for Sgd<Momentum> {
    type State<N: Layer> = N;

    steps!(|sgd, velocity| *sgd, [velocity]);
}

impl Rule<2> for Sgd<Momentum> {
    #[inline(always)]
    fn apply<M: Machine, T: Float>(&self, weights: &mut [T], [gradient, velocity]: [&mut [T]; 2]) {
        let (lr, decay) = (T::from_f64(self.lr), T::from_f64(self.weight_decay));
        let factor = T::from_f64(self.momentum.factor);
        // Where the step looks from: at v, or ahead of it.
        let (of_g, of_v) =
            if self.momentum.nesterov { (T::ONE, factor) } else { (T::ZERO, T::ONE) };
        for ((w, &mut g), v) in weights.iter_mut().zip(gradient).zip(velocity) {
            let g = g + decay * *w;
            *v = decayed::<M, T>(factor * *v + g);
            *w -= lr * (of_g * g + of_v * *v);
        }
    }
}
