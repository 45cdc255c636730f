/* Calling a foreign cblas_sgemm. */
#include "tito_kernels.h"

typedef void sgemm_32(int order, int transpose_a, int transpose_b, int32_t m, int32_t n, int32_t k,
                      float alpha, const float *a, int32_t lda, const float *b, int32_t ldb,
                      float beta, float *c, int32_t ldc);
typedef void sgemm_64(int order, int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                      float beta, float *c, int64_t ldc);

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };

void tito_run_cblas_sgemm(const void *arguments) {
    const struct tito_cblas_sgemm *t = arguments;
    if (t->ilp64) {
        const int64_t m = (int64_t)t->m, k = (int64_t)t->k, n = (int64_t)t->n;
        ((sgemm_64 *)t->function)(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, 1.0f, t->a, k,
                                  t->b, n, 0.0f, t->out, n);
    } else {
        const int32_t m = (int32_t)t->m, k = (int32_t)t->k, n = (int32_t)t->n;
        ((sgemm_32 *)t->function)(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, 1.0f, t->a, k,
                                  t->b, n, 0.0f, t->out, n);
    }
}
