/* The table target -> functions. Compiled once per target. */
#include "target.h"

#define WITH_WORKSPACE(name) TITO_NAME(name##_workspace)
#define WITHOUT_WORKSPACE(name) NULL
#define RUN(NAME, name, arguments, workspace) [TITO_##NAME] = TITO_NAME(name),
#define WORKSPACE(NAME, name, arguments, workspace) [TITO_##NAME] = workspace(name),

const struct tito_context TITO_NAME(context) = {
    .name = TITO_TEXT(TITO_TARGET),
    .run = {TITO_EACH_OPERATION(RUN)},
    .workspace = {TITO_EACH_OPERATION(WORKSPACE)},
    .fma_peak_flops = (size_t)2 * TITO_FMA_CHAINS * VL,
};
