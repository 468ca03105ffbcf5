//! Chains of sums for the registers of an Arm FPU, for Cortex-M.
//!
//! `VMUL` and `VADD` take a cycle each, where `VMLA` takes three; rows are loaded by `VLDM`, eight
//! numbers in nine cycles. The compiler is not told of single registers: it has no name for those
//! of an FPU without double precision, but may be told that they are overwritten.
//!
//! What depends on how many sums, chains and terms there are is chosen by the assembler, `.if` by
//! `.if`: the compiler sees one piece of assembly for all.

use core::arch::asm;

use super::{Size, with_terms};

/// A line of the first eight sums: which, the register of its number in a row, and its own.
macro_rules! low {
    ($line:ident) => {
        concat!(
            $line!(0 "s0" "s16"), $line!(1 "s1" "s17"), $line!(2 "s2" "s18"), $line!(3 "s3" "s19"),
            $line!(4 "s4" "s20"), $line!(5 "s5" "s21"), $line!(6 "s6" "s22"), $line!(7 "s7" "s23")
        )
    };
}

/// A line of the other sums.
macro_rules! high {
    ($line:ident) => {
        concat!(
            $line!(8 "s0" "s24"), $line!(9 "s1" "s25"), $line!(10 "s2" "s26"), $line!(11 "s3" "s27"),
            $line!(12 "s4" "s28"), $line!(13 "s5" "s29"), $line!(14 "s6" "s30"), $line!(15 "s7" "s31")
        )
    };
}

/// An instruction for a sum that is there.
macro_rules! if_there {
    ($i:literal $($instruction:literal)*) => {
        concat!(".if {n} > ", $i, "\n", $($instruction,)* "\n.endif\n")
    };
}

/// The product of the factor, s15, with the number.
macro_rules! multiply {
    ($i:literal $number:literal $sum:literal) => {
        if_there!($i "vmul.f32 " $number ", " $number ", s15")
    };
}

/// Adds the number to the sum.
macro_rules! add {
    ($i:literal $number:literal $sum:literal) => {
        if_there!($i "vadd.f32 " $sum ", " $sum ", " $number)
    };
}

/// The product of the factor with what is in the sum's own register.
macro_rules! multiply_here {
    ($i:literal $number:literal $sum:literal) => {
        if_there!($i "vmul.f32 " $sum ", " $sum ", s15")
    };
}

/// Adds s0 to the sum.
macro_rules! add_zero {
    ($i:literal $number:literal $sum:literal) => {
        if_there!($i "vadd.f32 " $sum ", " $sum ", s0")
    };
}

/// Adds the next row to the sums: up to 8 numbers, then the others.
macro_rules! row {
    () => {
        concat!(
            "vldmia {w}!, {{s0-s{low}}}\n",
            low!(multiply),
            low!(add),
            ".if {n} > 8\n",
            "vldmia {w}!, {{s0-s{high}}}\n",
            high!(multiply),
            high!(add),
            ".endif\n"
        )
    };
}

/// Adds the numbers in front of `kept` to the sums, and leaves their place.
macro_rules! add_kept {
    () => {
        concat!(
            ".if {n} > 8\n",
            "vldmdb {kept}!, {{s0-s{high}}}\n",
            high!(add),
            ".endif\n",
            "vldmdb {kept}!, {{s0-s{low}}}\n",
            low!(add)
        )
    };
}

/// Adds the numbers at `y` to the sums.
macro_rules! add_y {
    () => {
        concat!(
            "mov {k}, {y}\n",
            "vldmia {k}!, {{s0-s{low}}}\n",
            low!(add),
            ".if {n} > 8\n",
            "vldmia {k}, {{s0-s{high}}}\n",
            high!(add),
            ".endif\n"
        )
    };
}

/// The terms of a chain, from the first on at 2, and the others at 3. See [`terms`].
macro_rules! terms {
    () => {
        concat!(
            ".if {terms} < 2\n",
            "vldr s15, [{x}]\n",
            row!(),
            "3:\n",
            ".elseif {terms} == 2\n",
            "2:\n",
            "vldr s15, [{x}]\n",
            row!(),
            "add {w}, {next}\n",
            "3:\n",
            "add {x}, #{term}\n",
            "cmp {x}, {end}\n",
            "blo 2b\n",
            ".else\n",
            "2:\n",
            "vldr s15, [{x}]\n",
            row!(),
            "add {w}, {next}\n",
            "3:\n",
            "vldr s15, [{x}, #{term}]\n",
            row!(),
            "add {w}, {next}\n",
            "add {x}, #2 * {term}\n",
            "cmp {x}, {end}\n",
            "blo 2b\n",
            ".endif\n"
        )
    };
}

/// Adds what waits for the sums: to 5 where they must wait themselves, to 6 where they were put
/// into the output, to 7 where that is to be added, too. Which, the bits of the chain's first term say.
macro_rules! add_partners {
    () => {
        concat!(
            ".if {f} > 2\n",
            "tst {k}, #{half}\n",
            ".if {terms} == 1\n",
            "bne 8f\n",
            // A chain whose partner has no term takes its place.
            "add {x}, #{partner}\n",
            "cmp {x}, {end}\n",
            "blo 5f\n",
            "orr {k}, {k}, #{half}\n",
            "lsr {order}, {order}, #4\n",
            "b 9f\n",
            "8:\n",
            add_kept!(),
            "9:\n",
            ".else\n",
            "beq 5f\n",
            add_kept!(),
            ".endif\n",
            ".if {f} == 8\n",
            "tst {k}, #2\n",
            "beq 5f\n",
            add_kept!(),
            ".endif\n",
            ".endif\n",
            "tst {k}, #1\n",
            "bne 7f\n",
            "vstmia {y}, {{s16-s{last}}}\n",
            ".if {f} > 2\n",
            "b 6f\n",
            "5:\n",
            "vstmia {kept}!, {{s16-s{last}}}\n",
            ".endif\n"
        )
    };
}

/// Assembly that overwrites all registers of the FPU.
macro_rules! fpu {
    ($($argument:tt)*) => {
        asm!(
            $($argument)*,
            n = const N, low = const if N < 8 { N - 1 } else { 7 }, high = const N.saturating_sub(9),
            last = const 15 + N, terms = const terms(I::KNOWN, with_terms(I::KNOWN, C)),
            term = const with_terms(I::KNOWN, C) * size_of::<f32>(),
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
#[inline(always)]
pub(super) unsafe fn block<I: Size, const N: usize, const C: usize>(
    y: *mut f32,
    kept: *mut f32,
    bias: *const f32,
    x: *const f32,
    w: *const f32,
    row: usize,
    inputs: usize,
) {
    let row = size_of::<f32>() * row;
    let chains = const { with_terms(I::KNOWN, C) };
    let next = chains * row - size_of::<f32>() * N;
    let end = x.wrapping_add(inputs);
    // The first term of each chain but the first, four bits for each. Partners follow each other: 0
    // and 4, 2 and 6, then 1 and 5, 3 and 7.
    let order: usize = match chains {
        2 => 0x1,
        4 => 0x312,
        _ => 0x735_1624,
    };
    // SAFETY: the caller's.
    unsafe {
        if const { with_terms(I::KNOWN, C) == 1 } {
            fpu!(
                "vldmia {bias}, {{s16-s{last}}}",
                terms!(),
                "vstmia {y}, {{s16-s{last}}}",
                bias = in(reg) bias, y = in(reg) y, end = in(reg) end, next = in(reg) next,
                x = inout(reg) x => _, w = inout(reg) w => _
            )
        } else {
            fpu!(
                "vldmia {k}, {{s16-s{last}}}",
                "mov {k}, #0",
                "vmov s0, {k}",
                low!(add_zero),
                high!(add_zero),
                "mov {x}, {first}",
                "mov {w}, {weights}",
                terms!(),
                add_partners!(),
                "6:",
                "and {k}, {order}, #7",
                "lsr {order}, {order}, #4",
                "add {x}, {first}, {k}, lsl #2",
                "mla {w}, {k}, {row}, {weights}",
                "vldr s15, [{x}]",
                "vldmia {w}!, {{s16-s{last}}}",
                low!(multiply_here),
                high!(multiply_here),
                "add {w}, {next}",
                "b 3b",
                "7:",
                add_y!(),
                "vstmia {y}, {{s16-s{last}}}",
                k = inout(reg) bias => _, order = inout(reg) order => _, y = in(reg) y,
                kept = inout(reg) kept => _, first = in(reg) x, x = out(reg) _, end = in(reg) end,
                weights = in(reg) w, w = out(reg) _, row = in(reg) row, next = in(reg) next,
                f = const with_terms(I::KNOWN, C),
                partner = const with_terms(I::KNOWN, C) * size_of::<f32>() / 2,
                half = const with_terms(I::KNOWN, C) / 2
            )
        }
    }
}

/// The terms of so many chains: 0 for one in each, 1 for one or none, 2 for any number, 3 for a
/// multiple of two in each. Other numbers are not known, or none at all.
const fn terms(inputs: Option<usize>, chains: usize) -> usize {
    match inputs {
        None | Some(0) => usize::MAX,
        Some(inputs) if inputs == chains => 0,
        Some(inputs) if inputs < chains => 1,
        Some(inputs) if inputs.is_multiple_of(2 * chains) => 3,
        Some(_) => 2,
    }
}
