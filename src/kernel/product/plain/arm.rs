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

/// The registers from s0, s8 or s16 on.
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
    (8 1) => {
        "s8"
    };
    (8 2) => {
        "s8-s9"
    };
    (8 3) => {
        "s8-s10"
    };
    (8 4) => {
        "s8-s11"
    };
    (8 5) => {
        "s8-s12"
    };
    (8 6) => {
        "s8-s13"
    };
    (8 7) => {
        "s8-s14"
    };
    (8 8) => {
        "s8-s15"
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

/// Adds the numbers at `from` to the sums.
macro_rules! add_from {
    ($low:tt) => {
        concat!("vldmia {from}!, {{", registers!(0 $low), "}}\n", add!($low))
    };
    ($low:tt $high:tt) => {
        concat!(
            add_from!($low),
            "vldmia {from}, {{", registers!(0 $high), "}}\n", add!(high $high)
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

/// Sums `$n` of which `$low` are in s16 and on, and `$high` in s24 and on.
macro_rules! for_widths {
    ($N:expr, $with:ident) => {
        match $N {
            5 => $with!(5: 5),
            6 => $with!(6: 6),
            7 => $with!(7: 7),
            8 => $with!(8: 8),
            9 => $with!(9: 8 1),
            10 => $with!(10: 8 2),
            11 => $with!(11: 8 3),
            12 => $with!(12: 8 4),
            13 => $with!(13: 8 5),
            14 => $with!(14: 8 6),
            15 => $with!(15: 8 7),
            16 => $with!(16: 8 8),
            _ => unreachable!(),
        }
    };
}

/// See `Plain::chain`.
#[inline(always)]
pub(super) unsafe fn chain<const N: usize, const C: usize, const U: usize>(
    to: *mut f32,
    partner: bool,
    start: *const f32,
    x: *const f32,
    w: *const f32,
    row: usize,
    terms: usize,
) {
    let next = size_of::<f32>() * (C * row - N);
    macro_rules! chain {
        ($n:tt: $($half:tt)*) => {
            // SAFETY: the caller's.
            unsafe {
                if const { U == 4 } {
                    fpu!(
                        concat!("vldmia {start}, {{", registers!(16 $n), "}}"),
                        "2:",
                        "vldr s15, [{x}]",
                        row!($($half)*),
                        "add {w}, {next}",
                        "vldr s15, [{x}, #{one}]",
                        row!($($half)*),
                        "add {w}, {next}",
                        "vldr s15, [{x}, #{two}]",
                        row!($($half)*),
                        "add {w}, {next}",
                        "vldr s15, [{x}, #{three}]",
                        row!($($half)*),
                        "add {w}, {next}",
                        "add {x}, #{four}",
                        "subs {terms}, #4",
                        "bne 2b",
                        "cmp {partner}, #0",
                        "beq 3f",
                        add_from!($($half)*),
                        "3:",
                        concat!("vstmia {to}, {{", registers!(16 $n), "}}"),
                        start = in(reg) start, to = in(reg) to, from = inout(reg) to => _,
                        partner = in(reg) usize::from(partner),
                        x = inout(reg) x => _, w = inout(reg) w => _, next = in(reg) next,
                        terms = inout(reg) terms => _,
                        one = const 4 * C, two = const 8 * C, three = const 12 * C,
                        four = const 16 * C
                    )
                } else {
                    fpu!(
                        concat!("vldmia {start}, {{", registers!(16 $n), "}}"),
                        "cmp {terms}, #0",
                        "beq 4f",
                        "2:",
                        "vldr s15, [{x}]",
                        row!($($half)*),
                        "add {w}, {next}",
                        "add {x}, #{one}",
                        "subs {terms}, #1",
                        "bne 2b",
                        "4:",
                        "cmp {partner}, #0",
                        "beq 3f",
                        add_from!($($half)*),
                        "3:",
                        concat!("vstmia {to}, {{", registers!(16 $n), "}}"),
                        start = in(reg) start, to = in(reg) to, from = inout(reg) to => _,
                        partner = in(reg) usize::from(partner),
                        x = inout(reg) x => _, w = inout(reg) w => _, next = in(reg) next,
                        terms = inout(reg) terms => _, one = const 4 * C
                    )
                }
            }
        };
    }
    for_widths!(N, chain)
}

/// See `Plain::add`.
#[inline(always)]
pub(super) unsafe fn add<const N: usize>(to: *mut f32, from: *const f32) {
    macro_rules! add_here {
        ($n:tt: $($half:tt)*) => {
            // SAFETY: the caller's.
            unsafe {
                fpu!(
                    concat!("vldmia {to}, {{", registers!(16 $n), "}}"),
                    add_from!($($half)*),
                    concat!("vstmia {to}, {{", registers!(16 $n), "}}"),
                    to = in(reg) to, from = inout(reg) from => _
                )
            }
        };
    }
    for_widths!(N, add_here)
}
