/* Maximum pooling of planes. */
#include "target.h"

/* b where a is NaN or smaller, and NaN where b is */
TITO_INLINE float larger(float a, float b) { return a > b || a != a ? a : b; }

/* One row of windows; kernel and stride are constants where this is inlined for the usual 2. */
TITO_INLINE void pool_row(const float *x, size_t width, size_t kernel, size_t stride, float *out,
                          size_t out_w) {
    for (size_t i = 0; i < out_w; ++i) {
        const float *window = x + i * stride;
        float most = window[0];
        for (size_t y = 0; y < kernel; ++y) {
            for (size_t j = 0; j < kernel; ++j) {
                most = larger(most, window[y * width + j]);
            }
        }
        out[i] = most;
    }
}

void TITO_NAME(maxpool2d)(const void *arguments) {
    const struct tito_maxpool2d *t = arguments;
    for (size_t p = 0; p < t->planes; ++p) {
        const float *plane = t->x + p * t->height * t->width;
        float *out = t->out + p * t->out_h * t->out_w;
        for (size_t y = 0; y < t->out_h; ++y) {
            const float *x = plane + y * t->stride * t->width;
            if (t->kernel == 2 && t->stride == 2) {
                pool_row(x, t->width, 2, 2, out + y * t->out_w, t->out_w);
            } else {
                pool_row(x, t->width, t->kernel, t->stride, out + y * t->out_w, t->out_w);
            }
        }
    }
}
