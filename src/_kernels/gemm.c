/* Matrix multiply: how a product is cut into register blocks. README.md draws it. */
#include "gemm.h"
#include "microkernel.h"

/* Register blocks: with v vectors of columns, as many rows as leave room for a row of b and one
 * element of a. */
#if VREGISTERS == 32
#define ROWS_1 24
#define ROWS_2 14
#define ROWS_4 6
#define ROWS_8 2
#else
#define ROWS_1 8
#define ROWS_2 6
#define ROWS_4 2
#define ROWS_8 1
#endif

/* A panel of b, KC rows deep, stays in the first-level cache while all rows of a pass it. */
#define KC 256

typedef void tile_function(const struct tile *t);

#define BLOCK(rows, vectors) \
    static void block_##rows##x##vectors(const struct tile *t) { microkernel(rows, vectors, t); }
#define BLOCKS_1_TO_8(vectors) \
    BLOCK(1, vectors) BLOCK(2, vectors) BLOCK(3, vectors) BLOCK(4, vectors) BLOCK(5, vectors) \
    BLOCK(6, vectors) BLOCK(7, vectors) BLOCK(8, vectors)

BLOCKS_1_TO_8(1)
BLOCK(1, 2)
BLOCK(2, 2)
BLOCK(3, 2)
BLOCK(4, 2)
BLOCK(5, 2)
BLOCK(6, 2)
BLOCK(1, 4)
BLOCK(2, 4)
BLOCK(1, 8)
#if VREGISTERS == 32
BLOCK(9, 1)
BLOCK(10, 1)
BLOCK(11, 1)
BLOCK(12, 1)
BLOCK(13, 1)
BLOCK(14, 1)
BLOCK(15, 1)
BLOCK(16, 1)
BLOCK(17, 1)
BLOCK(18, 1)
BLOCK(19, 1)
BLOCK(20, 1)
BLOCK(21, 1)
BLOCK(22, 1)
BLOCK(23, 1)
BLOCK(24, 1)
BLOCK(7, 2)
BLOCK(8, 2)
BLOCK(9, 2)
BLOCK(10, 2)
BLOCK(11, 2)
BLOCK(12, 2)
BLOCK(13, 2)
BLOCK(14, 2)
BLOCK(3, 4)
BLOCK(4, 4)
BLOCK(5, 4)
BLOCK(6, 4)
BLOCK(2, 8)
#endif

static tile_function *const blocks_1[ROWS_1] = {
    block_1x1,  block_2x1,  block_3x1,  block_4x1,  block_5x1,  block_6x1,  block_7x1,  block_8x1,
#if VREGISTERS == 32
    block_9x1,  block_10x1, block_11x1, block_12x1, block_13x1, block_14x1, block_15x1, block_16x1,
    block_17x1, block_18x1, block_19x1, block_20x1, block_21x1, block_22x1, block_23x1, block_24x1,
#endif
};
static tile_function *const blocks_2[ROWS_2] = {
    block_1x2, block_2x2, block_3x2,  block_4x2,  block_5x2,  block_6x2,
#if VREGISTERS == 32
    block_7x2, block_8x2, block_9x2, block_10x2, block_11x2, block_12x2, block_13x2, block_14x2,
#endif
};
static tile_function *const blocks_4[ROWS_4] = {
    block_1x4, block_2x4,
#if VREGISTERS == 32
    block_3x4, block_4x4, block_5x4, block_6x4,
#endif
};
static tile_function *const blocks_8[ROWS_8] = {
    block_1x8,
#if VREGISTERS == 32
    block_2x8,
#endif
};

struct width {
    size_t vectors, rows;
    tile_function *const *blocks;
};

static const struct width widths[] = {
    {8, ROWS_8, blocks_8},
    {4, ROWS_4, blocks_4},
    {2, ROWS_2, blocks_2},
    {1, ROWS_1, blocks_1},
};

/* The widest panel that all rows fit beside, or else the one that reuses b the most. */
static const struct width *choose_width(size_t m, size_t n) {
    const size_t vectors = (n + VL - 1) / VL;
    for (size_t i = 0; i < 3; ++i) {
        if (vectors >= widths[i].vectors && (m <= widths[i].rows || i == 2)) {
            return &widths[i];
        }
    }
    return &widths[3];
}

/* One panel of columns: all rows of a against it. */
static void multiply_panel(const struct width *width, struct tile t, size_t m, float *pack) {
    const size_t count = (m + width->rows - 1) / width->rows;
    const size_t rows = m / count, longer = m % count;
    t.packed = count > 1 || t.last != VL ? pack : NULL;
    for (size_t i = 0; i < count; ++i) {
        const size_t r = rows + (i < longer);
        width->blocks[r - 1](&t);
        t.a += r * t.a_stride;
        t.c += r * t.c_stride;
        if (t.packed != NULL) { /* the first block has packed b for the others */
            t.b = t.packed;
            t.b_stride = width->vectors * VL;
            t.packed = NULL;
        }
    }
}

size_t TITO_NAME(gemm_workspace)(size_t m, size_t k, size_t n) {
    (void)m;
    (void)n;
    return (k < KC ? k : KC) * MAX_VECTORS * VL;
}

void TITO_NAME(gemm)(const struct gemm *g, float *workspace) {
    if (g->m == 0 || g->n == 0) {
        return;
    }
    const size_t slices = g->k == 0 ? 1 : (g->k + KC - 1) / KC;
    size_t depth;
    for (size_t s = 0, from = 0; s < slices; ++s, from += depth) {
        depth = g->k / slices + (s < g->k % slices);
        for (size_t j = 0; j < g->n;) {
            const struct width *width = choose_width(g->m, g->n - j);
            const size_t whole = width->vectors * VL, left = g->n - j;
            const size_t columns = left < whole ? left : whole;
            const struct tile t = {
                .k = depth,
                .a = g->a + from,
                .a_stride = g->k,
                .b = g->b + from * g->n + j,
                .b_stride = g->n,
                .c = g->c + j,
                .c_stride = g->n,
                .last = VL - (whole - columns),
                .bias = g->bias == NULL ? NULL : g->bias + j,
                .accumulate = s > 0,
                .relu = g->relu && s + 1 == slices,
            };
            multiply_panel(width, t, g->m, workspace);
            j += columns;
        }
    }
}
