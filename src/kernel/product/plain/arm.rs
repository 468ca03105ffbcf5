//! Chains of sums for the registers of an Arm FPU, for Cortex-M.
//!
//! `VMUL` and `VADD` take a cycle each, where `VMLA` takes three; rows are loaded by `VLDM`, eight
//! numbers in nine cycles. The compiler is not told of single registers: it has no name for those
//! of an FPU without double precision, but may be told that they are overwritten.

use core::arch::asm;

/// Products of the factor, s15, with the row in s0 and on.
macro_rules! multiply {
    (1) => {
        concat!("vmul.f32 s0, s0, s15\n")
    };
    (2) => {
        concat!(multiply!(1), "vmul.f32 s1, s1, s15\n")
    };
    (3) => {
        concat!(multiply!(2), "vmul.f32 s2, s2, s15\n")
    };
    (4) => {
        concat!(multiply!(3), "vmul.f32 s3, s3, s15\n")
    };
    (5) => {
        concat!(multiply!(4), "vmul.f32 s4, s4, s15\n")
    };
    (6) => {
        concat!(multiply!(5), "vmul.f32 s5, s5, s15\n")
    };
    (7) => {
        concat!(multiply!(6), "vmul.f32 s6, s6, s15\n")
    };
    (8) => {
        concat!(multiply!(7), "vmul.f32 s7, s7, s15\n")
    };
}

/// Adds them to the sums in s16 and on, or `high` to those in s24 and on.
macro_rules! add {
    (1) => { concat!("vadd.f32 s16, s16, s0\n") };
    (2) => { concat!(add!(1), "vadd.f32 s17, s17, s1\n") };
    (3) => { concat!(add!(2), "vadd.f32 s18, s18, s2\n") };
    (4) => { concat!(add!(3), "vadd.f32 s19, s19, s3\n") };
    (5) => { concat!(add!(4), "vadd.f32 s20, s20, s4\n") };
    (6) => { concat!(add!(5), "vadd.f32 s21, s21, s5\n") };
    (7) => { concat!(add!(6), "vadd.f32 s22, s22, s6\n") };
    (8) => { concat!(add!(7), "vadd.f32 s23, s23, s7\n") };
    (high 1) => { concat!("vadd.f32 s24, s24, s0\n") };
    (high 2) => { concat!(add!(high 1), "vadd.f32 s25, s25, s1\n") };
    (high 3) => { concat!(add!(high 2), "vadd.f32 s26, s26, s2\n") };
    (high 4) => { concat!(add!(high 3), "vadd.f32 s27, s27, s3\n") };
    (high 5) => { concat!(add!(high 4), "vadd.f32 s28, s28, s4\n") };
    (high 6) => { concat!(add!(high 5), "vadd.f32 s29, s29, s5\n") };
    (high 7) => { concat!(add!(high 6), "vadd.f32 s30, s30, s6\n") };
    (high 8) => { concat!(add!(high 7), "vadd.f32 s31, s31, s7\n") };
}

/// Products of the factor, s15, with the sums' own registers, s16 and on.
macro_rules! multiply_here {
    (1) => {
        concat!("vmul.f32 s16, s16, s15\n")
    };
    (2) => {
        concat!(multiply_here!(1), "vmul.f32 s17, s17, s15\n")
    };
    (3) => {
        concat!(multiply_here!(2), "vmul.f32 s18, s18, s15\n")
    };
    (4) => {
        concat!(multiply_here!(3), "vmul.f32 s19, s19, s15\n")
    };
    (5) => {
        concat!(multiply_here!(4), "vmul.f32 s20, s20, s15\n")
    };
    (6) => {
        concat!(multiply_here!(5), "vmul.f32 s21, s21, s15\n")
    };
    (7) => {
        concat!(multiply_here!(6), "vmul.f32 s22, s22, s15\n")
    };
    (8) => {
        concat!(multiply_here!(7), "vmul.f32 s23, s23, s15\n")
    };
    (9) => {
        concat!(multiply_here!(8), "vmul.f32 s24, s24, s15\n")
    };
    (10) => {
        concat!(multiply_here!(9), "vmul.f32 s25, s25, s15\n")
    };
    (11) => {
        concat!(multiply_here!(10), "vmul.f32 s26, s26, s15\n")
    };
    (12) => {
        concat!(multiply_here!(11), "vmul.f32 s27, s27, s15\n")
    };
    (13) => {
        concat!(multiply_here!(12), "vmul.f32 s28, s28, s15\n")
    };
    (14) => {
        concat!(multiply_here!(13), "vmul.f32 s29, s29, s15\n")
    };
    (15) => {
        concat!(multiply_here!(14), "vmul.f32 s30, s30, s15\n")
    };
    (16) => {
        concat!(multiply_here!(15), "vmul.f32 s31, s31, s15\n")
    };
}

/// Adds the zero in s0 to the sums.
macro_rules! add_zero {
    (1) => {
        concat!("vadd.f32 s16, s16, s0\n")
    };
    (2) => {
        concat!(add_zero!(1), "vadd.f32 s17, s17, s0\n")
    };
    (3) => {
        concat!(add_zero!(2), "vadd.f32 s18, s18, s0\n")
    };
    (4) => {
        concat!(add_zero!(3), "vadd.f32 s19, s19, s0\n")
    };
    (5) => {
        concat!(add_zero!(4), "vadd.f32 s20, s20, s0\n")
    };
    (6) => {
        concat!(add_zero!(5), "vadd.f32 s21, s21, s0\n")
    };
    (7) => {
        concat!(add_zero!(6), "vadd.f32 s22, s22, s0\n")
    };
    (8) => {
        concat!(add_zero!(7), "vadd.f32 s23, s23, s0\n")
    };
    (9) => {
        concat!(add_zero!(8), "vadd.f32 s24, s24, s0\n")
    };
    (10) => {
        concat!(add_zero!(9), "vadd.f32 s25, s25, s0\n")
    };
    (11) => {
        concat!(add_zero!(10), "vadd.f32 s26, s26, s0\n")
    };
    (12) => {
        concat!(add_zero!(11), "vadd.f32 s27, s27, s0\n")
    };
    (13) => {
        concat!(add_zero!(12), "vadd.f32 s28, s28, s0\n")
    };
    (14) => {
        concat!(add_zero!(13), "vadd.f32 s29, s29, s0\n")
    };
    (15) => {
        concat!(add_zero!(14), "vadd.f32 s30, s30, s0\n")
    };
    (16) => {
        concat!(add_zero!(15), "vadd.f32 s31, s31, s0\n")
    };
}

/// The registers from s0 or s16 on.
macro_rules! registers {
    (0 1) => {
        "s0"
    };
    (0 2) => {
        "s0-s1"
    };
    (0 3) => {
        "s0-s2"
    };
    (0 4) => {
        "s0-s3"
    };
    (0 5) => {
        "s0-s4"
    };
    (0 6) => {
        "s0-s5"
    };
    (0 7) => {
        "s0-s6"
    };
    (0 8) => {
        "s0-s7"
    };
    (16 1) => {
        "s16"
    };
    (16 2) => {
        "s16-s17"
    };
    (16 3) => {
        "s16-s18"
    };
    (16 4) => {
        "s16-s19"
    };
    (16 5) => {
        "s16-s20"
    };
    (16 6) => {
        "s16-s21"
    };
    (16 7) => {
        "s16-s22"
    };
    (16 8) => {
        "s16-s23"
    };
    (16 9) => {
        "s16-s24"
    };
    (16 10) => {
        "s16-s25"
    };
    (16 11) => {
        "s16-s26"
    };
    (16 12) => {
        "s16-s27"
    };
    (16 13) => {
        "s16-s28"
    };
    (16 14) => {
        "s16-s29"
    };
    (16 15) => {
        "s16-s30"
    };
    (16 16) => {
        "s16-s31"
    };
}

/// Adds the next row to the sums: of up to 8 numbers, or of 8 and some.
macro_rules! row {
    ($low:tt) => {
        concat!("vldmia {w}!, {{", registers!(0 $low), "}}\n", multiply!($low), add!($low))
    };
    ($low:tt $high:tt) => {
        concat!(
            row!($low),
            "vldmia {w}!, {{", registers!(0 $high), "}}\n", multiply!($high), add!(high $high)
        )
    };
}

/// Adds the numbers in front of `kept` to the sums, and leaves their place.
macro_rules! add_kept {
    ($low:tt) => {
        concat!("vldmdb {kept}!, {{", registers!(0 $low), "}}\n", add!($low))
    };
    ($low:tt $high:tt) => {
        concat!(
            "vldmdb {kept}!, {{", registers!(0 $high), "}}\n", add!(high $high),
            add_kept!($low)
        )
    };
}

/// Adds the numbers at `y` to the sums.
macro_rules! add_y {
    ($low:tt) => {
        concat!("vldmia {y}, {{", registers!(0 $low), "}}\n", add!($low))
    };
    ($low:tt $high:tt) => {
        concat!(
            "mov {k}, {y}\n",
            "vldmia {k}!, {{", registers!(0 $low), "}}\n", add!($low),
            "vldmia {k}, {{", registers!(0 $high), "}}\n", add!(high $high)
        )
    };
}

/// The terms of a chain, from the first on at 2, and the others at 3.
macro_rules! terms {
    (one_or_none $($half:tt)*) => {
        terms!(one $($half)*)
    };
    (one $($half:tt)*) => {
        concat!("vldr s15, [{x}]\n", row!($($half)*), "3:\n")
    };
    (any $($half:tt)*) => {
        concat!(
            "2:\n",
            "vldr s15, [{x}]\n", row!($($half)*), "add {w}, {next}\n",
            "3:\n",
            "add {x}, #{term}\n",
            "cmp {x}, {end}\n",
            "blo 2b\n",
        )
    };
    (fours $($half:tt)*) => {
        concat!(
            "2:\n",
            "vldr s15, [{x}]\n", row!($($half)*), "add {w}, {next}\n",
            "3:\n",
            "vldr s15, [{x}, #{term}]\n", row!($($half)*), "add {w}, {next}\n",
            "vldr s15, [{x}, #2 * {term}]\n", row!($($half)*), "add {w}, {next}\n",
            "vldr s15, [{x}, #3 * {term}]\n", row!($($half)*), "add {w}, {next}\n",
            "add {x}, #4 * {term}\n",
            "cmp {x}, {end}\n",
            "blo 2b\n",
        )
    };
}

/// Adds the partner of every other chain.
macro_rules! add_first {
    // A chain whose partner has no term takes its place.
    (one_or_none $($half:tt)*) => {
        concat!(
            "tst {k}, #{half}\n",
            "bne 8f\n",
            "add {x}, #{partner}\n",
            "cmp {x}, {end}\n",
            "blo 5f\n",
            "orr {k}, {k}, #{half}\n",
            "lsr {order}, {order}, #4\n",
            "b 9f\n",
            "8:\n", add_kept!($($half)*),
            "9:\n",
        )
    };
    ($terms:tt $($half:tt)*) => {
        concat!("tst {k}, #{half}\n", "beq 5f\n", add_kept!($($half)*))
    };
}

/// Adds what waits for the sums: to 5 where they must wait themselves, to 6 where they were put
/// into the output, to 7 where that is to be added, too. Which, the bits of the chain's first term say.
macro_rules! add_partners {
    (2 $terms:tt $n:tt $($half:tt)*) => {
        concat!(
            "tst {k}, #1\n", "bne 7f\n",
            "vstmia {y}, {{", registers!(16 $n), "}}\n",
        )
    };
    (4 $terms:tt $n:tt $($half:tt)*) => {
        concat!(
            add_first!($terms $($half)*),
            "tst {k}, #1\n", "bne 7f\n",
            "vstmia {y}, {{", registers!(16 $n), "}}\n",
            "b 6f\n",
            "5:\n",
            "vstmia {kept}!, {{", registers!(16 $n), "}}\n",
        )
    };
    (8 $terms:tt $n:tt $($half:tt)*) => {
        concat!(
            add_first!($terms $($half)*),
            "tst {k}, #2\n", "beq 5f\n", add_kept!($($half)*),
            "tst {k}, #1\n", "bne 7f\n",
            "vstmia {y}, {{", registers!(16 $n), "}}\n",
            "b 6f\n",
            "5:\n",
            "vstmia {kept}!, {{", registers!(16 $n), "}}\n",
        )
    };
}

/// Assembly that overwrites all registers of the FPU.
macro_rules! fpu {
    ($($argument:tt)*) => {
        asm!(
            $($argument)*,
            out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
            out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _, out("s14") _, out("s15") _,
            out("s16") _, out("s17") _, out("s18") _, out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _,
            out("s24") _, out("s25") _, out("s26") _, out("s27") _, out("s28") _, out("s29") _, out("s30") _, out("s31") _,
            options(nostack)
        )
    };
}

/// See `Plain::block`.
///
/// Chains but the first begin with their first product instead of adding it to zero, and the bias
/// with a zero added: then no sum is −0, and a zero of either sign adds nothing.
///
/// Not `inline(always)`, or the compiler would copy all of the pieces to wherever one is chosen.
#[inline]
pub(super) unsafe fn block<const N: usize, const F: usize, const C: usize, const TERMS: usize>(
    y: *mut f32,
    kept: *mut f32,
    bias: *const f32,
    x: *const f32,
    w: *const f32,
    row: usize,
    inputs: usize,
) {
    let row = size_of::<f32>() * row;
    let next = F * row - size_of::<f32>() * N;
    let end = x.wrapping_add(inputs);
    // The first term of each chain but the first, four bits for each. Partners follow each other: 0
    // and 4, 2 and 6, then 1 and 5, 3 and 7.
    let order: usize = match F {
        2 => 0x1,
        4 => 0x312,
        _ => 0x735_1624,
    };
    /// The only chain.
    macro_rules! chain {
        ($terms:tt $n:tt: $($half:tt)*) => {
            fpu!(
                concat!("vldmia {bias}, {{", registers!(16 $n), "}}"),
                "/* {end} {next} {term} */",
                terms!($terms $($half)*),
                concat!("vstmia {y}, {{", registers!(16 $n), "}}"),
                bias = in(reg) bias, y = in(reg) y, end = in(reg) end, next = in(reg) next,
                x = inout(reg) x => _, w = inout(reg) w => _, term = const size_of::<f32>()
            )
        };
    }
    macro_rules! chains {
        ($f:tt $terms:tt $n:tt: $($half:tt)*) => {
            fpu!(
                "/* {next} {end} {kept} {term} {partner} {half} */",
                concat!("vldmia {k}, {{", registers!(16 $n), "}}"),
                "mov {k}, #0",
                "vmov s0, {k}",
                add_zero!($n),
                "mov {x}, {first}",
                "mov {w}, {weights}",
                terms!($terms $($half)*),
                add_partners!($f $terms $n $($half)*),
                "6:",
                "and {k}, {order}, #7",
                "lsr {order}, {order}, #4",
                "add {x}, {first}, {k}, lsl #2",
                "mla {w}, {k}, {row}, {weights}",
                "vldr s15, [{x}]",
                concat!("vldmia {w}!, {{", registers!(16 $n), "}}"),
                multiply_here!($n),
                "add {w}, {next}",
                "b 3b",
                "7:",
                add_y!($($half)*),
                concat!("vstmia {y}, {{", registers!(16 $n), "}}"),
                k = inout(reg) bias => _, order = inout(reg) order => _, y = in(reg) y, kept = inout(reg) kept => _,
                first = in(reg) x, x = out(reg) _, end = in(reg) end,
                weights = in(reg) w, w = out(reg) _, row = in(reg) row, next = in(reg) next,
                term = const F * size_of::<f32>(),
                partner = const F * size_of::<f32>() / 2,
                half = const F / 2
            )
        };
    }
    macro_rules! any_terms {
        ($f:tt $($width:tt)*) => {
            if const { TERMS == 0 } {
                chains!($f one $($width)*)
            } else if const { TERMS == 1 } {
                chains!($f one_or_none $($width)*)
            } else if const { TERMS == 2 } {
                chains!($f any $($width)*)
            } else {
                chains!($f fours $($width)*)
            }
        };
    }
    macro_rules! width {
        ($($width:tt)*) => {
            // SAFETY: the caller's.
            unsafe {
                // The compiler sees no more than the one that is meant.
                if const { F == 1 } {
                    if const { TERMS == 0 } {
                        chain!(one $($width)*)
                    } else if const { TERMS == 2 } {
                        chain!(any $($width)*)
                    } else {
                        chain!(fours $($width)*)
                    }
                } else if const { F == 2 } {
                    any_terms!(2 $($width)*)
                } else if const { F == 4 } {
                    any_terms!(4 $($width)*)
                } else {
                    any_terms!(8 $($width)*)
                }
            }
        };
    }
    // Sums of which so many are in s16 and on, and so many in s24 and on.
    macro_rules! if_width {
        ($(($n:tt: $($half:tt)*))*) => {$(
            if const { N == $n } {
                width!($n: $($half)*)
            }
        )*};
    }
    if_width!(
        (5: 5) (6: 6) (7: 7) (8: 8) (9: 8 1) (10: 8 2) (11: 8 3) (12: 8 4) (13: 8 5) (14: 8 6)
        (15: 8 7) (16: 8 8)
    );
}
