//! The vectors of x86-64: SSE2, AVX2 with FMA, AVX-512.

use core::arch::x86_64::*;

use super::{Lanes, Square, hidden};

// `max` gives the second of two zeros, and if one is NaN: so `relu` leaves −0 a −0, and takes its
// sign off.

/// Vectors of 512 bits.
#[cfg(all(feature = "std", any(test, not(debug_assertions))))]
pub mod avx512 {
    pub type F32 = core::arch::x86_64::__m512;
    pub type F64 = core::arch::x86_64::__m512d;
}

/// Vectors of 256 bits, with fused multiply-add.
#[cfg(feature = "std")]
pub mod avx2 {
    pub type F32 = core::arch::x86_64::__m256;
    pub type F64 = core::arch::x86_64::__m256d;
}

/// The widest that every processor of the target has: of AVX-512 all that `Level::Avx512` needs.
pub mod baseline {
    use core::arch::x86_64::*;

    cfg_select! {
        all(
            target_feature = "avx512f",
            target_feature = "avx512vl",
            target_feature = "avx512dq",
            target_feature = "avx512bw"
        ) => {
            pub type F32 = __m512;
            pub type F64 = __m512d;
        }
        all(target_feature = "avx2", target_feature = "fma") => {
            pub type F32 = __m256;
            pub type F64 = __m256d;
        }
        _ => {
            pub type F32 = __m128;
            pub type F64 = __m128d;
        }
    }
}

lanes!(
    __m512: [f32; 16], half __m256, sums 24 or 24, width 4,
    _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_add_ps,
    |x| _mm512_abs_ps(_mm512_max_ps(_mm512_setzero_ps(), x)),
    |a, b, c| fused!(_mm512_fmadd_ps(a, b, c), _mm512_add_ps(_mm512_mul_ps(a, b), c)),
    |from, n| _mm512_maskz_loadu_ps(u16::MAX >> (16 - n), from),
    |vector, to, n| {
        if n == 16 {
            return vector.store(to);
        }
        let (mut to, mut rest) = (to, _mm512_castps512_ps256(vector));
        if n & 8 != 0 {
            rest.store(to);
            to = to.add(8);
            rest = _mm512_extractf32x8_ps::<1>(vector);
        }
        if n & 7 != 0 {
            rest.store_first(to, n & 7);
        }
    }
);

lanes!(
    __m512d: [f64; 8], half __m256d, sums 24 or 24, width 4,
    _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_add_pd,
    |x| _mm512_abs_pd(_mm512_max_pd(_mm512_setzero_pd(), x)),
    |a, b, c| fused!(_mm512_fmadd_pd(a, b, c), _mm512_add_pd(_mm512_mul_pd(a, b), c)),
    |from, n| _mm512_maskz_loadu_pd(u8::MAX >> (8 - n), from),
    |vector, to, n| {
        if n == 8 {
            return vector.store(to);
        }
        let (mut to, mut rest) = (to, _mm512_castpd512_pd256(vector));
        if n & 4 != 0 {
            rest.store(to);
            to = to.add(4);
            rest = _mm512_extractf64x4_pd::<1>(vector);
        }
        if n & 3 != 0 {
            rest.store_first(to, n & 3);
        }
    }
);

/// A mask of the first `n` of 8 numbers.
///
/// # Safety
/// The processor has AVX2, and `n` is 8 at the most.
#[inline(always)]
unsafe fn first_of_8(n: usize) -> __m256i {
    static FIRST: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: the caller's.
    unsafe { _mm256_loadu_si256(FIRST.as_ptr().add(8 - n).cast()) }
}

lanes!(
    __m256: [f32; 8], half __m256, sums 12 or 8, width 2,
    _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps,
    |x| _mm256_andnot_ps(_mm256_set1_ps(-0.0), _mm256_max_ps(_mm256_setzero_ps(), x)),
    |a, b, c| fused!(_mm256_fmadd_ps(a, b, c), _mm256_add_ps(_mm256_mul_ps(a, b), c)),
    |from, n| _mm256_maskload_ps(from, first_of_8(n)),
    // A masked store is slow on some processors.
    |vector, to, n| {
        if n == 8 {
            return vector.store(to);
        }
        let (mut to, mut rest) = (to, _mm256_castps256_ps128(vector));
        if n & 4 != 0 {
            rest.store(to);
            to = to.add(4);
            rest = _mm256_extractf128_ps::<1>(vector);
        }
        if n & 3 != 0 {
            rest.store_first(to, n & 3);
        }
    },
    |from, places| {
        let four = _mm256_broadcast_ps(&_mm_loadu_ps(from));
        [
            _mm256_permutevar_ps(four, _mm256_castps_si256(places[0])),
            _mm256_permutevar_ps(four, _mm256_castps_si256(places[1])),
            _mm256_permutevar_ps(four, _mm256_castps_si256(places[2])),
            _mm256_permutevar_ps(four, _mm256_castps_si256(places[3])),
        ]
    },
    // Of shuffles that it knows, the compiler would make four loads.
    {
        static PLACES: [[i32; 8]; 4] = [[0; 8], [1; 8], [2; 8], [3; 8]];
        let places: *const f32 = hidden(PLACES.as_ptr()).cast();
        [
            _mm256_loadu_ps(places),
            _mm256_loadu_ps(places.add(8)),
            _mm256_loadu_ps(places.add(16)),
            _mm256_loadu_ps(places.add(24)),
        ]
    }
);

lanes!(
    __m256d: [f64; 4], half __m256d, sums 12 or 8, width 2,
    _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd,
    |x| _mm256_andnot_pd(_mm256_set1_pd(-0.0), _mm256_max_pd(_mm256_setzero_pd(), x)),
    |a, b, c| fused!(_mm256_fmadd_pd(a, b, c), _mm256_add_pd(_mm256_mul_pd(a, b), c)),
    |from, n| {
        static FIRST: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
        _mm256_maskload_pd(from, _mm256_loadu_si256(FIRST.as_ptr().add(4 - n).cast()))
    },
    |vector, to, n| {
        if n == 4 {
            return vector.store(to);
        }
        let (mut to, mut rest) = (to, _mm256_castpd256_pd128(vector));
        if n & 2 != 0 {
            rest.store(to);
            to = to.add(2);
            rest = _mm256_extractf128_pd::<1>(vector);
        }
        if n & 1 != 0 {
            rest.store_first(to, 1);
        }
    }
);

lanes!(
    __m128: [f32; 4], half __m128, sums 12 or 8, width 2,
    _mm_set1_ps, _mm_loadu_ps, _mm_storeu_ps, _mm_add_ps,
    |x| _mm_andnot_ps(_mm_set1_ps(-0.0), _mm_max_ps(_mm_setzero_ps(), x)),
    |a, b, c| _mm_add_ps(_mm_mul_ps(a, b), c),
    |from, n| match n {
        1 => _mm_load_ss(from),
        2 => _mm_castpd_ps(_mm_load_sd(from.cast())),
        3 => _mm_movelh_ps(_mm_castpd_ps(_mm_load_sd(from.cast())), _mm_load_ss(from.add(2))),
        _ => _mm_loadu_ps(from),
    },
    |vector, to, n| match n {
        1 => _mm_store_ss(to, vector),
        2 => _mm_storel_pd(to.cast(), _mm_castps_pd(vector)),
        3 => {
            _mm_storel_pd(to.cast(), _mm_castps_pd(vector));
            _mm_store_ss(to.add(2), _mm_movehl_ps(vector, vector));
        }
        _ => _mm_storeu_ps(to, vector),
    }
);

lanes!(
    __m128d: [f64; 2], half __m128d, sums 12 or 8, width 2,
    _mm_set1_pd, _mm_loadu_pd, _mm_storeu_pd, _mm_add_pd,
    |x| _mm_andnot_pd(_mm_set1_pd(-0.0), _mm_max_pd(_mm_setzero_pd(), x)),
    |a, b, c| _mm_add_pd(_mm_mul_pd(a, b), c),
    |from, n| if n == 1 { _mm_load_sd(from) } else { _mm_loadu_pd(from) },
    |vector, to, n| if n == 1 { _mm_store_sd(to, vector) } else { _mm_storeu_pd(to, vector) }
);

square!(
    __m512: f32, segment 4,
    |a, b| (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)),
    |from, step| {
        let low = _mm512_castps128_ps512(_mm_loadu_ps(from));
        let low = _mm512_insertf32x4::<1>(low, _mm_loadu_ps(from.add(step)));
        let low = _mm512_insertf32x4::<2>(low, _mm_loadu_ps(from.add(2 * step)));
        _mm512_insertf32x4::<3>(low, _mm_loadu_ps(from.add(3 * step)))
    },
    |from, n| _mm512_castps256_ps512(__m256::load_eight(from, n)),
    |numbers, places| _mm512_permutexvar_ps(_mm512_loadu_epi32(places), numbers),
    |first, n, rest| _mm512_mask_blend_ps(u16::MAX >> (16 - n), rest, first)
);

square!(
    __m512d: f64, segment 2,
    |a, b| (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b)),
    |from, step| {
        let low = _mm512_castpd128_pd512(_mm_loadu_pd(from));
        let low = _mm512_insertf64x2::<1>(low, _mm_loadu_pd(from.add(step)));
        let low = _mm512_insertf64x2::<2>(low, _mm_loadu_pd(from.add(2 * step)));
        _mm512_insertf64x2::<3>(low, _mm_loadu_pd(from.add(3 * step)))
    }
);

square!(
    __m256: f32, segment 4,
    |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)),
    |from, step| {
        let low = _mm256_castps128_ps256(_mm_loadu_ps(from));
        _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(from.add(step)))
    },
    |from, n| {
        if n == 8 {
            return __m256::load(from);
        }
        let first = _mm256_castsi256_ps(first_of_8(n));
        _mm256_blendv_ps(_mm256_set1_ps(-0.0), __m256::load_first(from, n), first)
    },
    |numbers, places| _mm256_permutevar8x32_ps(numbers, _mm256_loadu_si256(places.cast())),
    |first, n, rest| match n {
        0 => rest,
        1 => _mm256_blend_ps::<0b1>(rest, first),
        2 => _mm256_blend_ps::<0b11>(rest, first),
        3 => _mm256_blend_ps::<0b111>(rest, first),
        4 => _mm256_blend_ps::<0b1111>(rest, first),
        5 => _mm256_blend_ps::<0b1_1111>(rest, first),
        6 => _mm256_blend_ps::<0b11_1111>(rest, first),
        7 => _mm256_blend_ps::<0b111_1111>(rest, first),
        _ => first,
    }
);

square!(
    __m256d: f64, segment 2,
    |a, b| (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b)),
    |from, step| {
        let low = _mm256_castpd128_pd256(_mm_loadu_pd(from));
        _mm256_insertf128_pd::<1>(low, _mm_loadu_pd(from.add(step)))
    }
);

square!(
    __m128: f32, segment 4,
    |a, b| (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b)),
    |from, _| _mm_loadu_ps(from)
);

square!(
    __m128d: f64, segment 2,
    |a, b| (_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b)),
    |from, _| _mm_loadu_pd(from)
);
