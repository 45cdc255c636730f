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

/* k rounded up to whole vectors: the stride of a transposed column */
TITO_INLINE size_t dot_stride(size_t k) { return (k + VL - 1) / VL * VL; }

/* Groups of DOT_GROUP columns of b, transposed and zero-padded to whole vectors and groups. */
static void transpose_columns(float *to, const float *b, size_t b_stride, size_t k,
                              size_t columns) {
    const size_t stride = dot_stride(k);
    for (size_t j = 0; j < columns; j += DOT_GROUP, b += DOT_GROUP, to += DOT_GROUP * stride) {
        const size_t there = columns - j < DOT_GROUP ? columns - j : DOT_GROUP;
        for (size_t i = 0; i < k && there == DOT_GROUP; ++i) {
            EACH(g, DOT_GROUP) to[g * stride + i] = b[i * b_stride + g];
        }
        for (size_t g = 0; g < DOT_GROUP; ++g) {
            size_t i = there == DOT_GROUP ? k : 0;
            for (; i < k && g < there; ++i) {
                to[g * stride + i] = b[i * b_stride + g];
            }
            for (; i < stride; ++i) {
                to[g * stride + i] = 0.0f;
            }
        }
    }
}

static void store_dots(const struct tiles *t, float *c, const float *bias, const float *dots,
                       size_t there) {
    if (there == DOT_GROUP && bias == NULL && !t->accumulate && !t->relu) {
        EACH(j, DOT_GROUP) c[j] = dots[j];
        return;
    }
    for (size_t j = 0; j < there; ++j) {
        float x = dots[j] + (bias == NULL ? 0.0f : bias[j]);
        x = t->accumulate ? c[j] + x : x;
        c[j] = t->relu && x < 0.0f ? 0.0f : x;
    }
}

/* `rows` rows of a times one group of columns, from column `first` of those in t->c. */
TITO_INLINE void dot_block(const size_t rows, const struct tiles *t, size_t row, size_t first,
                           const float *columns) {
    const size_t stride = dot_stride(t->k), whole = t->k / VL * VL;
    const float *a = t->a + row * t->a_stride;
    vf sum[DOT_ROWS][DOT_GROUP];
    EACH(i, rows) EACH(j, DOT_GROUP) sum[i][j] = v_zero();
    for (size_t k = 0; k < stride; k += VL) {
        vf column[DOT_GROUP];
        EACH(j, DOT_GROUP) {
            column[j] = v_load(columns + j * stride + k);
            V_IN_REGISTER(column[j]);
        }
        EACH(i, rows) {
            const float *p = a + i * t->a_stride + k;
            const vf x = k < whole ? v_load(p) : v_load_part(p, t->k - whole);
            EACH(j, DOT_GROUP) sum[i][j] = v_fma(x, column[j], sum[i][j]);
        }
    }
    const size_t there = t->count - first < DOT_GROUP ? t->count - first : DOT_GROUP;
    EACH(i, rows) {
        float dots[DOT_GROUP];
        v_sum_4(dots, sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
        store_dots(t, t->c + (row + i) * t->c_stride + first,
                   t->bias == NULL ? NULL : t->bias + first, dots, there);
    }
}

#if DOT_ROWS == DOT_GROUP

/* DOT_ROWS rows of a times one column, the last of t->c: a horizontal sum takes all the rows, and
 * the columns that a group would have beside it cost nothing. */
static void dot_column(const struct tiles *t, size_t row, const float *column) {
    const size_t stride = dot_stride(t->k), whole = t->k / VL * VL, last = t->count - 1;
    const float *a = t->a + row * t->a_stride;
    vf sum[DOT_ROWS];
    EACH(i, DOT_ROWS) sum[i] = v_zero();
    for (size_t k = 0; k < stride; k += VL) {
        const vf x = v_load(column + k);
        EACH(i, DOT_ROWS) {
            const float *p = a + i * t->a_stride + k;
            sum[i] = v_fma(k < whole ? v_load(p) : v_load_part(p, t->k - whole), x, sum[i]);
        }
    }
    float dots[DOT_ROWS];
    v_sum_4(dots, sum[0], sum[1], sum[2], sum[3]);
    for (size_t i = 0; i < DOT_ROWS; ++i) {
        store_dots(t, t->c + (row + i) * t->c_stride + last,
                   t->bias == NULL ? NULL : t->bias + last, dots + i, 1);
    }
}

#endif

/* t->count columns, transposed, against `rows` rows of a. */
static void multiply_dots(const struct tiles *t, size_t rows, const float *columns) {
    for (size_t first = 0; first < t->count; first += DOT_GROUP) {
        size_t row = 0;
#if DOT_ROWS == DOT_GROUP
        if (first + 1 == t->count) {
            for (; row + DOT_ROWS <= rows; row += DOT_ROWS) {
                dot_column(t, row, columns);
            }
            if (row < rows && rows > DOT_ROWS && !t->accumulate) { /* some rows again: no harm */
                dot_column(t, rows - DOT_ROWS, columns);
                row = rows;
            }
        }
#endif
        for (; row + DOT_ROWS <= rows; row += DOT_ROWS) {
            dot_block(DOT_ROWS, t, row, first, columns);
        }
        for (; row < rows; ++row) {
            dot_block(1, t, row, first, columns);
        }
        columns += DOT_GROUP * dot_stride(t->k);
    }
}

#endif
