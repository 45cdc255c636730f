/* AVX2 and FMA: 16 registers of 8 floats. */
#include <immintrin.h>

#define VL 8
#define VREGISTERS 16
typedef __m256 vf;

TITO_INLINE __m256i v_first(size_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

TITO_INLINE vf v_zero(void) { return _mm256_setzero_ps(); }
TITO_INLINE vf v_set(float x) { return _mm256_set1_ps(x); }
TITO_INLINE vf v_load(const float *p) { return _mm256_loadu_ps(p); }
TITO_INLINE void v_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
TITO_INLINE vf v_load_part(const float *p, size_t n) { return _mm256_maskload_ps(p, v_first(n)); }
TITO_INLINE void v_store_part(float *p, vf x, size_t n) { _mm256_maskstore_ps(p, v_first(n), x); }
TITO_INLINE vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
TITO_INLINE vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
TITO_INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
TITO_INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    const vf abcd = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(abcd), _mm256_extractf128_ps(abcd, 1)));
}
