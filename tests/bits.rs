//! The same seed, data and build give the same bits, whatever vectors the processor has: those of
//! the emulated chips with `unfused` and without vectors, and else one set of bits where a product and
//! its sum are one rounding and one where they are two.

#[path = "../examples/firmware/src/bits.rs"]
mod bits;

use constgrad::kernel::functions::TANH_BY_TABLE;

/// The hash where a product and its sum are rounded once, and where they are rounded twice.
const BY_ROUNDINGS: [u64; 2] = [0x472d_488c_2934_1c06, 0x7615_f9e4_58ab_4a7d];

/// What a level's hash should be.
fn expected(fuses: bool) -> u64 {
    if TANH_BY_TABLE { bits::UNFUSED } else { BY_ROUNDINGS[usize::from(!fuses)] }
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
