//! A function of many numbers.

/// Numbers of an array.
pub const COUNT: usize = 1024;

/// Numbers from −10 to 10, in no order.
pub fn numbers() -> [f32; COUNT] {
    std::array::from_fn(|i| (i * 389 % COUNT) as f32 / 51.2 - 10.0)
}

/// A function that applies `$apply` to an array of numbers, on a machine of these `$features`.
macro_rules! many {
    ($apply:path $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        fn many(x: &[f32; COUNT], y: &mut [f32; COUNT]) {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = $apply(x);
            }
        }
        many
    }};
}
pub(crate) use many;
