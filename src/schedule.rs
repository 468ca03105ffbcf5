//! Learning-rate schedules: the learning rate as a function of the step.
//!
//! A step is whatever the caller counts: training steps, or epochs.
//!
//! ```
//! use constgrad::schedule::{Cosine, Schedule};
//! use constgrad::Adam;
//!
//! let schedule = Cosine { lr: 1e-3, warm_up: 100, steps: 1_000, end: 0.0 };
//! let mut adam = Adam::new(0.0);
//! for step in 0..1_000 {
//!     adam.lr = schedule.at(step);
//! }
//! ```

use core::f64::consts::PI;

/// A learning rate for every step, counted from 0.
pub trait Schedule {
    /// The learning rate of a step.
    fn at(&self, step: u32) -> f64;
}

/// Always the same.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Constant {
    /// The learning rate.
    pub lr: f64,
}

impl Schedule for Constant {
    fn at(&self, _: u32) -> f64 {
        self.lr
    }
}

/// lr · gamma^⌊step / every⌋: multiplied by `gamma` once every so many steps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step {
    /// The learning rate to begin with.
    pub lr: f64,
    /// Steps between two changes; 0 counts as 1.
    pub every: u32,
    /// The factor.
    pub gamma: f64,
}

impl Schedule for Step {
    fn at(&self, step: u32) -> f64 {
        self.lr * power(self.gamma, step / self.every.max(1))
    }
}

/// lr · gamma^step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exponential {
    /// The learning rate to begin with.
    pub lr: f64,
    /// The factor of each step.
    pub gamma: f64,
}

impl Schedule for Exponential {
    fn at(&self, step: u32) -> f64 {
        self.lr * power(self.gamma, step)
    }
}

/// Half a cosine from `lr` down to `end` (Loshchilov and Hutter 2017), after a linear warm-up.
///
/// During warm-up, step s has lr · (s + 1) / `warm_up`. Then, with p from 0 to 1 over what is
/// left of `steps`: end + (lr − end) · ½ (1 + cos πp). From `steps` on it is `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cosine {
    /// The learning rate at its highest.
    pub lr: f64,
    /// Steps of warm-up; 0 for none.
    pub warm_up: u32,
    /// Steps in all, with those of the warm-up.
    pub steps: u32,
    /// The learning rate at the end.
    pub end: f64,
}

impl Schedule for Cosine {
    fn at(&self, step: u32) -> f64 {
        if step < self.warm_up {
            return self.lr * (f64::from(step) + 1.0) / f64::from(self.warm_up);
        }
        if step >= self.steps {
            return self.end;
        }
        let progress = f64::from(step - self.warm_up) / f64::from(self.steps - self.warm_up);
        // ½ (1 + cos πp) = ½ (1 − sin π(p − ½))
        self.end + (self.lr - self.end) * 0.5 * (1.0 - sin(PI * (progress - 0.5)))
    }
}

/// base^exponent by repeated squaring: `core` has no `powi`.
fn power(mut base: f64, mut exponent: u32) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    product
}

/// sin x for |x| ≤ π/2, by its Taylor series: the first term left out is below 1e-17.
fn sin(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for k in 1..12 {
        let n = f64::from(2 * k);
        term *= -x * x / (n * (n + 1.0));
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn steps_and_exponentials_are_powers() {
        let step = Step { lr: 0.8, every: 10, gamma: 0.5 };
        assert_eq!([0, 9, 10, 19, 20, 35].map(|s| step.at(s)), [0.8, 0.8, 0.4, 0.4, 0.2, 0.1]);
        let exponential = Exponential { lr: 0.1, gamma: 0.97 };
        assert_relative_eq!(exponential.at(123), 0.1 * 0.97f64.powi(123), max_relative = 1e-13);
        assert_eq!(Constant { lr: 0.3 }.at(7), 0.3);
        assert_eq!(Step { every: 0, ..step }.at(1), 0.4);
    }

    #[test]
    fn cosine_rises_falls_and_ends() {
        let cosine = Cosine { lr: 2.0, warm_up: 4, steps: 104, end: 0.5 };
        assert_eq!([0, 1, 3].map(|s| cosine.at(s)), [0.5, 1.0, 2.0]);
        for step in 4..104 {
            let progress = f64::from(step - 4) / 100.0;
            let expected = 0.5 + 0.75 * (1.0 + (PI * progress).cos());
            assert_relative_eq!(cosine.at(step), expected, max_relative = 1e-14);
        }
        assert_eq!(cosine.at(104), 0.5);
        assert_eq!(cosine.at(u32::MAX), 0.5);
    }
}
