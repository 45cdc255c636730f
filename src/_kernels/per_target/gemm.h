/* Matrix multiply inside the kernels: out = x * w, the start of each sum and its end chosen. */
#ifndef TITO_GEMM_H
#define TITO_GEMM_H

#include "target.h"

struct gemm {
    size_t m, k, n;
    const float *a, *b;          /* (m, k), (k, n), row-major; the rows of a are dense */
    float *c;                    /* (m, n) */
    size_t b_stride, c_stride;   /* from row to row; 0: dense */
    const float *bias;           /* (n), or NULL for 0 */
    int accumulate;              /* add to what c holds */
    int relu;                    /* c = max(c, 0) at the end */
    const struct tito_blas *blas; /* whose product it is */
};

/* Workspace in floats, aligned to 64 bytes, for k and at most n columns, whatever the rows. */
size_t TITO_NAME(gemm_workspace)(size_t k, size_t n);
void TITO_NAME(gemm)(const struct gemm *g, float *workspace);

#endif
