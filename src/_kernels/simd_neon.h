/* AArch64 Advanced SIMD: 32 registers of 4 floats. */
#include <arm_neon.h>

#define VL 4
#define VREGISTERS 32
typedef float32x4_t vf;

TITO_INLINE vf v_zero(void) { return vdupq_n_f32(0.0f); }
TITO_INLINE vf v_set(float x) { return vdupq_n_f32(x); }
TITO_INLINE vf v_load(const float *p) { return vld1q_f32(p); }
TITO_INLINE void v_store(float *p, vf x) { vst1q_f32(p, x); }
TITO_INLINE vf v_load_part(const float *p, size_t n) {
    float lanes[VL] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < n; ++i) {
        lanes[i] = p[i];
    }
    return vld1q_f32(lanes);
}
TITO_INLINE void v_store_part(float *p, vf x, size_t n) {
    float lanes[VL];
    vst1q_f32(lanes, x);
    for (size_t i = 0; i < n; ++i) {
        p[i] = lanes[i];
    }
}
TITO_INLINE vf v_add(vf a, vf b) { return vaddq_f32(a, b); }
TITO_INLINE vf v_mul(vf a, vf b) { return vmulq_f32(a, b); }
TITO_INLINE vf v_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
TITO_INLINE vf v_max(vf a, vf b) { return vmaxq_f32(a, b); }

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    vst1q_f32(sums, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}
