/* One vector vocabulary, spelled once per target. A kernel written in these words is the one
 * readable source for every instruction set.
 *
 *   vf            VL floats
 *   v_load/v_store           any alignment
 *   v_load_part/v_store_part only the first n < VL elements are touched; the others load as 0
 *   v_fma(a, b, c)           a * b + c, rounded once where the target can
 *   v_max(a, b)              b where either is NaN: v_max(zero, x) keeps x's NaN
 *   v_larger(a, b)           the larger, NaN where either is
 *   v_round, v_pow2          to the nearest integer; 2^n for an integer n of -126..127
 *   v_int_dot(sum, a, b)     32-bit sums of products of pairs of 16-bit integers
 *   v_sum_4                  four horizontal sums at once
 *   V_IN_REGISTER(x)         x is used often: load it once
 *   V_MASKED                 1 where v_load_part costs no more than v_load
 *   VREGISTERS               how many vf fit the register file; sizes the register blocks
 */
#ifndef TITO_SIMD_H
#define TITO_SIMD_H

#include "compiler.h"

#define TITO_IS_avx512 1
#define TITO_IS_avx2 2
#define TITO_IS_sse2 3
#define TITO_IS_neon 4
#define TITO_IS_portable 5
#define TITO_IS_OF(target) TITO_IS_##target
#define TITO_IS(target) TITO_IS_OF(target)

#if TITO_IS(TITO_TARGET) == TITO_IS_avx512
#include "simd_avx512.h"
#elif TITO_IS(TITO_TARGET) == TITO_IS_avx2
#include "simd_avx2.h"
#elif TITO_IS(TITO_TARGET) == TITO_IS_sse2
#include "simd_sse2.h"
#elif TITO_IS(TITO_TARGET) == TITO_IS_neon
#include "simd_neon.h"
#elif TITO_IS(TITO_TARGET) == TITO_IS_portable
#include "simd_portable.h"
#else
#error "TITO_TARGET must be avx512, avx2, sse2, neon or portable"
#endif

/* n in 1..VL */
TITO_INLINE vf v_load_part_or_all(const float *p, size_t n) {
    return n >= VL ? v_load(p) : v_load_part(p, n);
}
TITO_INLINE void v_store_part_or_all(float *p, vf x, size_t n) {
    if (n >= VL) {
        v_store(p, x);
    } else {
        v_store_part(p, x, n);
    }
}

#endif
