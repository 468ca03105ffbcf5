use rand::{Rng, RngExt};

use crate::error::LengthError;

/// Shuffles inputs and targets in the same way, in place (Fisher and Yates).
///
/// Batches of shuffled data are then plain chunks of it, without a copy and without a heap:
/// [`Trainer::epoch`](crate::Trainer::epoch) takes them as they come.
///
/// # Errors
/// [`LengthError`] if there are more or fewer targets than inputs; nothing is moved.
pub fn shuffle<X, Y, R: Rng + ?Sized>(
    inputs: &mut [X],
    targets: &mut [Y],
    rng: &mut R,
) -> Result<(), LengthError> {
    LengthError::check("targets", targets.len(), inputs.len())?;
    for last in (1..inputs.len()).rev() {
        let other = rng.random_range(0..=last);
        inputs.swap(last, other);
        targets.swap(last, other);
    }
    Ok(())
}

/// The two parts of a data set that [`split`] made.
#[derive(Debug)]
pub struct Split<'a, X, Y> {
    /// Inputs to train on.
    pub train_inputs: &'a mut [X],
    /// Their targets.
    pub train_targets: &'a mut [Y],
    /// Inputs held out.
    pub test_inputs: &'a mut [X],
    /// Their targets.
    pub test_targets: &'a mut [Y],
}

/// Shuffles a data set in place and holds out `test` of its samples.
///
/// ```
/// use constgrad::data::split;
/// use rand::{SeedableRng, rngs::SmallRng};
///
/// let mut inputs = [[0.0], [1.0], [2.0], [3.0], [4.0]];
/// let mut targets = [0, 1, 2, 3, 4];
/// let parts = split(&mut inputs, &mut targets, 2, &mut SmallRng::seed_from_u64(1))?;
/// assert_eq!((parts.train_inputs.len(), parts.test_targets.len()), (3, 2));
/// # Ok::<(), constgrad::LengthError>(())
/// ```
///
/// # Errors
/// [`LengthError`] if there are more or fewer targets than inputs, or fewer than `test`; nothing
/// is moved.
pub fn split<'a, X, Y, R: Rng + ?Sized>(
    inputs: &'a mut [X],
    targets: &'a mut [Y],
    test: usize,
    rng: &mut R,
) -> Result<Split<'a, X, Y>, LengthError> {
    LengthError::check_range("inputs", inputs.len(), test, usize::MAX)?;
    shuffle(inputs, targets, rng)?;
    let train = inputs.len() - test;
    let (train_inputs, test_inputs) = inputs.split_at_mut(train);
    let (train_targets, test_targets) = targets.split_at_mut(train);
    Ok(Split { train_inputs, train_targets, test_inputs, test_targets })
}

/// Copies the samples at the given places into a batch: for data that cannot be shuffled in
/// place, such as data in flash.
///
/// ```
/// use constgrad::data::gather;
/// use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};
///
/// static SAMPLES: [[f32; 2]; 5] = [[0.0, 0.1], [1.0, 1.1], [2.0, 2.1], [3.0, 3.1], [4.0, 4.1]];
/// let mut order = [0, 1, 2, 3, 4];
/// order.shuffle(&mut SmallRng::seed_from_u64(1));
///
/// let mut batch = [[0.0; 2]; 2];
/// for places in order.as_chunks().0 {
///     gather(&SAMPLES, places, &mut batch)?;
///     assert_eq!(batch[0], SAMPLES[places[0]]);
/// }
/// # Ok::<(), constgrad::LengthError>(())
/// ```
///
/// # Errors
/// [`LengthError`] if a place lies beyond the samples; the batch is then as it was.
pub fn gather<X: Clone, const B: usize>(
    samples: &[X],
    places: &[usize; B],
    batch: &mut [X; B],
) -> Result<(), LengthError> {
    let needed = places.iter().max().map_or(0, |&place| place.saturating_add(1));
    LengthError::check_range("samples", samples.len(), needed, usize::MAX)?;
    for (slot, &place) in batch.iter_mut().zip(places) {
        slot.clone_from(&samples[place]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
    use std::string::ToString;

    #[test]
    fn shuffling_keeps_pairs_together_and_reaches_every_order() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut seen = std::collections::HashMap::new();
        for _ in 0..6_000 {
            let (mut inputs, mut targets) = ([0, 1, 2], [10, 11, 12]);
            shuffle(&mut inputs, &mut targets, &mut rng).unwrap();
            assert_eq!(inputs.map(|x| x + 10), targets);
            *seen.entry(inputs).or_insert(0) += 1;
        }
        // 6 orders of 1000 each expected, with a standard deviation of 29.
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|&n| (850..1150).contains(&n)), "{seen:?}");
    }

    #[test]
    fn wrong_lengths_are_named_and_move_nothing() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let (mut inputs, mut targets) = ([1, 2, 3], [1, 2]);
        let error = shuffle(&mut inputs, &mut targets, &mut rng).unwrap_err();
        assert_eq!(error.to_string(), "2 targets found, 3 expected");
        assert_eq!(inputs, [1, 2, 3]);
        let error = split(&mut inputs, &mut [1, 2, 3], 4, &mut rng).unwrap_err();
        assert_eq!(error.to_string(), "3 inputs found, at least 4 expected");
        let mut batch = [7, 7];
        let error = gather(&inputs, &[0, 3], &mut batch).unwrap_err();
        assert_eq!(error.to_string(), "3 samples found, at least 4 expected");
        assert_eq!(batch, [7, 7]);
    }
}
