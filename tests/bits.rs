//! The same seed, data and build give the same bits, whatever vectors the processor has: those of
//! the emulated chips where a product and its sum are two roundings, and one other set of bits
//! where they are one.

#[path = "../examples/firmware/src/bits.rs"]
mod bits;

/// The hash where a product and its sum are rounded once.
const FUSED: u64 = 0xf568_0f6e_8271_4414;

/// What a level's hash should be.
fn expected(fuses: bool) -> u64 {
    if fuses && cfg!(not(feature = "unfused")) { FUSED } else { bits::UNFUSED }
}

#[cfg(feature = "std")]
#[test]
fn a_training_gives_the_same_bits_at_every_level() {
    use constgrad::Level;

    let first = Level::current();
    for level in Level::ALL {
        if level.force().is_err() {
            // CI forces each level and says which are missing.
            continue;
        }
        let fuses = level > Level::Baseline
            || cfg!(any(
                all(target_feature = "avx2", target_feature = "fma"),
                target_arch = "aarch64"
            ));
        let hash = bits::hash();
        assert_eq!(hash, expected(fuses), "at level {level}: {hash:#x}");
        assert_eq!(bits::hash(), hash, "a second time");
    }
    first.force().unwrap();
}

#[cfg(not(feature = "std"))]
#[test]
fn a_training_gives_the_same_bits_without_std() {
    let hash = bits::hash();
    assert_eq!(
        hash,
        expected(cfg!(any(
            all(target_feature = "avx2", target_feature = "fma"),
            target_arch = "aarch64"
        ))),
        "{hash:#x}"
    );
}
