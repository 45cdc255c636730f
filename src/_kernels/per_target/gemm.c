/* Matrix multiply: how a product is cut into register blocks. README.md draws it. */
#include "gemm.h"
#include "blocks.h"
#include "cblas.h"
#include "dot_columns.h"
#include "packing.h"

#include <string.h>

#define KC ((size_t)256)                        /* k at a time, or twice as many: see below */
#define KC_MOST ((ROWS_2 > 8 ? 1 : 2) * KC)      /* rows of a, at most 14 KB, stay in the first cache */
#define NC ((size_t)1024)                       /* columns at a time */
#define ROW_STRIDE (KC_MOST + 16) /* of packed rows of a: no power of two */
#define PACKED_ROWS (ROWS_1 * ROW_STRIDE)
#define FAR_APART 1000 /* rows of a this far apart share cache sets, so they are packed */
#define SMALL_A 65536  /* elements of a, 256 KB, that are read again from the second cache */
#define SMALL_B 8192   /* elements of b that need no packing */
#define EARLY_B 200000 /* elements of b that are packed ahead, not while they are multiplied */

/* What is multiplied now: all rows of a, `depth` of k, the columns of one chunk. */
struct slice {
    size_t m, depth, columns;
    size_t a_stride, b_stride, c_stride;
    const float *a, *b, *bias;
    float *c;
    int accumulate, relu;
    float *rows;   /* room for PACKED_ROWS */
    float *dots;   /* room for DOT_MOST transposed columns */
    float *panels; /* room for the slice of b */
};

/* k at a time. Deep slices pass c less often, but every row of blocks streams all of b's slice: where
 * the second cache has room for one of KC twice over, it comes from there. */
static size_t most_depth(void) {
    return tito_second_cache() >= 2 * KC * NC * sizeof(float) ? KC : KC_MOST;
}

/* Where a block of rows finds a panel: in b itself, in b while it is packed, or packed. */
enum source { READ_B, PACK_B, READ_PACKED };

/* A block of rows beside the panels of w from column `done` on, or the edge: how many columns. */
static size_t multiply_panels(const struct slice *s, const struct width *w, size_t rows,
                              struct tiles *t, enum source source, int begin, size_t done,
                              size_t columns) {
    size_t panels = 0, wide = 0;
    for (; columns - done - wide >= w->columns; wide += w->columns) {
        ++panels;
    }
    /* where nothing else is packed an edge has the room to itself */
    float *const packed = s->panels + (source == READ_B ? 0 : done * s->depth);
    const float *const b = s->b + done;
    if (panels == 0) {
        wide = columns - done;
        if (source != READ_B || !V_MASKED) {
            if (begin) {
                pack_edge(packed, b, s->b_stride, s->depth, wide, w->columns);
            }
            source = READ_PACKED;
        }
    }
    t->b = source == READ_PACKED ? packed : b;
    t->b_stride = source == READ_PACKED ? w->columns : s->b_stride;
    t->b_panel = source == READ_PACKED ? w->columns * s->depth : w->columns;
    t->packed = source == PACK_B ? packed : NULL;
    t->bias = s->bias == NULL ? NULL : s->bias + done;
    t->count = panels > 0 ? panels : wide - (w->columns - VL);
    (panels > 0 ? w->blocks : w->edges)[rows - 1](t);
    return wide;
}

/* All rows of a beside the columns from `done` on, in blocks that are as high as panels of w allow;
 * what is left beside those is multiplied in narrower ones, and `dots` more columns as dot products,
 * while the rows of a block are in the cache. */
static void multiply_columns(const struct slice *s, const struct width *w, size_t done,
                             size_t columns, size_t dots) {
    size_t count = 1, rows = s->m, longer = 0;
    if (rows > w->rows && done < columns) { /* as equal as can be: 100 rows are 4 x 13 and 4 x 12 */
        count = (s->m + w->rows - 1) / w->rows;
        rows = s->m / count;
        longer = s->m % count;
    }
    const int pack = count > 1 && s->b_stride * s->depth > SMALL_B;
    const int early = pack && s->b_stride * s->depth > EARLY_B;
    if (early) {
        pack_panels(s->panels + done * s->depth, s->b + done, s->b_stride, s->depth,
                    (columns - done) / w->columns, w->columns);
    }
    const int far = s->a_stride >= FAR_APART && columns - done > w->columns && s->depth <= KC_MOST;
    struct tiles t = {.k = s->depth,
                      .a_stride = far ? ROW_STRIDE : s->a_stride,
                      .c_stride = s->c_stride,
                      .accumulate = s->accumulate,
                      .relu = s->relu};
    const float *a = s->a;
    float *c = s->c;
    for (size_t i = 0; i < count; ++i) {
        const size_t r = rows + (i < longer);
        const enum source source = !pack ? READ_B : i == 0 ? PACK_B : READ_PACKED;
        if (far) {
            pack_rows(s->rows, ROW_STRIDE, a, s->a_stride, r, s->depth);
        }
        t.a = far ? s->rows : a;
        const struct width *narrower = w;
        for (size_t at = done; at < columns;) {
            while (!fills(narrower, columns - at)) {
                ++narrower;
            }
            t.c = c + at;
            at += multiply_panels(s, narrower, r, &t, early && narrower == w ? READ_PACKED : source,
                                  i == 0, at, columns);
        }
        if (dots > 0) {
            t.c = c + columns;
            t.bias = s->bias == NULL ? NULL : s->bias + columns;
            t.count = dots;
            multiply_dots(&t, r, s->dots);
        }
        a += r * s->a_stride;
        c += r * s->c_stride;
    }
}

/* A group of dot products must save more multiply-adds than its horizontal sums cost, which is
 * about 24 (AMD Zen 5). */
static int dots_pay(size_t last, size_t depth) {
    return (last + DOT_GROUP - 1) / DOT_GROUP * (depth * DOT_GROUP / VL + 24) < depth;
}

/* How many last columns are worth computing as dot products. */
static size_t columns_for_dots(size_t m, size_t depth, size_t columns) {
    const size_t last = columns % VL, fewest_rows = (size_t)2 * DOT_ROWS;
    return last * (VL > 4 && last <= DOT_MOST && depth >= VL && m >= fewest_rows &&
                   dots_pay(last, depth));
}

static void multiply_slice(const struct slice *s) {
    const size_t dots = columns_for_dots(s->m, s->depth, s->columns);
    const size_t columns = s->columns - dots;
    if (dots > 0) {
        transpose_columns(s->dots, s->b + columns, s->b_stride, s->depth, dots);
    }
    const struct width *w = choose_width(s->m, columns);
    const size_t whole = columns - columns % w->columns;
    if (s->a_stride >= FAR_APART || s->m * s->depth > SMALL_A) {
        multiply_columns(s, w, 0, columns, dots);
        return;
    }
    /* Rows that may be read again: what is left has blocks of its own height. */
    if (whole > 0) {
        multiply_columns(s, w, 0, whole, 0);
    }
    if (whole < columns) {
        multiply_columns(s, choose_width(s->m, columns - whole), whole, columns, 0);
    }
    if (dots > 0) {
        multiply_columns(s, w, columns, columns, dots);
    }
}

/* A product of one block: so small that cutting it would take longer than multiplying it. */
static void multiply_one_block(const struct gemm *g, const struct width *w, size_t b_stride,
                               size_t c_stride) {
    const int edge = g->n < w->columns;
    const struct tiles t = {
        .k = g->k,
        .a = g->a,
        .a_stride = g->k,
        .b = g->b,
        .b_stride = b_stride,
        .c = g->c,
        .c_stride = c_stride,
        .count = edge ? g->n - (w->columns - VL) : 1,
        .bias = g->bias,
        .accumulate = g->accumulate,
        .relu = g->relu,
    };
    (edge ? w->edges : w->blocks)[g->m - 1](&t);
}

/* Fewer rows or columns may fit one block where more do not, and then k is not cut: what they need
 * is not less. */
size_t TITO_NAME(gemm_workspace)(size_t k, size_t n) {
    const size_t most = most_depth(), depth = k < most ? k : most;
    const size_t columns = (n < NC ? n : NC) / VL * VL + 2 * VL;
    const size_t cut = DOT_MOST * dot_stride(depth) + depth * columns;
    const size_t whole = DOT_MOST * dot_stride(k) + k * 2 * VL;
    return PACKED_ROWS + (cut > whole ? cut : whole);
}

static int blas_takes(const struct gemm *g, size_t b_stride, size_t c_stride) {
    const size_t sizes[] = {g->m, g->n, g->k, b_stride, c_stride};
    int takes = g->blas->sgemm != 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        takes = takes && tito_blas_holds(g->blas, sizes[i]);
    }
    return takes;
}

/* What a BLAS leaves to others: the bias is there before it multiplies, ReLU comes after. */
static void multiply_by_blas(const struct gemm *g, size_t b_stride, size_t c_stride) {
    for (size_t i = 0; g->bias != NULL && i < g->m; ++i) {
        memcpy(g->c + i * c_stride, g->bias, g->n * sizeof *g->c);
    }
    const float beta = g->accumulate || g->bias != NULL ? 1.0f : 0.0f;
    tito_blas_sgemm(g->blas, g->m, g->n, g->k, g->a, g->k, g->b, b_stride, beta, g->c, c_stride);
    for (size_t i = 0; g->relu && i < g->m; ++i) {
        const struct tito_unary row = {g->n, g->c + i * c_stride, g->c + i * c_stride};
        TITO_NAME(relu)(&row);
    }
}

void TITO_NAME(gemm)(const struct gemm *g, float *workspace) {
    if (g->m == 0 || g->n == 0) {
        return;
    }
    const size_t b_stride = g->b_stride != 0 ? g->b_stride : g->n;
    const size_t c_stride = g->c_stride != 0 ? g->c_stride : g->n;
    if (blas_takes(g, b_stride, c_stride)) {
        multiply_by_blas(g, b_stride, c_stride);
        return;
    }
    const struct width *w = choose_width(g->m, g->n);
    const int whole = g->m <= w->rows; /* b is passed once: neither k nor the columns are cut */
    if (whole && V_MASKED && g->n <= w->columns && columns_for_dots(g->m, g->k, g->n) == 0) {
        multiply_one_block(g, w, b_stride, c_stride);
        return;
    }
    const size_t most = whole || g->k <= KC ? g->k : most_depth();
    const size_t slices = g->k <= most ? 1 : (g->k + most - 1) / most;
    const size_t deepest = slices == 1 ? g->k : (g->k + slices - 1) / slices;
    for (size_t j = 0; j < g->n; j += NC) {
        for (size_t i = 0, k = 0, depth; i < slices; ++i, k += depth) {
            depth = slices == 1 ? g->k : g->k / slices + (i < g->k % slices);
            const struct slice slice = {
                .m = g->m,
                .depth = depth,
                .columns = g->n - j < NC ? g->n - j : NC,
                .a_stride = g->k,
                .b_stride = b_stride,
                .c_stride = c_stride,
                .a = g->a + k,
                .b = g->b + k * b_stride + j,
                .bias = g->bias == NULL || i > 0 ? NULL : g->bias + j,
                .c = g->c + j,
                .accumulate = g->accumulate || i > 0,
                .relu = g->relu && i + 1 == slices,
                .rows = workspace,
                .dots = workspace + PACKED_ROWS,
                .panels = workspace + PACKED_ROWS + DOT_MOST * dot_stride(deepest),
            };
            multiply_slice(&slice);
        }
    }
}
