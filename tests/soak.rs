//! A million steps of training with what goes wrong in the field, under a counting allocator.

mod counting;
#[path = "../examples/firmware/src/soak.rs"]
mod soak;

use counting::allocations;

#[cfg_attr(debug_assertions, ignore = "a million steps: in release")]
#[test]
fn a_million_steps_allocate_nothing_and_go_as_documented() {
    let mut soaked = None;
    assert_eq!(allocations(|| soaked = Some(soak::soak(1_000_000))), 0);
    let soaked = soaked.unwrap().unwrap();
    assert!(soaked.as_documented, "{soaked:?}");
    assert!(soaked.refused > 10_000 && soaked.partial > 70_000, "{soaked:?}");
}
