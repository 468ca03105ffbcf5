/// Writes the nesting of a network: `net![A, B, C]` is `(A, (B, C))`.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Relu, net};
///
/// type Body = net![Dense<64, 32, Relu>, Dense<32, 16, Relu>];
/// type Net = net![Body, Dense<16, 10>];                    // a network is a layer
/// assert_eq!(Net::PARAMS, 64 * 32 + 32 + 32 * 16 + 16 + 16 * 10 + 10);
/// ```
#[macro_export]
macro_rules! net {
    ($layer:ty $(,)?) => { $layer };
    ($first:ty, $($rest:ty),+ $(,)?) => { ($first, $crate::net![$($rest),+]) };
}
