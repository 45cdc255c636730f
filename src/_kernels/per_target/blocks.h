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
#define ROWS_1 12
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
#define UP_TO_12(X, v) UP_TO_6(X, v) X(7, v) X(8, v) X(9, v) X(10, v) X(11, v) X(12, v)
#define UP_TO_14(X, v) UP_TO_12(X, v) X(13, v) X(14, v)
#define UP_TO_24(X, v)                                                                     \
    UP_TO_14(X, v) X(15, v) X(16, v) X(17, v) X(18, v) X(19, v) X(20, v) X(21, v) X(22, v) \
    X(23, v) X(24, v)

typedef void block_function(const struct tiles *t);

#define BLOCK(rows, v) \
    static void block_##rows##x##v(const struct tiles *t) { row_of_blocks(rows, v, t); }
#define EDGE(rows, v) \
    static void edge_##rows##x##v(const struct tiles *t) { edge_block(rows, v, t); }
#define BLOCK_NAME(rows, v) block_##rows##x##v,
#define EDGE_NAME(rows, v) edge_##rows##x##v,

UP_TO(ROWS_1, BLOCK, 1)
UP_TO(ROWS_2, BLOCK, 2)
UP_TO(ROWS_4, BLOCK, 4)
UP_TO(ROWS_8, BLOCK, 8)
UP_TO(ROWS_1, EDGE, 1)
UP_TO(ROWS_2, EDGE, 2)

static block_function *const blocks_1[] = {UP_TO(ROWS_1, BLOCK_NAME, 1)};
static block_function *const blocks_2[] = {UP_TO(ROWS_2, BLOCK_NAME, 2)};
static block_function *const blocks_4[] = {UP_TO(ROWS_4, BLOCK_NAME, 4)};
static block_function *const blocks_8[] = {UP_TO(ROWS_8, BLOCK_NAME, 8)};
static block_function *const edges_1[] = {UP_TO(ROWS_1, EDGE_NAME, 1)};
static block_function *const edges_2[] = {UP_TO(ROWS_2, EDGE_NAME, 2)};

struct width {
    size_t columns, rows;          /* of a panel; the most rows of a block */
    block_function *const *blocks; /* for 1, 2, ... rows */
    block_function *const *edges;  /* the same with a last vector that is partly used, or NULL */
};

static const struct width widths[] = {
    {8 * VL, ROWS_8, blocks_8, NULL},
    {4 * VL, ROWS_4, blocks_4, NULL},
    {2 * VL, ROWS_2, blocks_2, edges_2},
    {VL, ROWS_1, blocks_1, edges_1},
};

/* Whether n columns fill a panel, or all but the last of its vectors. */
static int fills(const struct width *w, size_t n) {
    return n >= w->columns || (w->edges != NULL && n + VL > w->columns);
}

/* The widest panel that all m rows fit beside, or else the one that reuses b the most; no narrower
 * than brings more rows. */
static const struct width *choose_width(size_t m, size_t n) {
    const struct width *w = widths;
    while (w < widths + 3 && (!fills(w, n) || (m > w->rows && w->rows < ROWS_2))) {
        ++w;
    }
    return w;
}

#endif
