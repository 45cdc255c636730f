/* Matrix multiply: how a product is cut into register blocks. README.md draws it. */
#include "gemm.h"
#include "blocks.h"
#include "cblas.h"
#include "dot_columns.h"
#include "packing.h"

#include <string.h>

#define KC ((size_t)256) /* k at a time: the rows of a in a block, 14 KB, stay in the first cache */
#define NC 1024          /* columns at a time: the packed slice of b, 1 MB, stays in the second */
#define ROW_STRIDE (KC + 16) /* of packed rows of a: no power of two */
#define PACKED_ROWS (ROWS_2 * ROW_STRIDE)
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

/* Where one row of blocks finds the columns from `done` on: in b itself, in b while it is packed,
 * or in the packed panels. */
enum source { READ_B, PACK_B, READ_PACKED };

static void aim(struct tiles *t, const struct slice *s, enum source source, size_t done,
                size_t width, float *panels) {
    t->b = source == READ_PACKED ? panels : s->b + done;
    t->b_stride = source == READ_PACKED ? width : s->b_stride;
    t->b_panel = source == READ_PACKED ? width * s->depth : width;
    t->packed = source == PACK_B ? panels : NULL;
    t->bias = s->bias == NULL ? NULL : s->bias + done;
}

/* The columns that are fewer than a panel of w: narrower panels, then the edge. */
static void multiply_left(const struct slice *s, const struct width *w, size_t rows,
                          struct tiles t, enum source source, enum source edge_source,
                          size_t done, size_t columns) {
    size_t left = columns - done;
    t.c += done;
    while (left >= VL) {
        ++w;
        if (left >= w->columns) {
            aim(&t, s, source, done, w->columns, s->panels + done * s->depth);
            t.count = 1;
            w->blocks[rows - 1](&t);
            done += w->columns;
            left -= w->columns;
            t.c += w->columns;
        }
    }
    if (left > 0 && V_MASKED && source == READ_B) {
        aim(&t, s, READ_B, done, 0, NULL);
        t.count = left;
        masked[rows - 1](&t);
    } else if (left > 0) {
        /* where nothing else is packed the edge has the room to itself */
        float *panel = source == READ_B ? s->panels : s->panels + done * s->depth;
        aim(&t, s, edge_source, done, VL, panel);
        t.count = left;
        edges[rows - 1](&t);
    }
}

/* Beside masks, a group of dot products must save more multiply-adds than its horizontal sums cost,
 * which is about 24 (AMD Zen 5). */
static int dots_pay(size_t last, size_t depth) {
    return !V_MASKED || (last + DOT_GROUP - 1) / DOT_GROUP * (depth / DOT_GROUP + 24) < depth;
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
    const struct width *w = choose_width(s->m, columns);
    size_t count = 1, rows = s->m, longer = 0;
    if (rows > w->rows) { /* as equal as can be: 100 rows are 4 x 13 and 4 x 12 */
        count = (s->m + w->rows - 1) / w->rows;
        rows = s->m / count;
        longer = s->m % count;
    }
    size_t panels = 0, done = 0;
    for (; columns - done >= w->columns; done += w->columns) {
        ++panels;
    }
    if (dots > 0) {
        transpose_columns(s->dots, s->b + columns, s->b_stride, s->depth, dots);
    }
    const int pack = count > 1 && s->b_stride * s->depth > SMALL_B;
    const int early = pack && s->b_stride * s->depth > EARLY_B;
    if (early) {
        pack_panels(s->panels, s->b, s->b_stride, s->depth, panels, w->columns);
    }
    struct tiles t = {.k = s->depth,
                      .c = s->c,
                      .c_stride = s->c_stride,
                      .accumulate = s->accumulate,
                      .relu = s->relu};
    const float *a = s->a;
    for (size_t i = 0; i < count; ++i) {
        const size_t r = rows + (i < longer);
        const enum source source = !pack ? READ_B : i == 0 ? PACK_B : READ_PACKED;
        t.a = a;
        t.a_stride = s->a_stride;
        if (s->a_stride >= FAR_APART && panels > 1 && s->depth <= KC) {
            pack_rows(s->rows, ROW_STRIDE, a, s->a_stride, r, s->depth);
            t.a = s->rows;
            t.a_stride = ROW_STRIDE;
        }
        if (panels > 0) {
            aim(&t, s, early ? READ_PACKED : source, 0, w->columns, s->panels);
            t.count = panels;
            w->blocks[r - 1](&t);
        }
        if (done < columns) {
            multiply_left(s, w, r, t, source, i == 0 ? PACK_B : READ_PACKED, done, columns);
        }
        if (dots > 0) {
            struct tiles last = t;
            last.c += columns;
            last.bias = s->bias == NULL ? NULL : s->bias + columns;
            last.count = dots;
            multiply_dots(&last, r, s->dots);
        }
        a += r * s->a_stride;
        t.c += r * s->c_stride;
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
        .count = g->n,
        .bias = g->bias,
        .accumulate = g->accumulate,
        .relu = g->relu,
    };
    masked[g->m - 1](&t);
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
    const size_t whole = DOT_MOST * dot_stride(k) + k * VL;
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
