//! The step of Adam where the compiler's is slow, with the same bits.
//!
//! For an Arm FPU it has no name for single registers without double precision, so that a root goes
//! there and back through registers of integers; and it loads number by number. With AVX-512 a root
//! and a quotient take longer, in the one unit that there is for both, than all else together.

use super::{Float, Machine};

/// What the equations of Adam multiply and add, in this order: λ, β₁, 1−β₁, β₂, 1−β₂, lr / (1−β₁ᵗ),
/// 1 / √(1−β₂ᵗ), ε, and what decoupled decay leaves of a weight.
pub type Constants<T> = [T; 9];

/// Takes the step for the first parameters of a tensor, as many as there is code of its own for.
/// `tensors` are the parameters, their gradient, its mean, and the mean of its square; of each the rest
/// is returned. Unless it `DECAYS`, the first constant is 0 and the last 1.
#[inline(always)]
pub fn first_parameters<'a, M: Machine, T: Float, const DECAYS: bool>(
    constants: &Constants<T>,
    tensors: [&'a mut [T]; 4],
) -> [&'a mut [T]; 4] {
    #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
    if const { size_of::<T>() == size_of::<f32>() } {
        return arm::first_parameters::<_, DECAYS>(constants, tensors);
    }
    #[cfg(target_arch = "x86_64")]
    if const { size_of::<T>() == size_of::<f32>() && size_of::<M::F32>() == 64 } {
        return x86::first_parameters::<M, T, DECAYS>(constants, tensors);
    }
    let _ = constants;
    tensors
}

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod arm {
    use core::arch::asm;

    use super::Constants;

    /// What is there only if parameters decay.
    macro_rules! decay {
        (true, $($code:expr),*) => { concat!($($code),*) };
        (false, $($code:expr),*) => { "" };
    }

    /// One parameter: its registers, in the order of the tensors.
    #[rustfmt::skip]
    macro_rules! parameter {
        ($decays:tt $w:literal $g:literal $m:literal $v:literal) => {
            concat!(
                // g ← g + λ w
                decay!($decays, "vmla.f32 ", $g, ", s16, ", $w, "\n"),
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
                decay!($decays, "vmul.f32 ", $w, ", s24, ", $w, "\n"),
                "vsub.f32 ", $w, ", ", $w, ", s25\n",
            )
        };
    }

    #[inline(always)]
    pub(super) fn first_parameters<'a, T, const DECAYS: bool>(
        constants: &Constants<T>,
        tensors: [&'a mut [T]; 4],
    ) -> [&'a mut [T]; 4] {
        let [w, g, m, v] = &tensors;
        let blocks = w.len() / 4;
        if blocks == 0 || [g, m, v].iter().any(|other| other.len() != w.len()) {
            return tensors;
        }
        let [w, g, m, v] = tensors.map(<[T]>::as_chunks_mut::<4>);
        macro_rules! steps {
            ($decays:tt) => {
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
                        parameter!($decays "s0" "s4" "s8" "s12"),
                        parameter!($decays "s1" "s5" "s9" "s13"),
                        parameter!($decays "s2" "s6" "s10" "s14"),
                        parameter!($decays "s3" "s7" "s11" "s15"),
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
            };
        }
        if DECAYS {
            steps!(true);
        } else {
            steps!(false);
        }
        [w.1, g.1, m.1, v.1]
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::*;

    use super::Constants;
    use crate::kernel::{Float, Machine};

    /// Numbers in a vector.
    const N: usize = 16;

    /// For a machine with AVX-512, of `f32`.
    #[inline(always)]
    pub(super) fn first_parameters<'a, M: Machine, T: Float, const DECAYS: bool>(
        constants: &Constants<T>,
        tensors: [&'a mut [T]; 4],
    ) -> [&'a mut [T]; 4] {
        let [w, g, m, v] = &tensors;
        if [g, m, v].iter().any(|other| other.len() != w.len()) {
            return tensors;
        }
        let constants = constants.map(|constant| constant.to_f64() as f32);
        let mut tensors = tensors.map(<[T]>::as_chunks_mut::<N>);
        let vectors = tensors[0].0.len();
        let first = tensors.each_mut().map(|(vectors, _)| vectors.as_mut_ptr().cast());
        // SAFETY: each tensor has so many vectors of `f32`, and the machine those of AVX-512, as the
        // caller has checked.
        unsafe { steps::<M, DECAYS>(&constants, first, vectors) }
        tensors.map(|(_, rest)| rest)
    }

    /// Takes the step for so many vectors of parameters.
    ///
    /// # Safety
    /// They can be read and written, and the processor has AVX-512.
    #[inline(always)]
    unsafe fn steps<M: Machine, const DECAYS: bool>(
        constants: &Constants<f32>,
        [w, g, m, v]: [*mut f32; 4],
        vectors: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let [l2, beta1, rest1, beta2, rest2, step, unbias, epsilon, keep] =
                constants.map(|constant| _mm512_set1_ps(constant));
            let mut i = 0;
            while i < vectors * N {
                let mut weight = _mm512_loadu_ps(w.add(i));
                let mut gradient = _mm512_loadu_ps(g.add(i));
                if DECAYS {
                    gradient = _mm512_add_ps(gradient, _mm512_mul_ps(l2, weight));
                    weight = _mm512_mul_ps(keep, weight);
                }
                let mean = _mm512_add_ps(
                    _mm512_mul_ps(beta1, _mm512_loadu_ps(m.add(i))),
                    _mm512_mul_ps(rest1, gradient),
                );
                let mean = decayed::<M>(mean);
                _mm512_storeu_ps(m.add(i), mean);
                let mean_square = _mm512_add_ps(
                    _mm512_mul_ps(beta2, _mm512_loadu_ps(v.add(i))),
                    _mm512_mul_ps(_mm512_mul_ps(rest2, gradient), gradient),
                );
                let root = if M::FUSED && are_roots_exact(mean_square) {
                    _mm512_storeu_ps(v.add(i), mean_square);
                    root(mean_square)
                } else {
                    let mean_square = decayed::<M>(mean_square);
                    _mm512_storeu_ps(v.add(i), mean_square);
                    _mm512_sqrt_ps(mean_square)
                };
                let change = _mm512_div_ps(
                    _mm512_mul_ps(step, mean),
                    _mm512_add_ps(_mm512_mul_ps(root, unbias), epsilon),
                );
                _mm512_storeu_ps(w.add(i), _mm512_sub_ps(weight, change));
                i += N;
            }
        }
    }

    /// As `optimizer`'s for each number: 0 below twice the smallest normal number, whose exponent is
    /// the first that has another bit than the last.
    ///
    /// # Safety
    /// The processor has AVX-512.
    #[inline(always)]
    unsafe fn decayed<M: Machine>(x: __m512) -> __m512 {
        if !M::FUSED {
            return x;
        }
        // SAFETY: the caller's.
        unsafe {
            let large =
                _mm512_set1_epi32((f32::INFINITY.to_bits() & !f32::MIN_POSITIVE.to_bits()) as i32);
            _mm512_maskz_mov_ps(_mm512_test_epi32_mask(_mm512_castps_si512(x), large), x)
        }
    }

    /// 2⁻¹⁰², of whose root the square has no digit below the smallest number.
    const LEAST: f32 = f32::from_bits(25 << 23);

    /// Whether [`root`] is right for all of these: finite, and at least [`LEAST`].
    ///
    /// # Safety
    /// The processor has AVX-512.
    #[inline(always)]
    unsafe fn are_roots_exact(x: __m512) -> bool {
        let many = f32::INFINITY.to_bits() - LEAST.to_bits();
        // SAFETY: the caller's.
        unsafe {
            // Of what is less, or negative, the difference is a large number without sign.
            let above =
                _mm512_sub_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(LEAST.to_bits() as i32));
            _mm512_cmpge_epu32_mask(above, _mm512_set1_epi32(many as i32)) == 0
        }
    }

    /// √x, correctly rounded, from an estimate of 1 / √x with 14 bits and two steps of Newton's: of the
    /// second the remainder x − s² is exact (Markstein 1990).
    ///
    /// # Safety
    /// The processor has AVX-512.
    #[inline(always)]
    unsafe fn root(x: __m512) -> __m512 {
        // SAFETY: the caller's.
        unsafe {
            let half = _mm512_set1_ps(0.5);
            let estimate = _mm512_rsqrt14_ps(x);
            // s = √x, and h = 1 / 2√x
            let (s, h) = (_mm512_mul_ps(x, estimate), _mm512_mul_ps(half, estimate));
            let rest = _mm512_fnmadd_ps(s, h, half);
            let (s, h) = (_mm512_fmadd_ps(s, rest, s), _mm512_fmadd_ps(h, rest, h));
            _mm512_fmadd_ps(_mm512_fnmadd_ps(s, s, x), h, s)
        }
    }

    #[cfg(all(test, feature = "std"))]
    mod tests {
        use super::*;
        use crate::Level;
        use crate::kernel::Task;
        use crate::kernel::machine::x86::Avx512;

        /// Roots of all significands, of even and odd exponents: of the least, the middle and the
        /// greatest.
        struct Roots;

        impl Task for Roots {
            type Output = ();

            #[inline(always)]
            fn run<M: Machine>(self) {
                let least = LEAST.to_bits() >> 23;
                for exponent in [least, least + 1, 127, 128, 253, 254] {
                    for first in (0..1 << 23).step_by(N) {
                        let mut numbers = [0.0_f32; N];
                        for (i, x) in (first..).zip(&mut numbers) {
                            *x = f32::from_bits(exponent << 23 | i);
                        }
                        let mut roots = numbers;
                        // SAFETY: the test asks for the level first.
                        unsafe {
                            let x = _mm512_loadu_ps(numbers.as_ptr());
                            assert!(are_roots_exact(x));
                            _mm512_storeu_ps(roots.as_mut_ptr(), root(x));
                        }
                        assert_eq!(roots, numbers.map(f32::sqrt));
                    }
                }
            }
        }

        #[test]
        fn roots_are_correctly_rounded() {
            if Level::Avx512.is_available() {
                Avx512::run(Roots);
            }
        }
    }
}
