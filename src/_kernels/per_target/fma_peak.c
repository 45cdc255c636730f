/* The arithmetic peak of one core: independent multiply-adds that touch registers only. */
#include "target.h"

/* Read at run time, so that the compiler cannot fold the loop; 1 and 0 keep values normal. */
static volatile float factor = 1.0f, term = 0.0f;
static volatile float sink;

void TITO_NAME(fma_peak)(const void *arguments) {
    const struct tito_fma_peak *x = arguments;
    const vf multiplier = v_set(factor), addend = v_set(term);
    vf chain[TITO_FMA_CHAINS];
    TITO_UNROLL
    for (size_t c = 0; c < TITO_FMA_CHAINS; ++c) {
        chain[c] = v_set(1.0f + (float)c);
    }
    for (size_t i = 0; i < x->iterations; ++i) {
        TITO_UNROLL
        for (size_t c = 0; c < TITO_FMA_CHAINS; ++c) {
            chain[c] = v_fma(chain[c], multiplier, addend);
        }
    }
    vf sum = v_zero();
    TITO_UNROLL
    for (size_t c = 0; c < TITO_FMA_CHAINS; ++c) {
        sum = v_add(sum, chain[c]);
    }
    float lanes[VL];
    v_store(lanes, sum);
    sink = lanes[0];
}
