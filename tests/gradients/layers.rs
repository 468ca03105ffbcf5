//! The derivatives of any layer against central differences, coordinate by coordinate. The random
//! networks are of dense layers; another layer is checked here, alone and between two of them.

use constgrad::prelude::*;
use constgrad::{Dense, Gelu, Layer, Tanh, Tape, net};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::problem::{parameters, set_parameters};

const BATCH: usize = 3;

/// h: truncation grows with h² and rounding with 1/h.
const STEP: f64 = 1e-5;

const TOLERANCE: f64 = 1e-8;

fn differences_agree<N, const IN: usize, const OUT: usize>()
where
    N: Layer<Input = [f64; IN], Output = [f64; OUT]>,
{
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut net, mut tape, mut x) = (N::ZERO, Tape::<N, BATCH>::ZERO, [[0.0; IN]; BATCH]);
    let mut at: Vec<f64> =
        (0..N::PARAMS + BATCH * IN).map(|_| rng.random_range(-1.0..1.0)).collect();
    let dy = [(); BATCH].map(|()| [(); OUT].map(|()| rng.random_range(-1.0..1.0)));

    // J = Σ dy ⊙ y, a function of the parameters followed by the inputs.
    let mut loss = |at: &[f64], derivatives: Option<&mut Vec<f64>>| -> f64 {
        let inputs = set_parameters(&mut net, at);
        x.as_flattened_mut().copy_from_slice(inputs);
        let y = tape.forward(&net, &x);
        let j = y.as_flattened().iter().zip(dy.as_flattened()).map(|(y, dy)| y * dy).sum();
        if let Some(derivatives) = derivatives {
            let (mut gradient, mut dx) = (N::ZERO, x);
            tape.backward_to_input(&net, &x, &dy, &mut gradient, &mut dx);
            *derivatives = parameters(&mut gradient);
            derivatives.extend(dx.as_flattened());
        }
        j
    };
    let mut derivatives = Vec::new();
    loss(&at, Some(&mut derivatives));
    assert_eq!(derivatives.len(), at.len(), "PARAMS is not what `visit` hands out");
    for (i, derivative) in derivatives.into_iter().enumerate() {
        let middle = at[i];
        let [up, down] = [STEP, -STEP].map(|step| {
            at[i] = middle + step;
            loss(&at, None)
        });
        at[i] = middle;
        let difference = (up - down) / (2.0 * STEP);
        assert!(
            (derivative - difference).abs() <= TOLERANCE * difference.abs().max(1.0),
            "∂J/∂ of number {i} is {derivative} by backpropagation and {difference} by differences"
        );
    }
}

type D<const IN: usize, const OUT: usize, Act> = Dense<IN, OUT, Act, f64>;

#[test]
fn layers_agree_with_differences() {
    differences_agree::<D<5, 4, Tanh>, 5, 4>();
    differences_agree::<net![D<3, 5, Tanh>, D<5, 4, Gelu>, D<4, 2, Tanh>], 3, 2>();
}
