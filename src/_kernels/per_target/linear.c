/* Linear layers. sgemm is one without a bias; an MLP is two with a ReLU between. */
#include "gemm.h"

size_t TITO_NAME(linear_workspace)(const void *arguments) {
    const struct tito_linear *x = arguments;
    return TITO_NAME(gemm_workspace)(x->k, x->n) * sizeof(float);
}

void TITO_NAME(linear)(const void *arguments) {
    const struct tito_linear *x = arguments;
    const struct gemm layer = {
        .m = x->m, .k = x->k, .n = x->n, .a = x->x, .b = x->w, .c = x->out, .bias = x->bias,
        .blas = &x->blas};
    TITO_NAME(gemm)(&layer, x->workspace);
}

/* The hidden activations are the first part of the workspace, rounded up to keep it aligned. */
static size_t hidden_floats(const struct tito_mlp *x) {
    return (x->m * x->hidden + 15) / 16 * 16;
}

size_t TITO_NAME(mlp_workspace)(const void *arguments) {
    const struct tito_mlp *x = arguments;
    const size_t first = TITO_NAME(gemm_workspace)(x->k, x->hidden);
    const size_t second = TITO_NAME(gemm_workspace)(x->hidden, x->n);
    return (hidden_floats(x) + (first > second ? first : second)) * sizeof(float);
}

void TITO_NAME(mlp)(const void *arguments) {
    const struct tito_mlp *x = arguments;
    float *hidden = x->workspace, *workspace = hidden + hidden_floats(x);
    const struct gemm first = {.m = x->m,
                               .k = x->k,
                               .n = x->hidden,
                               .a = x->x,
                               .b = x->w1,
                               .c = hidden,
                               .bias = x->b1,
                               .relu = 1,
                               .blas = &x->blas};
    const struct gemm second = {.m = x->m,
                                .k = x->hidden,
                                .n = x->n,
                                .a = hidden,
                                .b = x->w2,
                                .c = x->out,
                                .bias = x->b2,
                                .blas = &x->blas};
    TITO_NAME(gemm)(&first, workspace);
    TITO_NAME(gemm)(&second, workspace);
}
