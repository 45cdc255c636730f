/* The table target -> functions. Compiled once per target. */
#include "target.h"

const struct tito_context TITO_NAME(context) = {
    .name = TITO_TEXT(TITO_TARGET),
    .run =
        {
            [TITO_LINEAR] = TITO_NAME(linear),
            [TITO_MLP] = TITO_NAME(mlp),
            [TITO_ADD] = TITO_NAME(add),
            [TITO_MUL] = TITO_NAME(mul),
            [TITO_TRIAD] = TITO_NAME(triad),
            [TITO_RELU] = TITO_NAME(relu),
            [TITO_GELU] = TITO_NAME(gelu),
            [TITO_SOFTMAX] = TITO_NAME(softmax),
            [TITO_LAYERNORM] = TITO_NAME(layernorm),
            [TITO_ATTENTION] = TITO_NAME(attention),
            [TITO_EMBEDDING] = TITO_NAME(embedding),
            [TITO_CROSS_ENTROPY] = TITO_NAME(cross_entropy),
            [TITO_LINEAR_INT8] = TITO_NAME(linear_int8),
            [TITO_CONV2D] = TITO_NAME(conv2d),
            [TITO_MAXPOOL2D] = TITO_NAME(maxpool2d),
            [TITO_FMA_PEAK] = TITO_NAME(fma_peak),
        },
    .workspace =
        {
            [TITO_LINEAR] = TITO_NAME(linear_workspace),
            [TITO_MLP] = TITO_NAME(mlp_workspace),
            [TITO_ATTENTION] = TITO_NAME(attention_workspace),
            [TITO_LINEAR_INT8] = TITO_NAME(linear_int8_workspace),
            [TITO_CONV2D] = TITO_NAME(conv2d_workspace),
            [TITO_MAXPOOL2D] = TITO_NAME(maxpool2d_workspace),
        },
    .fma_peak_flops = (size_t)2 * TITO_FMA_CHAINS * VL,
};
