/* AVX2 and FMA: 16 registers of 8 floats. */
#include <immintrin.h>

#include <string.h>

#define VL ((size_t)8)
#define VREGISTERS 16
#define V_MASKED 1
typedef __m256 vf;

TITO_INLINE __m256i v_first(size_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

#define V_IN_REGISTER(x) TITO_IN_REGISTER(x)

TITO_INLINE vf v_zero(void) { return _mm256_setzero_ps(); }
TITO_INLINE vf v_set(float x) { return _mm256_set1_ps(x); }
TITO_INLINE vf v_load(const float *p) { return _mm256_loadu_ps(p); }
TITO_INLINE void v_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
TITO_INLINE vf v_load_part(const float *p, size_t n) { return _mm256_maskload_ps(p, v_first(n)); }
/* In pieces, not by a mask: vmaskmovps to memory is microcode on AMD, 18 instructions and more. */
TITO_INLINE void v_store_part(float *p, vf x, size_t n) {
    __m128 rest = _mm256_castps256_ps128(x);
    if (n & 4) {
        _mm_storeu_ps(p, rest);
        rest = _mm256_extractf128_ps(x, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, rest);
        rest = _mm_movehl_ps(rest, rest);
        p += 2;
    }
    if (n & 1) {
        _mm_store_ss(p, rest);
    }
}
TITO_INLINE vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
TITO_INLINE vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
TITO_INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
TITO_INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
TITO_INLINE vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
TITO_INLINE vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
TITO_INLINE vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }
TITO_INLINE vf v_larger(vf a, vf b) {
    return _mm256_or_ps(_mm256_max_ps(a, b), _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}
TITO_INLINE vf v_round(vf x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
TITO_INLINE vf v_pow2(vf n) { /* n an integer of -126..127 */
    const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}

typedef __m256i vi; /* VL 32-bit integers, or 2 VL 16-bit ones */
typedef vi vi_pairs;
TITO_INLINE vi v_int_zero(void) { return _mm256_setzero_si256(); }
TITO_INLINE vi_pairs v_int_set_pair(const int16_t *pair) {
    int32_t both;
    memcpy(&both, pair, sizeof both);
    return _mm256_set1_epi32(both);
}
TITO_INLINE vi v_int_load(const int16_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
TITO_INLINE vi v_int_dot(vi sum, vi a, vi b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}
TITO_INLINE vf v_from_int(vi x) { return _mm256_cvtepi32_ps(x); }

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    const vf abcd = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(abcd), _mm256_extractf128_ps(abcd, 1)));
}
