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
    size_t count;      /* panels; for an edge: the columns in the last vector of its only one */
    const float *bias; /* what a sum starts from; NULL: 0 */
    int accumulate;    /* add what c holds */
    int relu;
};

typedef vf sums[MAX_ROWS][MAX_VECTORS];

/* One row of b, loaded once: without the note, two rows of sums would load it twice. Of an edge's
 * last vector only `last` elements are there, unless it was packed, as it is where loads of a part
 * cost more. */
TITO_INLINE void load_row(const size_t rows, const size_t vectors, const int edge, vf *row,
                          const float *b, size_t last) {
    EACH(j, vectors) {
        const int part = edge && V_MASKED && j + 1 == vectors;
        row[j] = part ? v_load_part(b + j * VL, last) : v_load(b + j * VL);
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
TITO_INLINE void multiply_row(const size_t rows, const size_t vectors, const int edge, sums sum,
                              const float **a, size_t a_stride, const float *b, size_t last) {
    vf row[MAX_VECTORS];
    load_row(rows, vectors, edge, row, b, last);
    multiply_add(rows, vectors, sum, a, a_stride, row);
}

/* All k of one block, two in one turn where that is quicker. */
TITO_INLINE void multiply_block(const size_t rows, const size_t vectors, const int edge, sums sum,
                                const struct tiles *t, const float *b) {
    const size_t a_stride = t->a_stride, b_stride = t->b_stride, last = t->count;
    const float *a[ROW_GROUPS];
    point_at_rows(rows, a, t->a, a_stride);
    size_t k = t->k;
    if (rows * vectors <= TITO_SUMS_UNROLLED) { /* NOLINT(bugprone-branch-clone): but unrolled */
        TITO_UNROLL_TWICE
        for (; k > 0; --k, b += b_stride) {
            multiply_row(rows, vectors, edge, sum, a, a_stride, b, last);
        }
    } else {
        for (; k > 0; --k, b += b_stride) {
            multiply_row(rows, vectors, edge, sum, a, a_stride, b, last);
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
        load_row(rows, vectors, 0, row, b, 0);
        EACH(j, vectors) v_store(packed + j * VL, row[j]);
        multiply_add(rows, vectors, sum, a, a_stride, row);
    }
}

TITO_INLINE void start_block(const size_t rows, const size_t vectors, const int edge, sums sum,
                             const float *bias, size_t last) {
    EACH(i, rows) EACH(j, vectors) sum[i][j] = v_zero();
    if (bias != NULL) {
        EACH(j, vectors) {
            const int part = edge && j + 1 == vectors;
            const vf start =
                part ? v_load_part(bias + j * VL, last) : v_load(bias + j * VL);
            EACH(i, rows) sum[i][j] = start;
        }
    }
}

TITO_INLINE void store_block(const size_t rows, const size_t vectors, const int edge, sums sum,
                             const struct tiles *t, float *c) {
    const size_t c_stride = t->c_stride;
    float *row[ROW_GROUPS];
    EACH(g, (rows + 2) / 3) {
        row[g] = c + 3 * g * c_stride;
        TITO_UNRELATED(row[g]);
    }
    if (t->accumulate) {
        EACH(i, rows) EACH(j, vectors) {
            const float *p = row[i / 3] + i % 3 * c_stride + j * VL;
            const int part = edge && j + 1 == vectors;
            sum[i][j] = v_add(sum[i][j], part ? v_load_part(p, t->count) : v_load(p));
        }
    }
    if (t->relu) {
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_max(v_zero(), sum[i][j]);
    }
    EACH(i, rows) EACH(j, vectors) {
        float *p = row[i / 3] + i % 3 * c_stride + j * VL;
        if (edge && j + 1 == vectors) {
            v_store_part(p, sum[i][j], t->count);
        } else {
            v_store(p, sum[i][j]);
        }
    }
}

/* No store below can change *t. (A copy of it would be loaded in wider pieces than it was just stored
 * in, and wait for them: n of 9 to 12 took 1.5 times as long.) */
TITO_INLINE void row_of_blocks(const size_t rows, const size_t vectors,
                               const struct tiles *restrict t) {
    const float *b = t->b, *bias = t->bias;
    float *c = t->c, *packed = t->packed;
    for (size_t p = t->count; p > 0; --p, b += t->b_panel, c += vectors * VL) {
        if (t->accumulate) { /* what the sums are added to: it may lie in the third cache. Where rows
                                are no whole lines, the panel before has had the first one. */
            EACH(i, rows) TITO_PREFETCH_WRITE(c + i * t->c_stride + vectors * VL - 1);
        }
        sums sum;
        start_block(rows, vectors, 0, sum, bias, 0);
        bias = bias == NULL ? NULL : bias + vectors * VL;
        if (packed == NULL) {
            multiply_block(rows, vectors, 0, sum, t, b);
        } else {
            multiply_and_pack(rows, vectors, sum, t, b, packed);
            packed += t->k * vectors * VL;
        }
        store_block(rows, vectors, 0, sum, t, c);
    }
}

/* The last columns, of which the last vector has t->count, fewer than a whole one. */
TITO_INLINE void edge_block(const size_t rows, const size_t vectors,
                            const struct tiles *restrict t) {
    sums sum;
    start_block(rows, vectors, 1, sum, t->bias, t->count);
    multiply_block(rows, vectors, 1, sum, t, t->b);
    store_block(rows, vectors, 1, sum, t, t->c);
}

#endif
