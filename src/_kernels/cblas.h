/* Calling a foreign cblas_sgemm. */
#ifndef TITO_CBLAS_H
#define TITO_CBLAS_H

#include "tito_kernels.h"

/* Whether its integers can hold a size or a stride; none takes 0. */
int tito_blas_holds(const struct tito_blas *blas, size_t size);

/* c (m, n) = a (m, k) * b (k, n) + beta * c, row-major; lda, ldb, ldc: elements from row to row. */
void tito_blas_sgemm(const struct tito_blas *blas, size_t m, size_t n, size_t k, const float *a,
                     size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

#endif
