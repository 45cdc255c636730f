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

/* A workspace function that no operation has is declared too, and never called. */
#define TITO_DECLARE(NAME, name, arguments, workspace) \
    tito_kernel TITO_NAME(name);                       \
    tito_workspace TITO_NAME(name##_workspace);
TITO_EACH_OPERATION(TITO_DECLARE)
#undef TITO_DECLARE

#define TITO_FMA_CHAINS 14 /* as many as 16 registers hold beside two constants */

extern const struct tito_context TITO_NAME(context);

#endif
