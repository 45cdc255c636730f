/* One row of softmax, for softmax, attention and cross-entropy. */
#ifndef TITO_SOFTMAX_H
#define TITO_SOFTMAX_H

#include "exponential.h"

#include <math.h>

/* The largest of n >= 1 numbers; what it is when one is NaN does not matter to softmax, whose sum
 * is NaN then. */
static inline float row_largest(const float *x, size_t n) {
    vf largest = v_set(x[0]);
    size_t i = 0;
    for (; i + VL <= n; i += VL) {
        largest = v_max(largest, v_load(x + i));
    }
    float result = v_largest(largest);
    for (; i < n; ++i) {
        result = x[i] > result ? x[i] : result;
    }
    return result;
}

/* out = exp(scale * (x - largest)), or no output where out is NULL; returns the sum. scale > 0. */
static inline float row_exponentials(const float *x, size_t n, float largest, float scale,
                                     float *out) {
    const vf shift = v_set(largest), factor = v_set(scale);
    vf sum = v_zero();
    size_t i = 0;
    for (; i + VL <= n; i += VL) {
        const vf e = v_exp(v_mul(factor, v_sub(v_load(x + i), shift)));
        sum = v_add(sum, e);
        if (out != NULL) {
            v_store(out + i, e);
        }
    }
    float total = v_sum(sum);
    if (i < n) {
        float last[VL];
        v_store(last, v_exp(v_mul(factor, v_sub(v_load_part(x + i, n - i), shift))));
        for (size_t j = 0; i + j < n; ++j) {
            total += last[j];
            if (out != NULL) {
                out[i + j] = last[j];
            }
        }
    }
    return total;
}

static inline void softmax_row(const float *x, size_t n, float scale, float *out) {
    const float total = row_exponentials(x, n, row_largest(x, n), scale, out);
    const vf factor = v_set(1.0f / total);
    size_t i = 0;
    for (; i + VL <= n; i += VL) {
        v_store(out + i, v_mul(v_load(out + i), factor));
    }
    for (; i < n; ++i) {
        out[i] *= 1.0f / total;
    }
}

#endif
