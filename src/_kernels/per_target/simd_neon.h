/* AArch64 Advanced SIMD: 32 registers of 4 floats. */
#include <arm_neon.h>

#include <string.h>

#define VL ((size_t)4)
#define VREGISTERS 32
#define V_MASKED 0
typedef float32x4_t vf;

#define V_IN_REGISTER(x) TITO_IN_REGISTER(x)

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
TITO_INLINE vf v_sub(vf a, vf b) { return vsubq_f32(a, b); }
TITO_INLINE vf v_div(vf a, vf b) { return vdivq_f32(a, b); }
TITO_INLINE vf v_min(vf a, vf b) { return vminq_f32(a, b); }
TITO_INLINE vf v_larger(vf a, vf b) { return vmaxq_f32(a, b); }
TITO_INLINE vf v_round(vf x) { return vrndnq_f32(x); }
TITO_INLINE vf v_pow2(vf n) { /* n an integer of -126..127 */
    const int32x4_t biased = vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(biased, 23));
}

typedef int32x4_t vi; /* VL 32-bit integers, or 2 VL 16-bit ones */
typedef vi vi_pairs;
TITO_INLINE vi v_int_zero(void) { return vdupq_n_s32(0); }
TITO_INLINE vi_pairs v_int_set_pair(const int16_t *pair) {
    int32_t both;
    memcpy(&both, pair, sizeof both);
    return vdupq_n_s32(both);
}
TITO_INLINE vi v_int_load(const int16_t *p) { return vreinterpretq_s32_s16(vld1q_s16(p)); }
TITO_INLINE vi v_int_dot(vi sum, vi a, vi b) {
    const int16x8_t x = vreinterpretq_s16_s32(a), y = vreinterpretq_s16_s32(b);
    const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y));
    const int32x4_t high = vmull_high_s16(x, y);
    return vaddq_s32(sum, vpaddq_s32(low, high));
}
TITO_INLINE vf v_from_int(vi x) { return vcvtq_f32_s32(x); }

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    vst1q_f32(sums, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}
