/* The register blocks of a target: one function per shape, made from microkernel.h. */
#ifndef TITO_BLOCKS_H
#define TITO_BLOCKS_H

#include "microkernel.h"

/* Beside v vectors of columns, as many rows as leave room for a row of b and an element of a. */
#if VREGISTERS == 32
#define ROWS_1 24
#define ROWS_2 14
#define ROWS_4 6
#define ROWS_8 2
#elif VREGISTERS == 16
#define ROWS_1 8
#define ROWS_2 6
#define ROWS_4 2
#define ROWS_8 1
#else /* compilers keep plain C's one row in registers, and spill two: 2 to 4 times slower */
#define ROWS_1 1
#define ROWS_2 1
#define ROWS_4 1
#define ROWS_8 1
#endif

#define UP_TO(rows, X, v) TITO_JOIN(UP_TO, rows)(X, v)
#define UP_TO_1(X, v) X(1, v)
#define UP_TO_2(X, v) UP_TO_1(X, v) X(2, v)
#define UP_TO_6(X, v) UP_TO_2(X, v) X(3, v) X(4, v) X(5, v) X(6, v)
#define UP_TO_8(X, v) UP_TO_6(X, v) X(7, v) X(8, v)
#define UP_TO_14(X, v) UP_TO_8(X, v) X(9, v) X(10, v) X(11, v) X(12, v) X(13, v) X(14, v)
#define UP_TO_24(X, v)                                                                     \
    UP_TO_14(X, v) X(15, v) X(16, v) X(17, v) X(18, v) X(19, v) X(20, v) X(21, v) X(22, v) \
    X(23, v) X(24, v)

typedef void block_function(const struct tiles *t);

#define BLOCK(rows, v) \
    static void block_##rows##x##v(const struct tiles *t) { row_of_blocks(rows, v, t); }
#define EDGE(rows, v) \
    static void edge_##rows(const struct tiles *t) { edge_block(rows, t); }
#define MASKED(rows, v) \
    static void masked_##rows(const struct tiles *t) { masked_block(rows, t); }
#define BLOCK_NAME(rows, v) block_##rows##x##v,
#define EDGE_NAME(rows, v) edge_##rows,
#define MASKED_NAME(rows, v) masked_##rows,

UP_TO(ROWS_1, BLOCK, 1)
UP_TO(ROWS_2, BLOCK, 2)
UP_TO(ROWS_4, BLOCK, 4)
UP_TO(ROWS_8, BLOCK, 8)
UP_TO(ROWS_1, EDGE, 1)
#if V_MASKED
UP_TO(ROWS_1, MASKED, 1)
#endif

static block_function *const blocks_1[] = {UP_TO(ROWS_1, BLOCK_NAME, 1)};
static block_function *const blocks_2[] = {UP_TO(ROWS_2, BLOCK_NAME, 2)};
static block_function *const blocks_4[] = {UP_TO(ROWS_4, BLOCK_NAME, 4)};
static block_function *const blocks_8[] = {UP_TO(ROWS_8, BLOCK_NAME, 8)};
static block_function *const edges[] = {UP_TO(ROWS_1, EDGE_NAME, 1)};
#if V_MASKED
static block_function *const masked[] = {UP_TO(ROWS_1, MASKED_NAME, 1)};
#else
static block_function *const *const masked = edges; /* for the compiler: nothing is masked */
#endif

struct width {
    size_t columns, rows;          /* of a panel; the most rows of a block */
    block_function *const *blocks; /* for 1, 2, ... rows */
};

static const struct width widths[] = {
    {8 * VL, ROWS_8, blocks_8},
    {4 * VL, ROWS_4, blocks_4},
    {2 * VL, ROWS_2, blocks_2},
    {VL, ROWS_1, blocks_1},
};

/* The widest panel that all m rows fit beside, or else the one that reuses b the most; no narrower
 * than brings more rows. */
static const struct width *choose_width(size_t m, size_t n) {
    const struct width *w = widths;
    while (w < widths + 3 && (n < w->columns || (m > w->rows && w->rows < ROWS_2))) {
        ++w;
    }
    return w;
}

#endif
