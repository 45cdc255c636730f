/* A linear layer of 8-bit integers: exact 32-bit sums, then one scale. */
#include "microkernel.h"

#define INT8_ROWS 6

/* w as pairs of rows, 16 bits each, a panel of VL columns at a time: what v_int_dot takes. */
static void pack_pairs(int16_t *to, const struct tito_linear_int8 *t, size_t column) {
    const size_t columns = t->n - column < VL ? t->n - column : VL;
    for (size_t k = 0; k < t->k; k += 2, to += 2 * VL) {
        const int8_t *low = t->w + k * t->n + column;
        const int8_t *high = k + 1 < t->k ? low + t->n : NULL;
        for (size_t j = 0; j < VL; ++j) {
            to[2 * j] = j < columns ? low[j] : 0;
            to[2 * j + 1] = j < columns && high != NULL ? high[j] : 0;
        }
    }
}

TITO_INLINE void int8_block(const size_t rows, const struct tito_linear_int8 *t, size_t row,
                            size_t column, const int16_t *pairs) {
    const int8_t *x = t->x + row * t->k;
    const size_t columns = t->n - column < VL ? t->n - column : VL, even = t->k / 2 * 2;
    vi sum[INT8_ROWS];
    EACH(i, rows) sum[i] = v_int_zero();
    for (size_t k = 0; k < even; k += 2, pairs += 2 * VL) {
        const vi_pairs w = v_int_load(pairs);
        EACH(i, rows) {
            const int8_t *p = x + i * t->k + k;
            sum[i] = v_int_dot(sum[i], v_int_set_pair(p[0], p[1]), w);
        }
    }
    if (even < t->k) {
        const vi_pairs w = v_int_load(pairs);
        EACH(i, rows) sum[i] = v_int_dot(sum[i], v_int_set_pair(x[i * t->k + even], 0), w);
    }
    const vf scale = v_set(t->scale);
    const vf bias = t->bias == NULL ? v_zero() : v_load_part_or_all(t->bias + column, columns);
    EACH(i, rows) {
        float *out = t->out + (row + i) * t->n + column;
        v_store_part_or_all(out, v_fma(v_from_int(sum[i]), scale, bias), columns);
    }
}

size_t TITO_NAME(linear_int8_workspace)(const void *arguments) {
    const struct tito_linear_int8 *t = arguments;
    return (t->k + 1) / 2 * 2 * VL * sizeof(int16_t) + 64;
}

void TITO_NAME(linear_int8)(const void *arguments) {
    const struct tito_linear_int8 *t = arguments;
    int16_t *pairs = t->workspace;
    for (size_t column = 0; column < t->n && t->m > 0; column += VL) {
        pack_pairs(pairs, t, column);
        size_t row = 0;
        for (; row + INT8_ROWS <= t->m; row += INT8_ROWS) {
            int8_block(INT8_ROWS, t, row, column, pairs);
        }
        for (; row < t->m; ++row) {
            int8_block(1, t, row, column, pairs);
        }
    }
}
