/* A few last columns as dot products, with k along the vector.
 *
 * n = 100 leaves 4 columns of 16 lanes: computed like the others they would cost as much as 16.
 * With k in the lanes no lane idles, at the price of transposing those columns of b and of one
 * horizontal sum per element of c. */
#ifndef TITO_DOT_COLUMNS_H
#define TITO_DOT_COLUMNS_H

#include "microkernel.h"

#define DOT_GROUP 4 /* columns at a time */
#define DOT_ROWS (VREGISTERS / 8)
#define DOT_MOST (VL / 2) /* columns: with more, the edge block is as fast */

struct dot_columns {
    size_t m, k, columns;
    const float *a, *b, *bias;
    float *c;
    size_t a_stride, b_stride, c_stride;
    int accumulate, relu;
};

/* k rounded up to whole vectors: the stride of a transposed column */
TITO_INLINE size_t dot_stride(size_t k) { return (k + VL - 1) / VL * VL; }

/* Transposes up to DOT_GROUP columns of b; what is missing is 0. */
static void transpose_columns(float *to, const struct dot_columns *d, size_t first) {
    const size_t stride = dot_stride(d->k);
    for (size_t j = 0; j < DOT_GROUP; ++j) {
        const int there = first + j < d->columns;
        for (size_t k = 0; k < stride; ++k) {
            to[j * stride + k] = there && k < d->k ? d->b[k * d->b_stride + first + j] : 0.0f;
        }
    }
}

static void store_dots(const struct dot_columns *d, size_t row, size_t first, const float *dots) {
    float *c = d->c + row * d->c_stride;
    for (size_t j = first; j < d->columns && j < first + DOT_GROUP; ++j) {
        float x = dots[j - first] + (d->bias == NULL ? 0.0f : d->bias[j]);
        x = d->accumulate ? c[j] + x : x;
        c[j] = d->relu && x < 0.0f ? 0.0f : x;
    }
}

TITO_INLINE void dot_rows(const size_t rows, const struct dot_columns *d, size_t row, size_t first,
                          const float *columns) {
    const size_t stride = dot_stride(d->k), whole = d->k / VL * VL;
    const float *a = d->a + row * d->a_stride;
    vf sum[DOT_ROWS][DOT_GROUP];
    EACH(i, rows) EACH(j, DOT_GROUP) sum[i][j] = v_zero();
    for (size_t k = 0; k < whole; k += VL) {
        EACH(i, rows) {
            const vf x = v_load(a + i * d->a_stride + k);
            EACH(j, DOT_GROUP) sum[i][j] = v_fma(x, v_load(columns + j * stride + k), sum[i][j]);
        }
    }
    if (whole < d->k) {
        EACH(i, rows) {
            const vf x = v_load_part(a + i * d->a_stride + whole, d->k - whole);
            EACH(j, DOT_GROUP) {
                sum[i][j] = v_fma(x, v_load(columns + j * stride + whole), sum[i][j]);
            }
        }
    }
    EACH(i, rows) {
        float dots[DOT_GROUP];
        v_sum_4(dots, sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
        store_dots(d, row + i, first, dots);
    }
}

/* transposed: room for DOT_GROUP * dot_stride(k) floats. */
static void multiply_dot_columns(const struct dot_columns *d, float *transposed) {
    for (size_t first = 0; first < d->columns; first += DOT_GROUP) {
        transpose_columns(transposed, d, first);
        size_t row = 0;
        for (; row + DOT_ROWS <= d->m; row += DOT_ROWS) {
            dot_rows(DOT_ROWS, d, row, first, transposed);
        }
        for (; row < d->m; ++row) {
            dot_rows(1, d, row, first, transposed);
        }
    }
}

#endif
