/* The sgemm micro-kernel: a block of `rows` x `vectors` sums that never leaves registers.
 *
 * rows and vectors are compile-time constants wherever this is inlined, so every loop over them is
 * unrolled and the sums are registers. */
#ifndef TITO_MICROKERNEL_H
#define TITO_MICROKERNEL_H

#include "target.h"

#define MAX_ROWS 24
#define MAX_VECTORS 8
#define EACH(i, count) TITO_UNROLL for (size_t i = 0; i < (count); ++i)

struct tile {
    size_t k;
    const float *a; /* rows x k */
    size_t a_stride;
    const float *b; /* k x columns */
    size_t b_stride;
    float *packed; /* if not NULL: b is also copied here, dense, zero-padded to whole vectors */
    float *c;      /* rows x columns */
    size_t c_stride;
    size_t last;       /* columns in the last vector, 1..VL */
    const float *bias; /* what a sum starts from; NULL: 0 */
    int accumulate;    /* the sums start from c instead */
    int relu;
};

typedef vf sums[MAX_ROWS][MAX_VECTORS];

/* Vector j of a row at p; the last of the row may be short. */
TITO_INLINE vf load_column(const float *p, size_t j, size_t vectors, size_t last) {
    return j + 1 == vectors && last != VL ? v_load_part(p + j * VL, last) : v_load(p + j * VL);
}

TITO_INLINE void start_sums(const size_t rows, const size_t vectors, sums sum, const struct tile t) {
    if (!t.accumulate && t.bias == NULL) {
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_zero();
        return;
    }
    const float *from = t.accumulate ? t.c : t.bias;
    const size_t stride = t.accumulate ? t.c_stride : 0;
    if (t.last == VL) {
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_load(from + i * stride + j * VL);
    } else {
        EACH(i, rows) EACH(j, vectors) {
            sum[i][j] = load_column(from + i * stride, j, vectors, t.last);
        }
    }
}

/* sum += one column of a times one row of b */
TITO_INLINE void multiply_add(const size_t rows, const size_t vectors, sums sum, const float *a,
                              size_t a_stride, const vf *b) {
    EACH(i, rows) {
        const vf x = v_set(a[i * a_stride]);
        EACH(j, vectors) sum[i][j] = v_fma(x, b[j], sum[i][j]);
    }
}

TITO_INLINE void store_sums(const size_t rows, const size_t vectors, sums sum, const struct tile t) {
    if (t.relu) {
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_max(v_zero(), sum[i][j]);
    }
    if (t.last == VL) {
        EACH(i, rows) EACH(j, vectors) v_store(t.c + i * t.c_stride + j * VL, sum[i][j]);
        return;
    }
    EACH(i, rows) {
        EACH(j, vectors - 1) v_store(t.c + i * t.c_stride + j * VL, sum[i][j]);
        v_store_part(t.c + i * t.c_stride + (vectors - 1) * VL, sum[i][vectors - 1], t.last);
    }
}

TITO_INLINE void microkernel(const size_t rows, const size_t vectors, const struct tile *tile) {
    const struct tile t = *tile; /* a copy: the stores below cannot change it */
    sums sum;
    start_sums(rows, vectors, sum, t);
    const float *a = t.a, *b = t.b;
    if (t.packed == NULL) {
        for (size_t k = 0; k < t.k; ++k, ++a, b += t.b_stride) {
            vf row[MAX_VECTORS];
            EACH(j, vectors) row[j] = v_load(b + j * VL);
            multiply_add(rows, vectors, sum, a, t.a_stride, row);
        }
    } else {
        float *packed = t.packed;
        for (size_t k = 0; k < t.k; ++k, ++a, b += t.b_stride, packed += vectors * VL) {
            vf row[MAX_VECTORS];
            EACH(j, vectors) {
                row[j] = load_column(b, j, vectors, t.last);
                v_store(packed + j * VL, row[j]);
            }
            multiply_add(rows, vectors, sum, a, t.a_stride, row);
        }
    }
    store_sums(rows, vectors, sum, t);
}

#endif
