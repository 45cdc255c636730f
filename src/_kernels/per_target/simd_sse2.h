/* SSE2, which every x86-64 has: 16 registers of 4 floats, no fused multiply-add. */
#include <emmintrin.h>

#include <string.h>

#define VL ((size_t)4)
#define VREGISTERS 16
#define V_MASKED 0
typedef __m128 vf;

#define V_IN_REGISTER(x) TITO_IN_REGISTER(x)

TITO_INLINE vf v_zero(void) { return _mm_setzero_ps(); }
TITO_INLINE vf v_set(float x) { return _mm_set1_ps(x); }
TITO_INLINE vf v_load(const float *p) { return _mm_loadu_ps(p); }
TITO_INLINE void v_store(float *p, vf x) { _mm_storeu_ps(p, x); }
TITO_INLINE vf v_load_part(const float *p, size_t n) {
    switch (n) {
    case 1: return _mm_load_ss(p);
    case 2: return _mm_setr_ps(p[0], p[1], 0.0f, 0.0f);
    case 3: return _mm_setr_ps(p[0], p[1], p[2], 0.0f);
    default: return _mm_setzero_ps();
    }
}
TITO_INLINE void v_store_part(float *p, vf x, size_t n) {
    float lanes[VL];
    _mm_storeu_ps(lanes, x);
    for (size_t i = 0; i < n; ++i) {
        p[i] = lanes[i];
    }
}
TITO_INLINE vf v_add(vf a, vf b) { return _mm_add_ps(a, b); }
TITO_INLINE vf v_mul(vf a, vf b) { return _mm_mul_ps(a, b); }
TITO_INLINE vf v_fma(vf a, vf b, vf c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
TITO_INLINE vf v_max(vf a, vf b) { return _mm_max_ps(a, b); }
TITO_INLINE vf v_sub(vf a, vf b) { return _mm_sub_ps(a, b); }
TITO_INLINE vf v_div(vf a, vf b) { return _mm_div_ps(a, b); }
TITO_INLINE vf v_min(vf a, vf b) { return _mm_min_ps(a, b); }
TITO_INLINE vf v_larger(vf a, vf b) {
    return _mm_or_ps(_mm_max_ps(a, b), _mm_cmpunord_ps(a, a));
}
TITO_INLINE vf v_round(vf x) { return _mm_cvtepi32_ps(_mm_cvtps_epi32(x)); } /* |x| < 2^31 */
TITO_INLINE vf v_pow2(vf n) { /* n an integer of -126..127 */
    const __m128i biased = _mm_add_epi32(_mm_cvtps_epi32(n), _mm_set1_epi32(127));
    return _mm_castsi128_ps(_mm_slli_epi32(biased, 23));
}

typedef __m128i vi; /* VL 32-bit integers, or 2 VL 16-bit ones */
typedef vi vi_pairs;
TITO_INLINE vi v_int_zero(void) { return _mm_setzero_si128(); }
TITO_INLINE vi_pairs v_int_set_pair(const int16_t *pair) {
    int32_t both;
    memcpy(&both, pair, sizeof both);
    return _mm_set1_epi32(both);
}
TITO_INLINE vi v_int_load(const int16_t *p) { return _mm_loadu_si128((const __m128i *)p); }
TITO_INLINE vi v_int_dot(vi sum, vi a, vi b) { return _mm_add_epi32(sum, _mm_madd_epi16(a, b)); }
TITO_INLINE vf v_from_int(vi x) { return _mm_cvtepi32_ps(x); }

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(sums, _mm_add_ps(_mm_add_ps(a, b), _mm_add_ps(c, d)));
}
