/* A BLAS made for the tests: cblas_sgemm for row-major products without transposes, with 32-bit
 * integers. RESULT scales what it multiplies (1 is right); THREADS > 1 has others work beside it.
 * UPPER_HALVES leaves upper halves of vector registers in use, and counts when it finds them so. */
#include <pthread.h>
#include <stddef.h>

#ifndef RESULT
#define RESULT 1.0f
#endif
#ifndef THREADS
#define THREADS 1
#endif

struct part {
    int first, end, n, k, lda, ldb, ldc;
    float alpha, beta;
    const float *a, *b;
    float *c;
};

static void *multiply(void *argument) {
    const struct part *p = argument;
    for (int i = p->first; i < p->end; ++i) {
        for (int j = 0; j < p->n; ++j) {
            float sum = 0.0f;
            for (int l = 0; l < p->k; ++l) {
                sum += p->a[i * p->lda + l] * p->b[l * p->ldb + j];
            }
            float *c = p->c + i * p->ldc + j;
            *c = (p->beta == 0.0f ? 0.0f : p->beta * *c) + RESULT * p->alpha * sum;
        }
    }
    return NULL;
}

#if defined(UPPER_HALVES)
int found_in_use;

void use_upper_halves(void) {
    __asm__ volatile("vpcmpeqd %%ymm8, %%ymm8, %%ymm8" : : : "xmm8");
}

static void look(void) {
    float upper[4] = {0};
    __asm__ volatile("vextractf128 $1, %%ymm8, %0" : "=m"(upper) : : "memory");
    const unsigned char *bytes = (const unsigned char *)upper;
    for (size_t i = 0; i < sizeof upper; ++i) {
        if (bytes[i] != 0) {
            ++found_in_use;
            break;
        }
    }
}
#endif

void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc) {
    pthread_t threads[THREADS];
    struct part parts[THREADS];
    (void)order, (void)transpose_a, (void)transpose_b;
#if defined(UPPER_HALVES)
    look();
#endif
    if (lda < 1 || ldb < 1 || ldc < 1) { /* what the reference implementation refuses */
        *c = 0.0f / 0.0f;
        return;
    }
    for (int t = 0; t < THREADS; ++t) {
        const struct part part = {m * t / THREADS, m * (t + 1) / THREADS, n, k, lda, ldb, ldc,
                                  alpha, beta, a, b, c};
        parts[t] = part;
        if (t + 1 < THREADS) {
            pthread_create(&threads[t], NULL, multiply, &parts[t]);
        } else {
            multiply(&parts[t]);
        }
    }
    for (int t = 0; t + 1 < THREADS; ++t) {
        pthread_join(threads[t], NULL);
    }
#if defined(UPPER_HALVES)
    use_upper_halves();
#endif
}
