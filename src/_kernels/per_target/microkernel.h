/* The sgemm micro-kernel: a block of `rows` x `vectors` sums that never leaves registers, moved
 * down the rows of a beside one panel of b.
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
    const float *a; /* the rows of all blocks x k */
    size_t a_stride;
    const float *b; /* k x columns */
    size_t b_stride;
    float *packed; /* if not NULL: the first block also copies b here, dense */
    float *c;      /* the rows of all blocks x columns */
    size_t c_stride;
    size_t count;      /* blocks */
    size_t last;       /* columns in the last vector; fewer than VL at an edge */
    const float *bias; /* what a sum starts from; NULL: 0 */
    int accumulate;    /* add what c holds */
    int relu;
};

/* A copy that no store to c can change. Field by field: copied as a whole it would be loaded in
 * wider pieces than it was just stored in, and wait (n of 9 to 12: 1.5 times as long). */
TITO_INLINE struct tiles copy_of(const struct tiles *t) {
    return (struct tiles){.k = t->k,
                          .a = t->a,
                          .a_stride = t->a_stride,
                          .b = t->b,
                          .b_stride = t->b_stride,
                          .packed = t->packed,
                          .c = t->c,
                          .c_stride = t->c_stride,
                          .count = t->count,
                          .last = t->last,
                          .bias = t->bias,
                          .accumulate = t->accumulate,
                          .relu = t->relu};
}

typedef vf sums[MAX_ROWS][MAX_VECTORS];

/* One row of b, loaded once: without the note, two rows of sums would load it twice. */
TITO_INLINE void load_row(const size_t rows, const size_t vectors, vf *row, const float *b,
                          const int masked, size_t last) {
    EACH(j, vectors) {
        row[j] = masked && j + 1 == vectors ? v_load_part(b + j * VL, last) : v_load(b + j * VL);
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
TITO_INLINE void multiply_row(const size_t rows, const size_t vectors, const int masked, sums sum,
                              const float **a, const struct tiles *t, const float *b) {
    vf row[MAX_VECTORS];
    load_row(rows, vectors, row, b, masked, t->last);
    multiply_add(rows, vectors, sum, a, t->a_stride, row);
}

/* All k of one block, two in one turn where that is quicker. */
TITO_INLINE void multiply_block(const size_t rows, const size_t vectors, const int masked,
                                sums sum, const struct tiles *t) {
    const float *a[ROW_GROUPS], *b = t->b;
    point_at_rows(rows, a, t->a, t->a_stride);
    size_t k = t->k;
    if (rows * vectors <= TITO_SUMS_UNROLLED) { /* NOLINT(bugprone-branch-clone): but unrolled */
        TITO_UNROLL_TWICE
        for (; k > 0; --k, b += t->b_stride) {
            multiply_row(rows, vectors, masked, sum, a, t, b);
        }
    } else {
        for (; k > 0; --k, b += t->b_stride) {
            multiply_row(rows, vectors, masked, sum, a, t, b);
        }
    }
}

/* The same, and b is packed while it is in registers. */
TITO_INLINE void multiply_and_pack(const size_t rows, const size_t vectors, sums sum,
                                   const struct tiles *t) {
    const float *a[ROW_GROUPS], *b = t->b;
    float *packed = t->packed;
    point_at_rows(rows, a, t->a, t->a_stride);
    for (size_t k = t->k; k > 0; --k, b += t->b_stride, packed += vectors * VL) {
        vf row[MAX_VECTORS];
        load_row(rows, vectors, row, b, 0, 0);
        EACH(j, vectors) v_store(packed + j * VL, row[j]);
        multiply_add(rows, vectors, sum, a, t->a_stride, row);
    }
}

TITO_INLINE vf load_c(const float *c, const int edge, size_t last) {
    return edge ? v_load_part_or_all(c, last) : v_load(c);
}

TITO_INLINE void store_block(const size_t rows, const size_t vectors, const int edge, sums sum,
                             const struct tiles *t) {
    const size_t c_stride = t->c_stride;
    float *row[ROW_GROUPS];
    EACH(g, (rows + 2) / 3) {
        row[g] = t->c + 3 * g * c_stride;
        TITO_UNRELATED(row[g]);
    }
    if (t->accumulate) {
        EACH(i, rows) EACH(j, vectors) {
            const float *c = row[i / 3] + i % 3 * c_stride + j * VL;
            sum[i][j] = v_add(sum[i][j], load_c(c, edge && j + 1 == vectors, t->last));
        }
    }
    if (t->relu) {
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_max(v_zero(), sum[i][j]);
    }
    EACH(i, rows) EACH(j, vectors) {
        float *c = row[i / 3] + i % 3 * c_stride + j * VL;
        if (edge && j + 1 == vectors) {
            v_store_part_or_all(c, sum[i][j], t->last);
        } else {
            v_store(c, sum[i][j]);
        }
    }
}

/* b becomes what the first block packed. */
TITO_INLINE void read_packed(struct tiles *t, size_t columns) {
    if (t->packed != NULL) {
        t->b = t->packed;
        t->b_stride = columns;
        t->packed = NULL;
    }
}

/* Blocks one below the other. The last vector of an edge is partly used: of c always, of b where
 * that is no packed panel, padded with zeros. c is asked for early: it may lie in the third cache,
 * and is needed only when the sums are complete. */
TITO_INLINE void column_of_blocks(const size_t rows, const size_t vectors, const int edge,
                                  const struct tiles *tiles) {
    struct tiles t = copy_of(tiles);
    for (; t.count > 0; --t.count, t.a += rows * t.a_stride, t.c += rows * t.c_stride) {
        EACH(i, rows) {
            TITO_PREFETCH_WRITE(t.c + i * t.c_stride);
            TITO_PREFETCH_WRITE(t.c + i * t.c_stride + (vectors - 1) * VL + t.last - 1);
        }
        sums sum;
        EACH(i, rows) EACH(j, vectors) sum[i][j] = v_zero();
        if (t.bias != NULL) {
            EACH(i, rows) EACH(j, vectors) {
                sum[i][j] = load_c(t.bias + j * VL, edge && j + 1 == vectors, t.last);
            }
        }
        if (!edge && t.packed != NULL) {
            multiply_and_pack(rows, vectors, sum, &t);
            read_packed(&t, vectors * VL);
        } else if (edge && V_MASKED && t.b_stride != vectors * VL) {
            multiply_block(rows, vectors, 1, sum, &t);
        } else {
            multiply_block(rows, vectors, 0, sum, &t);
        }
        store_block(rows, vectors, edge, sum, &t);
    }
}

#endif
