/* relu and gelu: one array in, one out. */
#include "exponential.h"

enum unary { RELU, GELU };

/* gelu(x) = x Phi(x) in its tanh form (Hendrycks and Gimpel, arXiv:1606.08415, section 2), written
 * as x / (1 + exp(-2u)) with u = sqrt(2/pi) (x + 0.044715 x^3). */
TITO_INLINE vf apply_unary(enum unary operation, vf x) {
    if (operation == RELU) {
        return v_max(v_zero(), x);
    }
    const vf cube = v_mul(v_mul(x, x), x);
    const vf u = v_mul(v_set(-1.5957691216057308f), v_fma(v_set(0.044715f), cube, x));
    return v_div(x, v_add(v_set(1.0f), v_exp(u)));
}

TITO_INLINE void map(enum unary operation, const struct tito_unary *t) {
    size_t i = 0;
    for (; i + VL <= t->count; i += VL) {
        v_store(t->out + i, apply_unary(operation, v_load(t->x + i)));
    }
    const size_t rest = t->count - i;
    if (rest > 0) {
        v_store_part(t->out + i, apply_unary(operation, v_load_part(t->x + i, rest)), rest);
    }
}

void TITO_NAME(relu)(const void *arguments) { map(RELU, arguments); }
void TITO_NAME(gelu)(const void *arguments) { map(GELU, arguments); }
