/* AVX-512 F, BW, DQ, VL and FMA: 32 registers of 16 floats, masks for the ends of rows. */
#include <immintrin.h>

#define VL 16
#define VREGISTERS 32
typedef __m512 vf;

TITO_INLINE __mmask16 v_first(size_t n) { return (__mmask16)((1u << n) - 1u); }

TITO_INLINE vf v_zero(void) { return _mm512_setzero_ps(); }
TITO_INLINE vf v_set(float x) { return _mm512_set1_ps(x); }
TITO_INLINE vf v_load(const float *p) { return _mm512_loadu_ps(p); }
TITO_INLINE void v_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
TITO_INLINE vf v_load_part(const float *p, size_t n) { return _mm512_maskz_loadu_ps(v_first(n), p); }
TITO_INLINE void v_store_part(float *p, vf x, size_t n) {
    _mm512_mask_storeu_ps(p, v_first(n), x);
}
TITO_INLINE vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
TITO_INLINE vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
TITO_INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
TITO_INLINE vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    const vf ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const vf cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const vf abcd = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(abcd), _mm512_extractf32x8_ps(abcd, 1));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}
