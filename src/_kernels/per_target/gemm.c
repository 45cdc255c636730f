/* Matrix multiply: how a product is cut into register blocks. README.md draws it. */
#include "gemm.h"
#include "blocks.h"
#include "cblas.h"
#include "dot_columns.h"
#include "packing.h"

#include <string.h>

#define KC ((size_t)256) /* k at a time */
#define NC 1024          /* columns at a time */
#define MC ((size_t)84)  /* rows at a time, 84 KB: they stay in the second cache */
#define NEAR_PANEL 4096  /* elements, 16 KB: half of the first cache */
#define ROW_STRIDE (KC + 16) /* of packed rows of a: no power of two */
#define PACKED_ROWS (MC * ROW_STRIDE)
#define FAR_APART 1000 /* rows of a this far apart share cache sets, so they are packed */
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

/* `rows` rows beside one panel, cut into blocks as equal as can be: 100 rows are 4 x 13 and 4 x
 * 12. */
static void multiply_panel(struct tiles *t, const struct width *w, int edge, size_t rows) {
    const size_t count = (rows + w->rows - 1) / w->rows, fewer = rows / count;
    const size_t longer = rows % count;
    block_function *const *const blocks = edge ? w->edges : w->blocks;
    if (longer > 0) {
        t->count = longer;
        blocks[fewer](t);
        t->a += longer * (fewer + 1) * t->a_stride;
        t->c += longer * (fewer + 1) * t->c_stride;
        read_packed(t, w->columns);
    }
    t->count = count - longer;
    blocks[fewer - 1](t);
}

/* The panel of columns from `done` on, no narrower than needed: *w is the width it was found at. */
static int find_panel(const struct width **w, size_t left) {
    while (left < (*w)->columns && ((*w)->edges == NULL || left <= (*w)->columns - VL)) {
        ++*w;
    }
    return left < (*w)->columns;
}

static void multiply_slice(const struct slice *s) {
    const size_t dots = columns_for_dots(s->m, s->depth, s->columns);
    const size_t columns = s->columns - dots;
    const struct width *const widest = choose_width(s->m, columns);
    const int pack = s->m > widest->rows && s->b_stride * s->depth > SMALL_B;
    const int early = pack && s->b_stride * s->depth > EARLY_B;
    const int pack_a =
        s->a_stride >= FAR_APART && columns >= 2 * widest->columns && s->depth <= KC;
    /* a panel that fits the first cache stays there while rows pass; else a block's rows do */
    const size_t most = s->depth * widest->columns <= NEAR_PANEL ? MC : widest->rows;
    const size_t chunks = (s->m + most - 1) / most;
    if (dots > 0) {
        transpose_columns(s->dots, s->b + columns, s->b_stride, s->depth, dots);
    }
    if (early) {
        pack_panels(s->panels, s->b, s->b_stride, s->depth, columns / widest->columns,
                    widest->columns);
    }
    struct tiles t = {.k = s->depth,
                      .c_stride = s->c_stride,
                      .accumulate = s->accumulate,
                      .relu = s->relu};
    for (size_t i = 0, row = 0, rows; i < chunks; ++i, row += rows) {
        rows = s->m / chunks + (i < s->m % chunks);
        const float *a = s->a + row * s->a_stride;
        float *c = s->c + row * s->c_stride;
        t.a_stride = s->a_stride;
        if (pack_a) {
            pack_rows(s->rows, ROW_STRIDE, a, s->a_stride, rows, s->depth);
            a = s->rows;
            t.a_stride = ROW_STRIDE;
        }
        const struct width *w = widest;
        for (size_t done = 0; done < columns; done += w->columns) {
            const int edge = find_panel(&w, columns - done);
            /* where nothing else is packed the edge has the room to itself */
            float *panel = s->panels + (pack ? done * s->depth : 0);
            int packed = pack && (i > 0 || (early && w == widest));
            if (edge) {
                packed = pack || !V_MASKED;
                if (packed && i == 0) {
                    pack_edge(panel, s->b + done, s->b_stride, s->depth, w->columns,
                              columns - done);
                }
            }
            t.a = a;
            t.b = packed ? panel : s->b + done;
            t.b_stride = packed ? w->columns : s->b_stride;
            t.packed = pack && !packed ? panel : NULL;
            t.bias = s->bias == NULL ? NULL : s->bias + done;
            t.c = c + done;
            t.last = edge ? columns - done - (w->columns - VL) : VL;
            multiply_panel(&t, w, edge, rows);
        }
        if (dots > 0) {
            t.a = a;
            t.c = c + columns;
            t.bias = s->bias == NULL ? NULL : s->bias + columns;
            t.count = dots;
            multiply_dots(&t, rows, s->dots);
        }
    }
}

/* A product of one block: so small that cutting it would take longer than multiplying it. */
static void multiply_one_block(const struct gemm *g) {
    const struct tiles t = {
        .k = g->k,
        .a = g->a,
        .a_stride = g->k,
        .b = g->b,
        .b_stride = g->b_stride != 0 ? g->b_stride : g->n,
        .c = g->c,
        .c_stride = g->c_stride != 0 ? g->c_stride : g->n,
        .count = 1,
        .last = g->n,
        .bias = g->bias,
        .accumulate = g->accumulate,
        .relu = g->relu,
    };
    edges_1[g->m - 1](&t);
}

/* Rows that fit one block pass b once: nothing is packed, so k need not be cut. */
static size_t largest_depth(size_t m, size_t k, size_t n) {
    return k <= KC || m <= choose_width(m, n)->rows ? k : KC;
}

/* Fewer rows or columns may fit one block where more do not, and then k is not cut: what they need
 * is not less. */
size_t TITO_NAME(gemm_workspace)(size_t k, size_t n) {
    const size_t depth = k < KC ? k : KC;
    const size_t columns = (n < NC ? n : NC) / VL * VL + VL;
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
    const int one_block = V_MASKED && g->n <= VL && g->m <= ROWS_1;
    if (one_block && columns_for_dots(g->m, g->k, g->n) == 0) {
        multiply_one_block(g);
        return;
    }
    const size_t largest = largest_depth(g->m, g->k, g->n);
    const size_t slices = largest == g->k ? 1 : (g->k + largest - 1) / largest;
    for (size_t j = 0; j < g->n; j += NC) {
        for (size_t i = 0, k = 0, depth; i < slices; ++i, k += depth) {
            depth = slices == 1 ? g->k : g->k / slices + (i < g->k % slices);
            struct slice slice = {
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
                .panels = workspace + PACKED_ROWS + DOT_MOST * dot_stride(largest),
            };
            multiply_slice(&slice);
        }
    }
}
