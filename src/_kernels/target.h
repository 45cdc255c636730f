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
    TITO_NAME(fma_peak);
tito_workspace TITO_NAME(linear_workspace), TITO_NAME(mlp_workspace);
#define TITO_FMA_CHAINS 12

extern const struct tito_context TITO_NAME(context);

#endif
