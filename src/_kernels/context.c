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
            [TITO_FMA_PEAK] = TITO_NAME(fma_peak),
        },
    .workspace =
        {
            [TITO_LINEAR] = TITO_NAME(linear_workspace),
            [TITO_MLP] = TITO_NAME(mlp_workspace),
        },
    .fma_peak_flops = (size_t)2 * TITO_FMA_CHAINS * VL,
};
