/* A linear layer of 8-bit integers: exact 32-bit sums, then one scale.
 *
 * Two steps of k are multiplied at once: a 32-bit lane holds two 16-bit numbers, and v_int_dot adds
 * both products to a 32-bit sum. */
#include "microkernel.h"

#include <string.h>

#if VREGISTERS == 32
#define INT8_ROWS 8
#else
#define INT8_ROWS 4
#endif
#define INT8_VECTORS 2
#define INT8_COLUMNS (INT8_VECTORS * VL)

static size_t pairs_of(const struct tito_linear_int8 *t) { return (t->k + 1) / 2; }

/* x as 16-bit numbers, every row with an even count: (m, 2 * pairs). */
static void widen_x(int16_t *to, const struct tito_linear_int8 *t) {
    const size_t odd = t->k % 2;
    for (size_t i = 0; i < t->m; ++i) {
        for (size_t k = 0; k < t->k; ++k) {
            *to++ = t->x[i * t->k + k];
        }
        if (odd) {
            *to++ = 0;
        }
    }
}

/* A panel of INT8_COLUMNS columns of w as pairs of rows; what is missing is 0. */
static void pack_w(int16_t *to, const struct tito_linear_int8 *t, size_t column) {
    const size_t there = t->n - column < INT8_COLUMNS ? t->n - column : INT8_COLUMNS;
    for (size_t k = 0; k < t->k; k += 2, to += 2 * INT8_COLUMNS) {
        int8_t low[INT8_COLUMNS] = {0}, high[INT8_COLUMNS] = {0};
        const int8_t *w = t->w + k * t->n + column;
        memcpy(low, w, there);
        if (k + 1 < t->k) {
            memcpy(high, w + t->n, there);
        }
        EACH(j, INT8_COLUMNS) {
            to[2 * j] = low[j];
            to[2 * j + 1] = high[j];
        }
    }
}

TITO_INLINE void int8_block(const size_t rows, const struct tito_linear_int8 *t, size_t row,
                            size_t column, const int16_t *x, const int16_t *w) {
    const size_t pairs = pairs_of(t);
    vi sum[INT8_ROWS][INT8_VECTORS];
    EACH(i, rows) EACH(j, INT8_VECTORS) sum[i][j] = v_int_zero();
    x += row * 2 * pairs;
    for (size_t k = 0; k < pairs; ++k, w += 2 * INT8_COLUMNS) {
        vi_pairs b[INT8_VECTORS];
        EACH(j, INT8_VECTORS) b[j] = v_int_load(w + j * 2 * VL);
        EACH(i, rows) {
            const vi_pairs a = v_int_set_pair(x + 2 * (i * pairs + k));
            EACH(j, INT8_VECTORS) sum[i][j] = v_int_dot(sum[i][j], a, b[j]);
        }
    }
    const vf scale = v_set(t->scale);
    EACH(j, INT8_VECTORS) {
        const size_t first = column + j * VL;
        if (first < t->n) {
            const size_t left = t->n - first;
            const vf bias = v_load_part_or_all(t->bias + first, left);
            EACH(i, rows) {
                const vf y = v_fma(v_from_int(sum[i][j]), scale, bias);
                v_store_part_or_all(t->out + (row + i) * t->n + first, y, left);
            }
        }
    }
}

/* Bytes of widened x, rounded up to keep the panel behind it aligned. */
static size_t x_bytes(const struct tito_linear_int8 *t) {
    return (t->m * pairs_of(t) * 2 * sizeof(int16_t) + 63) / 64 * 64;
}

size_t TITO_NAME(linear_int8_workspace)(const void *arguments) {
    const struct tito_linear_int8 *t = arguments;
    return x_bytes(t) + pairs_of(t) * 2 * INT8_COLUMNS * sizeof(int16_t);
}

void TITO_NAME(linear_int8)(const void *arguments) {
    const struct tito_linear_int8 *t = arguments;
    int16_t *x = t->workspace, *w = (int16_t *)((char *)t->workspace + x_bytes(t));
    widen_x(x, t);
    for (size_t column = 0; column < t->n && t->m > 0; column += INT8_COLUMNS) {
        pack_w(w, t, column);
        size_t row = 0;
        for (; row + INT8_ROWS <= t->m; row += INT8_ROWS) {
            int8_block(INT8_ROWS, t, row, column, x, w);
        }
        for (; row < t->m; ++row) {
            int8_block(1, t, row, column, x, w);
        }
    }
}
