/* The sgemm micro-kernel: a block of `rows` x `vectors` sums that never leaves registers, moved
 * along a row of panels of b.
 *
 * rows and vectors are compile-time constants wherever this is inlined, so every loop over them is
 * unrolled and the sums are registers. */
#ifndef TITO_MICROKERNEL_H
#define TITO_MICROKERNEL_H

#include "target.h"

#define MAX_ROWS 24
#define MAX_VECTORS 8
#define EACH(i, count) TITO_UNROLL for (size_t i = 0; i < (count); ++i)

struct tiles {
    size_t k;
    const float *a; /* rows x k */
    size_t a_stride;
    const float *b; /* the first panel: k x columns */
    size_t b_stride, b_panel; /* from one k to the next, and from one panel to the next */
    float *packed;            /* if not NULL: the panels are also copied here, dense */
    float *c;                 /* rows x columns of all panels */
    size_t c_stride;
    size_t count;      /* panels; for the edge: the columns in its only vector */
    const float *bias; /* what a sum starts from; NULL: 0 */
    int accumulate;    /* add what c holds */
    int relu;
};

typedef vf sums[MAX_ROWS][MAX_VECTORS];

/* One row of b, loaded once: without the note, two rows of sums would load it twice. */
TITO_INLINE void load_row(const size_t rows, const size_t vectors, vf *row, const float *b) {
    EACH(j, vectors) {
        row[j] = v_load(b + j * VL);
        if (rows > 1) {
            V_IN_REGISTER(row[j]);
        }
    }
}

/* Rows of a matrix as one pointer for every three: an x86 address reaches p, p + stride and
 * p + 2 stride, so 14 rows take 6 registers. Left to itself GCC makes 14 offsets of one pointer and
 * spills them. */
#define ROW_GROUPS ((MAX_ROWS + 2) / 3)

TITO_INLINE void point_at_rows(const size_t rows, const float **p, const float *a, size_t stride) {
    EACH(g, (rows + 2) / 3) {
        p[g] = a + 3 * g * stride;
        TITO_UNRELATED(p[g]);
    }
}

/* sum += one column of a times one row of b; then on to the next column */
TITO_INLINE void multiply_add(const size_t rows, const size_t vectors, sums sum, const float **a,
                              size_t a_stride, const vf *b) {
    EACH(i, rows) {
        const vf x = v_set(a[i / 3][i % 3 * a_stride]);
        EACH(j, vectors) sum[i][j] = v_fma(x, b[j], sum[i][j]);
    }
    EACH(g, (rows + 2) / 3) ++a[g];
}

/* One k of a block: a row of b, loaded and multiplied. */
TITO_INLINE void multiply_row(const size_t rows, const size_t vectors, sums sum, const float **a,
                              size_t a_stride, const float *b) {
    vf row[MAX_VECTORS];
    load_row(rows, vectors, row, b);
    multiply_add(rows, vectors, sum, a, a_stride, row);
}

/* All k of one block, two in one turn where that is quicker. */
TITO_INLINE void multiply_block(const size_t rows, const size_t vectors, sums sum,
                                const struct tiles *t, const float *b) {
    const size_t a_stride = t->a_stride, b_stride = t->b_stride;
    const float *a[ROW_GROUPS];
    point_at_rows(rows, a, t->a, a_stride);
    size_t k = t->k;
    if (rows * vectors <= TITO_SUMS_UNROLLED) { /* NOLINT(bugprone-branch-clone): but unrolled */
        TITO_UNROLL_TWICE
        for (; k > 0; --k, b += b_stride) {
            multiply_row(rows, vectors, sum, a, a_stride, b);
        }
    } else {
        for (; k > 0; --k, b += b_stride) {
            multiply_row(rows, vectors, sum, a, a_stride, b);
        }
    }
}

/* The same, and b is packed while it is in registers. */
TITO_INLINE void multiply_and_pack(const size_t rows, const size_t vectors, sums sum,
                                   const struct tiles *t, const float *b, float *packed) {
    const size_t a_stride = t->a_stride, b_stride = t->b_stride;
    const float *a[ROW_GROUPS];
    point_at_rows(rows, a, t->a, a_stride);
    for (size_t k = t->k; k > 0; --k, b += b_stride, packed += vectors * VL) {
        vf row[MAX_VECTORS];
        load_row(rows, vectors, row, b);
        EACH(j, vectors) v_store(packed + j * VL, row[j]);
        multiply_add(rows, vectors, sum, a, a_stride, row);
    }
}

TITO_INLINE void store_block(const size_t rows, const size_t vectors, sums sum,
                             const struct tiles *t, float *c) {
    const size_t c_stride = t->c_stride;
    float *row[ROW_GROUPS];
    EACH(g, (rows + 2) / 3) {
        row[g] = c + 3 * g * c_stride;
        TITO_UNRELATED(row[g]);
    }
    if (t->accumulate) {
        EACH(i, rows) EACH(j, vectors) {
            sum[i][j] = v_add(sum[i][j], v_load(row[i / 3] + i % 3 * c_stride + j * VL));
        }
    }
    if (t->relu) {
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_max(v_zero(), sum[i][j]);
    }
    EACH(i, rows) EACH(j, vectors) {
        v_store(row[i / 3] + i % 3 * c_stride + j * VL, sum[i][j]);
    }
}

TITO_INLINE void row_of_blocks(const size_t rows, const size_t vectors, const struct tiles *tiles) {
    const struct tiles t = *tiles; /* a copy: no store below can change it */
    const float *b = t.b, *bias = t.bias;
    float *c = t.c, *packed = t.packed;
    for (size_t p = t.count; p > 0; --p, b += t.b_panel, c += vectors * VL) {
        sums sum;
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_zero();
        if (bias != NULL) {
            EACH(i, rows) EACH(j, vectors) sum[i][j] = v_load(bias + j * VL);
            bias += vectors * VL;
        }
        if (packed == NULL) {
            multiply_block(rows, vectors, sum, &t, b);
        } else {
            multiply_and_pack(rows, vectors, sum, &t, b, packed);
            packed += t.k * vectors * VL;
        }
        store_block(rows, vectors, sum, &t, c);
    }
}

/* The last columns, fewer than a vector, where a load of a part costs as little as one of all: b
 * is read where it lies. */
TITO_INLINE void masked_block(const size_t rows, const struct tiles *tiles) {
    const struct tiles t = *tiles;
    const size_t columns = t.count, a_stride = t.a_stride;
    const float *b = t.b, *a[ROW_GROUPS];
    point_at_rows(rows, a, t.a, a_stride);
    vf sum[MAX_ROWS];
    const vf start = t.bias == NULL ? v_zero() : v_load_part(t.bias, columns);
    EACH(i, rows) sum[i] = start;
    TITO_UNROLL_TWICE
    for (size_t k = t.k; k > 0; --k, b += t.b_stride) {
        vf row = v_load_part(b, columns);
        V_IN_REGISTER(row);
        EACH(i, rows) sum[i] = v_fma(v_set(a[i / 3][i % 3 * a_stride]), row, sum[i]);
        EACH(g, (rows + 2) / 3) ++a[g];
    }
    EACH(i, rows) {
        float *c = t.c + i * t.c_stride;
        const vf x = t.accumulate ? v_add(sum[i], v_load_part(c, columns)) : sum[i];
        v_store_part(c, t.relu ? v_max(v_zero(), x) : x, columns);
    }
}

/* The last columns, fewer than a vector. b is read as it is and packed, zero-padded, where
 * t->packed says so; else it is such a packed panel. */
TITO_INLINE void edge_block(const size_t rows, const struct tiles *tiles) {
    const struct tiles t = *tiles;
    const size_t columns = t.count;
    const float *a = t.a, *b = t.b;
    float *packed = t.packed;
    vf sum[MAX_ROWS];
    const vf start = t.bias == NULL ? v_zero() : v_load_part(t.bias, columns);
    EACH(i, rows) sum[i] = start;
    if (packed == NULL) {
        for (size_t k = t.k; k > 0; --k, ++a, b += VL) {
            const vf row = v_load(b);
            EACH(i, rows) sum[i] = v_fma(v_set(a[i * t.a_stride]), row, sum[i]);
        }
    } else {
        for (size_t k = t.k; k > 0; --k, ++a, b += t.b_stride, packed += VL) {
            const vf row = v_load_part(b, columns);
            v_store(packed, row);
            EACH(i, rows) sum[i] = v_fma(v_set(a[i * t.a_stride]), row, sum[i]);
        }
    }
    EACH(i, rows) {
        float *c = t.c + i * t.c_stride;
        const vf x = t.accumulate ? v_add(sum[i], v_load_part(c, columns)) : sum[i];
        v_store_part(c, t.relu ? v_max(v_zero(), x) : x, columns);
    }
}

#endif
