//! Many samples that do not know of each other.

use super::PIECE;
use crate::kernel::dispatch;
use crate::trainer::SumOfLosses;
use crate::{Layer, Loss};

/// Whether so many multiply-accumulates are worth two threads.
const fn is_split(macs: usize) -> bool {
    macs >= 2 * PIECE
}

/// Does `a` and `b`, on two threads if they cost enough `macs` multiply-accumulates together.
/// Gives what they give.
pub(crate) fn join<A: Send, B: Send>(
    macs: usize,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if is_split(macs) { rayon::join(a, b) } else { (a(), b()) }
}

/// Calls `predict` with pieces of `inputs` and `outputs`, on several threads if there are enough
/// of them; one costs `macs` multiply-accumulates.
pub(crate) fn predict_batch<X: Sync, Y: Send>(
    inputs: &[X],
    outputs: &mut [Y],
    macs: usize,
    predict: &(impl Fn(&[X], &mut [Y]) + Sync),
) {
    if inputs.len() < 2 || !is_split(inputs.len().saturating_mul(macs)) {
        return predict(inputs, outputs);
    }
    let half = inputs.len() / 2;
    let (x, x_b) = inputs.split_at(half);
    let (y, y_b) = outputs.split_at_mut(half);
    rayon::join(|| predict_batch(x, y, macs, predict), || predict_batch(x_b, y_b, macs, predict));
}

/// As [`SumOfLosses`], but the sum of the first half of the samples plus that of the other, and
/// so on down to pieces that are not worth a thread.
pub(super) fn sum_of_losses_by_halves<N, L>(
    net: &N,
    loss: &L,
    inputs: &[N::Input],
    targets: &[L::Target],
) -> L::Scalar
where
    N: Layer<Input: Sync> + Sync,
    L: Loss<N::Output, Target: Sync> + Sync,
{
    if inputs.len() < 2 || !is_split(inputs.len().saturating_mul(N::MACS)) {
        return dispatch(SumOfLosses { net, loss, inputs, targets });
    }
    let half = inputs.len() / 2;
    let (x, x_b) = inputs.split_at(half);
    let (targets, targets_b) = targets.split_at(half);
    let (sum, sum_b) = rayon::join(
        || sum_of_losses_by_halves(net, loss, x, targets),
        || sum_of_losses_by_halves(net, loss, x_b, targets_b),
    );
    sum + sum_b
}
