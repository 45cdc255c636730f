/* AVX-512 F, BW, DQ, VL and FMA: 32 registers of 16 floats, masks for the ends of rows. */
#include <immintrin.h>

#include <string.h>

#define VL ((size_t)16)
#define VREGISTERS 32
#define V_MASKED 1
typedef __m512 vf;

TITO_INLINE __mmask16 v_first(size_t n) { return (__mmask16)((1u << n) - 1u); }

#define V_IN_REGISTER(x) TITO_IN_REGISTER(x)

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
TITO_INLINE vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
TITO_INLINE vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
TITO_INLINE vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }
TITO_INLINE vf v_larger(vf a, vf b) {
    return _mm512_mask_mov_ps(_mm512_max_ps(a, b), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
}
TITO_INLINE vf v_round(vf x) {
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
TITO_INLINE vf v_pow2(vf n) { /* n an integer of -126..127 */
    const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
}

typedef __m512i vi; /* VL 32-bit integers, or 2 VL 16-bit ones */
typedef vi vi_pairs;
TITO_INLINE vi v_int_zero(void) { return _mm512_setzero_si512(); }
TITO_INLINE vi_pairs v_int_set_pair(const int16_t *pair) {
    int32_t both;
    memcpy(&both, pair, sizeof both);
    return _mm512_set1_epi32(both);
}
TITO_INLINE vi v_int_load(const int16_t *p) { return _mm512_loadu_si512(p); }
TITO_INLINE vi v_int_dot(vi sum, vi a, vi b) {
    return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}
TITO_INLINE vf v_from_int(vi x) { return _mm512_cvtepi32_ps(x); }

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    const vf ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const vf cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const vf abcd = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(abcd), _mm512_extractf32x8_ps(abcd, 1));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}
