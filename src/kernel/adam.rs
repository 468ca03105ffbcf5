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
    use crate::kernel::functions::Series;
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
            const { assert!(<f32 as Series>::TINY.to_bits() == 2 << 23) };
            let large =
                _mm512_set1_epi32((f32::INFINITY.to_bits() & !f32::MIN_POSITIVE.to_bits()) as i32);
            _mm512_maskz_mov_ps(_mm512_test_epi32_mask(_mm512_castps_si512(x), large), x)
        }
    }

    /// 2⁻⁸⁰, of whose root the square has no digit below the smallest normal number.
    const LEAST: f32 = f32::from_bits(47 << 23);

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

    /// √x, correctly rounded, from any estimate of 1 / √x with 14 bits and two steps of Newton's: of the
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
        use std::vec::Vec;

        use super::*;
        use crate::Level;
        use crate::kernel::Task;
        use crate::kernel::machine::x86::Avx512;
        use crate::optimizer;

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
                let below = LEAST.next_down();
                for other in [below, 0.0, -0.0, -1.0, 1e-45, f32::INFINITY, f32::NAN, -f32::NAN] {
                    for place in 0..N {
                        let mut numbers = [1.0; N];
                        numbers[place] = other;
                        // SAFETY: as above.
                        assert!(unsafe { !are_roots_exact(_mm512_loadu_ps(numbers.as_ptr())) });
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

        /// The roots nearest to the middle of two numbers, which are the hardest to round, from every
        /// estimate of 14 bits: processors differ in theirs.
        #[test]
        fn the_hardest_roots_are_correctly_rounded_from_any_estimate() {
            let mut hardest = 0;
            // The middle of two roots from 1 to 2, and its square, which lies between numbers x.
            for middle in ((1_u64 << 24) + 1..1 << 25).step_by(2) {
                let square = middle * middle;
                let unit = if square < 1 << 49 { 1 << 25 } else { 1 << 26 };
                let x = (square + unit / 2) / unit * unit;
                if x.abs_diff(square) >= 1 << 13 {
                    continue;
                }
                hardest += 1;
                let x = x as f32 / (1_u64 << 48) as f32;
                let exact = 1.0 / f64::from(x).sqrt();
                let [mut estimate, most] =
                    [-1.0, 1.0].map(|side| (exact * (1.0 + side / f64::from(1 << 14))) as f32);
                while estimate <= most {
                    // As `root`.
                    let (s, h) = (x * estimate, 0.5 * estimate);
                    let rest = (-s).mul_add(h, 0.5);
                    let (s, h) = (s.mul_add(rest, s), h.mul_add(rest, h));
                    assert_eq!((-s).mul_add(s, x).mul_add(h, s), x.sqrt(), "√{x} from {estimate}");
                    estimate = estimate.next_up();
                }
            }
            assert!(hardest > 1000, "{hardest} roots");
        }

        /// Gradients and moments.
        const NUMBERS: [f32; 16] = [
            0.0,
            -0.0,
            1e-45,
            f32::MIN_POSITIVE,
            2.0 * f32::MIN_POSITIVE,
            LEAST.next_down(),
            LEAST,
            LEAST.next_up(),
            -3e-13,
            1e-3,
            -0.7,
            1.0,
            3e17,
            f32::MAX,
            f32::INFINITY,
            f32::NAN,
        ];

        /// The step of tensors of up to 70 parameters, against the equations for each.
        struct Steps<const DECAYS: bool>;

        impl<const DECAYS: bool> Task for Steps<DECAYS> {
            type Output = ();

            #[inline(always)]
            fn run<M: Machine>(self) {
                let [l2, keep] = if DECAYS { [0.01, 0.9] } else { [0.0, 1.0] };
                // With a β₂ of 1, which leaves the mean square as it is where there is no gradient.
                let constants = [l2, 0.9, 0.1, 1.0, 0.001, 1e-3, 1.5, 1e-8, keep];
                for len in 1..=70 {
                    for shift in 0..NUMBERS.len() {
                        let numbers = |number: fn(usize) -> usize| -> Vec<f32> {
                            (0..len).map(|i| NUMBERS[(number(i) + shift) % NUMBERS.len()]).collect()
                        };
                        // A vector has one mean square, or sixteen.
                        let square = if len % 2 == 0 { |i| i / N } else { |i| 5 * i };
                        let weights = (0..len).map(|i| i as f32 / 8.0 - 4.0).collect();
                        let before =
                            [weights, numbers(|i| 3 * i / 2), numbers(|i| 7 * i), numbers(square)];
                        let mut after = before.clone();
                        let [w, g, m, v] = &mut after;
                        let tensors = [&mut w[..], g, m, v];
                        let rest = first_parameters::<M, f32, DECAYS>(&constants, tensors);
                        assert_eq!(rest.map(|rest| rest.len()), [len % N; 4]);
                        for i in 0..len {
                            let mut expected = before.each_ref().map(|numbers| numbers[i]);
                            if i < len - len % N {
                                step::<M, DECAYS>(&constants, &mut expected);
                            }
                            let found = after.each_ref().map(|numbers| numbers[i]);
                            assert_eq!(
                                found.map(bits),
                                expected.map(bits),
                                "{i} of {len}, {shift}"
                            );
                        }
                    }
                }
            }
        }

        /// The step of one parameter.
        #[inline(always)]
        fn step<M: Machine, const DECAYS: bool>(
            &[l2, beta1, rest1, beta2, rest2, step, unbias, epsilon, keep]: &Constants<f32>,
            [w, g, m, v]: &mut [f32; 4],
        ) {
            let (g, kept) = if DECAYS { (*g + l2 * *w, keep * *w) } else { (*g, *w) };
            *m = optimizer::decayed::<M, f32>(beta1 * *m + rest1 * g);
            *v = optimizer::decayed::<M, f32>(beta2 * *v + rest2 * g * g);
            *w = kept - step * *m / (v.sqrt() * unbias + epsilon);
        }

        /// The same for each NaN.
        fn bits(x: f32) -> u32 {
            if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }
        }

        #[test]
        fn steps_have_the_bits_of_each_number() {
            if Level::Avx512.is_available() {
                Avx512::run(Steps::<false>);
                Avx512::run(Steps::<true>);
            }
        }
    }
}
