//! The step of Adam on an Arm FPU, four parameters at a time.
//!
//! The compiler has no name for single registers of an FPU without double precision, so that a root
//! goes there and back through registers of integers; and it loads number by number.

/// What the equations of Adam multiply and add, in this order: λ, β₁, 1−β₁, β₂, 1−β₂, lr / (1−β₁ᵗ),
/// 1 / √(1−β₂ᵗ), ε, and what decoupled decay leaves of a weight.
pub type Constants<T> = [T; 9];

/// Takes the step for the first parameters of a tensor, as many as there is assembly for. `tensors`
/// are the parameters, their gradient, its mean, and the mean of its square; of each the rest is
/// returned.
#[inline(always)]
pub fn first_parameters<'a, T: 'static>(
    constants: &Constants<T>,
    tensors: [&'a mut [T]; 4],
) -> [&'a mut [T]; 4] {
    #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
    if const { size_of::<T>() == size_of::<f32>() } {
        return arm::first_parameters(constants, tensors);
    }
    let _ = constants;
    tensors
}

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod arm {
    use core::arch::asm;

    use super::Constants;

    /// One parameter: its registers, in the order of the tensors.
    #[rustfmt::skip]
    macro_rules! parameter {
        ($w:literal $g:literal $m:literal $v:literal) => {
            concat!(
                // g ← g + λ w
                "vmla.f32 ", $g, ", s16, ", $w, "\n",
                // m ← β₁ m + (1−β₁) g
                "vmul.f32 ", $m, ", s17, ", $m, "\n",
                "vmla.f32 ", $m, ", s18, ", $g, "\n",
                // v ← β₂ v + (1−β₂) g g
                "vmul.f32 s25, s20, ", $g, "\n",
                "vmul.f32 ", $v, ", s19, ", $v, "\n",
                "vmla.f32 ", $v, ", s25, ", $g, "\n",
                // w ← keep w − step m / (√v unbias + ε)
                "vsqrt.f32 s26, ", $v, "\n",
                "vmul.f32 s25, s21, ", $m, "\n",
                "vmul.f32 s26, s26, s22\n",
                "vadd.f32 s26, s26, s23\n",
                "vdiv.f32 s25, s25, s26\n",
                "vmul.f32 ", $w, ", s24, ", $w, "\n",
                "vsub.f32 ", $w, ", ", $w, ", s25\n",
            )
        };
    }

    #[inline(always)]
    pub(super) fn first_parameters<'a, T>(
        constants: &Constants<T>,
        tensors: [&'a mut [T]; 4],
    ) -> [&'a mut [T]; 4] {
        let [w, g, m, v] = &tensors;
        let blocks = w.len() / 4;
        if blocks == 0 || [g, m, v].iter().any(|other| other.len() != w.len()) {
            return tensors;
        }
        let [w, g, m, v] = tensors.map(<[T]>::as_chunks_mut::<4>);
        // SAFETY: reads the constants, and reads and writes `blocks` times four numbers of each
        // tensor, which are as many as there are; they are `f32`, as the caller has checked.
        unsafe {
            asm!(
                "vldmia {constants}, {{s16-s24}}",
                "2:",
                "vldmia {w}, {{s0-s3}}",
                "vldmia {g}!, {{s4-s7}}",
                "vldmia {m}, {{s8-s11}}",
                "vldmia {v}, {{s12-s15}}",
                parameter!("s0" "s4" "s8" "s12"),
                parameter!("s1" "s5" "s9" "s13"),
                parameter!("s2" "s6" "s10" "s14"),
                parameter!("s3" "s7" "s11" "s15"),
                "vstmia {w}!, {{s0-s3}}",
                "vstmia {m}!, {{s8-s11}}",
                "vstmia {v}!, {{s12-s15}}",
                "subs {blocks}, #1",
                "bne 2b",
                constants = in(reg) constants,
                blocks = inout(reg) blocks => _,
                w = inout(reg) w.0.as_mut_ptr() => _,
                g = inout(reg) g.0.as_ptr() => _,
                m = inout(reg) m.0.as_mut_ptr() => _,
                v = inout(reg) v.0.as_mut_ptr() => _,
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _,
                out("s6") _, out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _,
                out("s12") _, out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _,
                out("s18") _, out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _,
                out("s24") _, out("s25") _, out("s26") _,
                options(nostack)
            );
        }
        [w.1, g.1, m.1, v.1]
    }
}
