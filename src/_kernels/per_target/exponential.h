/* exp in the vector vocabulary, and the horizontal sum and maximum that softmax needs. */
#ifndef TITO_EXPONENTIAL_H
#define TITO_EXPONENTIAL_H

#include "target.h"

/* exp(x) = 2^n * exp(r) with n = round(x / ln 2) and |r| <= ln(2)/2, where a polynomial of degree 6
 * (Cephes expf) is good to about 1 ulp; ln 2 in two parts keeps r exact. 2^n in two factors, so
 * that results reach inf on one side and denormals on the other. NaN stays NaN. */
TITO_INLINE vf v_exp(vf x) {
    x = v_max(v_set(-104.0f), v_min(v_set(89.0f), x));
    const vf n = v_round(v_mul(x, v_set(1.44269504088896341f)));
    vf r = v_fma(n, v_set(-0.693359375f), x);
    r = v_fma(n, v_set(2.12194440e-4f), r);
    vf p = v_set(1.9875691500e-4f);
    p = v_fma(p, r, v_set(1.3981999507e-3f));
    p = v_fma(p, r, v_set(8.3334519073e-3f));
    p = v_fma(p, r, v_set(4.1665795894e-2f));
    p = v_fma(p, r, v_set(1.6666665459e-1f));
    p = v_fma(p, r, v_set(5.0000001201e-1f));
    p = v_add(v_fma(p, v_mul(r, r), r), v_set(1.0f));
    const vf half = v_round(v_mul(n, v_set(0.5f)));
    return v_mul(v_mul(p, v_pow2(half)), v_pow2(v_sub(n, half)));
}

TITO_INLINE float v_sum(vf x) {
    float sums[4];
    v_sum_4(sums, x, v_zero(), v_zero(), v_zero());
    return sums[0];
}

TITO_INLINE float v_largest(vf x) {
    float lanes[VL];
    v_store(lanes, x);
    float largest = lanes[0];
    for (size_t i = 1; i < VL; ++i) {
        largest = lanes[i] > largest ? lanes[i] : largest;
    }
    return largest;
}

#endif
