/* add, mul and triad: one pass over memory. */
#include "target.h"

/* The operation is a compile-time constant wherever this is inlined. */
enum elementwise { ADD, MUL, TRIAD };

TITO_INLINE vf apply(enum elementwise operation, vf a, vf b, vf scalar) {
    switch (operation) {
    case ADD: return v_add(a, b);
    case MUL: return v_mul(a, b);
    default: return v_fma(scalar, b, a);
    }
}

TITO_INLINE void stream(enum elementwise operation, const struct tito_elementwise *x) {
    const float *a = x->a, *b = x->b;
    float *out = x->out;
    const vf scalar = v_set(x->scalar);
    size_t i = 0;
    for (; i + 4 * VL <= x->count; i += 4 * VL) {
        TITO_UNROLL
        for (size_t u = 0; u < 4 * VL; u += VL) {
            v_store(out + i + u, apply(operation, v_load(a + i + u), v_load(b + i + u), scalar));
        }
    }
    for (; i + VL <= x->count; i += VL) {
        v_store(out + i, apply(operation, v_load(a + i), v_load(b + i), scalar));
    }
    const size_t rest = x->count - i;
    if (rest > 0) {
        const vf last = apply(operation, v_load_part(a + i, rest), v_load_part(b + i, rest), scalar);
        v_store_part(out + i, last, rest);
    }
}

void TITO_NAME(add)(const void *arguments) { stream(ADD, arguments); }
void TITO_NAME(mul)(const void *arguments) { stream(MUL, arguments); }
void TITO_NAME(triad)(const void *arguments) { stream(TRIAD, arguments); }
