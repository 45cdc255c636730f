/* Calling a foreign cblas_sgemm. */
#include "cblas.h"

typedef void sgemm_32(int order, int transpose_a, int transpose_b, int32_t m, int32_t n, int32_t k,
                      float alpha, const float *a, int32_t lda, const float *b, int32_t ldb,
                      float beta, float *c, int32_t ldc);
typedef void sgemm_64(int order, int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                      float beta, float *c, int64_t ldc);

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };

int tito_blas_holds(const struct tito_blas *blas, size_t size) {
    return size > 0 && size <= (blas->ilp64 ? (size_t)INT64_MAX : (size_t)INT32_MAX);
}

void tito_blas_sgemm(const struct tito_blas *blas, size_t m, size_t n, size_t k, const float *a,
                     size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
    if (blas->ilp64) {
        ((sgemm_64 *)blas->sgemm)(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, (int64_t)m, (int64_t)n,
                                  (int64_t)k, 1.0f, a, (int64_t)lda, b, (int64_t)ldb, beta, c,
                                  (int64_t)ldc);
    } else {
        ((sgemm_32 *)blas->sgemm)(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, (int32_t)m, (int32_t)n,
                                  (int32_t)k, 1.0f, a, (int32_t)lda, b, (int32_t)ldb, beta, c,
                                  (int32_t)ldc);
    }
    tito_clear_upper_halves(); /* for what our kernels do with the product */
}
