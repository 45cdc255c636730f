/* What works row by row: softmax, layer normalisation, cross-entropy, embedding. */
#include "softmax.h"

#include <string.h>

void TITO_NAME(softmax)(const void *arguments) {
    const struct tito_softmax *t = arguments;
    for (size_t i = 0; i < t->m && t->n > 0; ++i) {
        softmax_row(t->x + i * t->n, t->n, 1.0f, t->out + i * t->n);
    }
}

/* sum of (x - mean)^2; lanes past the end count for nothing */
static float squared_distance(const float *x, size_t n, float mean) {
    const vf shift = v_set(mean);
    vf sum = v_zero();
    size_t i = 0;
    for (; i + VL <= n; i += VL) {
        const vf d = v_sub(v_load(x + i), shift);
        sum = v_fma(d, d, sum);
    }
    float total = v_sum(sum);
    for (; i < n; ++i) {
        total += (x[i] - mean) * (x[i] - mean);
    }
    return total;
}

static void layernorm_row(const struct tito_layernorm *t, const float *x, float *out) {
    vf sum = v_zero();
    for (size_t i = 0; i < t->n; i += VL) {
        sum = v_add(sum, v_load_part_or_all(x + i, t->n - i));
    }
    const float mean = v_sum(sum) / (float)t->n;
    const float variance = squared_distance(x, t->n, mean) / (float)t->n;
    const vf factor = v_set(1.0f / sqrtf(variance + t->epsilon)), shift = v_set(mean);
    for (size_t i = 0; i < t->n; i += VL) {
        const size_t left = t->n - i;
        const vf normal = v_mul(v_sub(v_load_part_or_all(x + i, left), shift), factor);
        const vf y = v_fma(normal, v_load_part_or_all(t->gamma + i, left), v_load_part_or_all(t->beta + i, left));
        v_store_part_or_all(out + i, y, left);
    }
}

void TITO_NAME(layernorm)(const void *arguments) {
    const struct tito_layernorm *t = arguments;
    for (size_t i = 0; i < t->m; ++i) {
        layernorm_row(t, t->x + i * t->n, t->out + i * t->n);
    }
}

void TITO_NAME(cross_entropy)(const void *arguments) {
    const struct tito_cross_entropy *t = arguments;
    double total = 0.0;
    for (size_t i = 0; i < t->m; ++i) {
        const float *x = t->logits + i * t->n;
        const int64_t label = t->labels[i];
        if (label < 0 || (uint64_t)label >= t->n) {
            total = (double)NAN;
            continue;
        }
        const float largest = row_largest(x, t->n);
        const float sum = row_exponentials(x, t->n, largest, 1.0f, NULL);
        total += (double)(logf(sum) + (largest - x[label]));
    }
    *t->out = (float)(total / (double)t->m);
}

void TITO_NAME(embedding)(const void *arguments) {
    const struct tito_embedding *t = arguments;
    for (size_t i = 0; i < t->count; ++i) {
        float *out = t->out + i * t->width;
        const int64_t index = t->indices[i];
        if (index >= 0 && (uint64_t)index < t->rows) {
            memcpy(out, t->table + (size_t)index * t->width, t->width * sizeof *out);
        } else {
            for (size_t j = 0; j < t->width; ++j) {
                out[j] = NAN;
            }
        }
    }
}
