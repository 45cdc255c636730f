/* Names of the target being compiled: TITO_TARGET is avx512, avx2, sse2, neon or portable, given
 * by the build. Every file that includes this is compiled once per target. */
#ifndef TITO_TARGET_H
#define TITO_TARGET_H

#include "compiler.h"
#include "simd.h"
#include "tito_kernels.h"

#define TITO_JOIN(a, b) TITO_JOIN_OF(a, b)
#define TITO_JOIN_OF(a, b) a##_##b
#define TITO_NAME(operation) TITO_JOIN(TITO_JOIN(tito, TITO_TARGET), operation)

tito_kernel TITO_NAME(linear), TITO_NAME(mlp), TITO_NAME(add), TITO_NAME(mul), TITO_NAME(triad),
    TITO_NAME(relu), TITO_NAME(gelu), TITO_NAME(softmax), TITO_NAME(layernorm),
    TITO_NAME(attention), TITO_NAME(embedding), TITO_NAME(cross_entropy), TITO_NAME(linear_int8),
    TITO_NAME(conv2d), TITO_NAME(maxpool2d), TITO_NAME(fma_peak);
tito_workspace TITO_NAME(linear_workspace), TITO_NAME(mlp_workspace),
    TITO_NAME(attention_workspace), TITO_NAME(linear_int8_workspace), TITO_NAME(conv2d_workspace),
    TITO_NAME(maxpool2d_workspace);
#define TITO_FMA_CHAINS 14 /* as many as 16 registers hold beside two constants */

extern const struct tito_context TITO_NAME(context);

#endif
