//! The feature `bytemuck`.

use bytemuck::checked::{CheckedCastError, try_cast_slice, try_from_bytes};
use constgrad::prelude::*;
use constgrad::{Class, Dense, Relu, net};

type Net = net![Dense<5, 7, Relu>, Dense<7, 3, Relu, f32>];

#[test]
fn zeroed_bytes_are_the_zero_network() {
    let net: Net = bytemuck::Zeroable::zeroed();
    assert!(net == Net::ZERO);
    let net: Box<Dense<784, 128, Relu, f64>> = bytemuck::zeroed_box();
    assert!(*net == Dense::ZERO);
}

#[test]
fn bytes_are_classes_if_all_are_in_range() {
    let numbers = [0u32, 9, 3];
    let classes: &[Class<10>] = try_cast_slice(&numbers).unwrap();
    assert_eq!(classes.iter().map(|class| class.index()).collect::<Vec<_>>(), [0, 9, 3]);
    assert_eq!(bytemuck::cast_slice::<_, u8>(classes), bytemuck::cast_slice::<_, u8>(&numbers));

    let numbers = [0u32, 10];
    let error = try_cast_slice::<_, Class<10>>(&numbers).unwrap_err();
    assert_eq!(error, CheckedCastError::InvalidBitPattern);
    assert!(try_from_bytes::<Class<256>>(bytemuck::bytes_of(&256u32)).is_err());
}
