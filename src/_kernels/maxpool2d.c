/* Maximum pooling of planes: first down the rows of a window row, then along it. */
#include "target.h"

/* b where a is smaller, and NaN where one is */
TITO_INLINE float larger(float a, float b) { return a > b || a != a ? a : b; }

/* most[0..width) = the largest of `kernel` rows, column by column */
static void pool_columns(float *most, const float *x, size_t width, size_t kernel) {
    for (size_t j = 0; j < width; ++j) {
        most[j] = x[j];
    }
    for (size_t i = 1; i < kernel; ++i) {
        const float *row = x + i * width;
        for (size_t j = 0; j < width; ++j) {
            most[j] = larger(most[j], row[j]);
        }
    }
}

/* The kernel and the stride are constants where this is inlined for the usual 2. */
TITO_INLINE void pool_row(float *out, size_t out_w, const float *most, size_t kernel,
                          size_t stride) {
    for (size_t i = 0; i < out_w; ++i) {
        float m = most[i * stride];
        for (size_t j = 1; j < kernel; ++j) {
            m = larger(m, most[i * stride + j]);
        }
        out[i] = m;
    }
}

size_t TITO_NAME(maxpool2d_workspace)(const void *arguments) {
    const struct tito_maxpool2d *t = arguments;
    return t->width * sizeof(float);
}

void TITO_NAME(maxpool2d)(const void *arguments) {
    const struct tito_maxpool2d *t = arguments;
    float *most = t->workspace, *out = t->out;
    for (size_t p = 0; p < t->planes; ++p) {
        const float *plane = t->x + p * t->height * t->width;
        for (size_t y = 0; y < t->out_h; ++y, out += t->out_w) {
            pool_columns(most, plane + y * t->stride * t->width, t->width, t->kernel);
            if (t->kernel == 2 && t->stride == 2) {
                pool_row(out, t->out_w, most, 2, 2);
            } else {
                pool_row(out, t->out_w, most, t->kernel, t->stride);
            }
        }
    }
}
