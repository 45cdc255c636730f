/* Scaled dot-product attention of one head (Vaswani et al., arXiv:1706.03762, equation 1). */
#include "gemm.h"
#include "softmax.h"

#include <string.h>

/* Queries at a time: their scores stay in the second-level cache. */
#define QUERIES 64

static size_t whole_vectors(size_t count) { return (count + 15) / 16 * 16; }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

size_t TITO_NAME(attention_workspace)(const void *arguments) {
    const struct tito_attention *t = arguments;
    const size_t rows = smaller(t->t, QUERIES);
    const size_t scores = TITO_NAME(gemm_workspace)(t->d, t->s);
    const size_t values = TITO_NAME(gemm_workspace)(t->s, t->dv);
    return (whole_vectors(t->d * t->s) + whole_vectors(rows * t->s) +
            (scores > values ? scores : values)) *
           sizeof(float);
}

static void transpose(float *to, const float *from, size_t rows, size_t columns) {
    for (size_t block = 0; block < rows; block += 16) {
        const size_t end = smaller(block + 16, rows);
        for (size_t j = 0; j < columns; ++j) {
            for (size_t i = block; i < end; ++i) {
                to[j * rows + i] = from[i * columns + j];
            }
        }
    }
}

/* Queries first .. first + rows; a causal block needs no key beyond its last query. */
static void attend(const struct tito_attention *t, size_t first, size_t rows, const float *keys,
                   float *scores, float *workspace) {
    const size_t seen = t->causal ? smaller(first + rows, t->s) : t->s;
    const struct gemm score = {.m = rows,
                               .k = t->d,
                               .n = seen,
                               .a = t->q + first * t->d,
                               .b = keys,
                               .b_stride = t->s,
                               .c = scores,
                               .blas = &t->blas};
    const struct gemm mix = {.m = rows,
                             .k = seen,
                             .n = t->dv,
                             .a = scores,
                             .b = t->v,
                             .c = t->out + first * t->dv,
                             .blas = &t->blas};
    const float scale = 1.0f / sqrtf((float)t->d);
    TITO_NAME(gemm)(&score, workspace);
    for (size_t i = 0; i < rows; ++i) {
        float *row = scores + i * seen;
        const size_t own = t->causal ? smaller(first + i + 1, seen) : seen;
        softmax_row(row, own, scale, row);
        memset(row + own, 0, (seen - own) * sizeof *row);
    }
    TITO_NAME(gemm)(&mix, workspace);
}

void TITO_NAME(attention)(const void *arguments) {
    const struct tito_attention *t = arguments;
    if (t->s == 0 || t->d == 0) {
        return; /* refused by the binder */
    }
    float *keys = t->workspace, *scores = keys + whole_vectors(t->d * t->s);
    float *workspace = scores + whole_vectors(smaller(t->t, QUERIES) * t->s);
    transpose(keys, t->k, t->s, t->d);
    for (size_t first = 0; first < t->t; first += QUERIES) {
        attend(t, first, smaller(QUERIES, t->t - first), keys, scores, workspace);
    }
}
