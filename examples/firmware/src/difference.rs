//! How far a chip may be from what a host answers.

/// How far an answer may be from the host's, relative to answers larger than 1. A host with fused
/// multiply-adds rounds once where a chip rounds twice; the few hundred steps of training here
/// converge, so that they do not amplify it.
pub const TOLERANCE: f32 = 1e-5;

/// The largest difference between two lists of answers, relative to those larger than 1; NaN if
/// there is one among them.
pub fn largest_difference<const N: usize>(found: &[f32; N], expected: &[f32; N]) -> f32 {
    let pairs = found.iter().zip(expected);
    pairs
        .map(|(found, expected)| (found - expected).abs() / expected.abs().max(1.0))
        .fold(0.0, larger)
}

/// The larger of two numbers; NaN if one of them is.
pub fn larger(a: f32, b: f32) -> f32 {
    if a >= b || a.is_nan() { a } else { b }
}
