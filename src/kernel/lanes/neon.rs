//! The vectors of AArch64.

use core::arch::aarch64::*;

use super::{Lanes, Square};

pub type F32 = float32x4_t;
pub type F64 = float64x2_t;

lanes!(
    float32x4_t: [f32; 4], half float32x4_t, sums 16 or 16, width 4,
    vdupq_n_f32, vld1q_f32, vst1q_f32, vaddq_f32,
    |x| vmaxq_f32(x, vdupq_n_f32(0.0)),
    |a, b, c| fused!(vfmaq_f32(c, a, b), vaddq_f32(vmulq_f32(a, b), c)),
    |from, n| match n {
        1 => vld1q_lane_f32::<0>(from, vdupq_n_f32(0.0)),
        2 => vcombine_f32(vld1_f32(from), vdup_n_f32(0.0)),
        3 => vcombine_f32(vld1_f32(from), vld1_lane_f32::<0>(from.add(2), vdup_n_f32(0.0))),
        _ => vld1q_f32(from),
    },
    |vector, to, n| match n {
        1 => vst1q_lane_f32::<0>(to, vector),
        2 => vst1_f32(to, vget_low_f32(vector)),
        3 => {
            vst1_f32(to, vget_low_f32(vector));
            vst1q_lane_f32::<2>(to.add(2), vector);
        }
        _ => vst1q_f32(to, vector),
    }
);

lanes!(
    float64x2_t: [f64; 2], half float64x2_t, sums 16 or 16, width 4,
    vdupq_n_f64, vld1q_f64, vst1q_f64, vaddq_f64,
    |x| vmaxq_f64(x, vdupq_n_f64(0.0)),
    |a, b, c| fused!(vfmaq_f64(c, a, b), vaddq_f64(vmulq_f64(a, b), c)),
    |from, n| match n {
        1 => vld1q_lane_f64::<0>(from, vdupq_n_f64(0.0)),
        _ => vld1q_f64(from),
    },
    |vector, to, n| match n {
        1 => vst1q_lane_f64::<0>(to, vector),
        _ => vst1q_f64(to, vector),
    }
);

square!(
    float32x4_t: f32, segment 4,
    |a, b| (vzip1q_f32(a, b), vzip2q_f32(a, b)),
    |from, _| vld1q_f32(from)
);

square!(
    float64x2_t: f64, segment 2,
    |a, b| (vzip1q_f64(a, b), vzip2q_f64(a, b)),
    |from, _| vld1q_f64(from)
);
