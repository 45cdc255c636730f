/* Maximum pooling of planes: first down the rows of a window, then along them.
 *
 * Along a row, element j of window i is x[i * stride + j]: the row is dealt out into one buffer per
 * residue of j, after which neighbouring windows read neighbouring elements and vectors do. */
#include "target.h"

struct pool {
    size_t whole;   /* out_w in whole vectors */
    size_t length;  /* of a dealt-out buffer */
    size_t buffers; /* as many as a window touches */
};

static struct pool plan(const struct tito_maxpool2d *t) {
    const size_t whole = (t->out_w + VL - 1) / VL * VL;
    const struct pool pool = {
        .whole = whole,
        .length = whole + (t->kernel - 1) / t->stride,
        .buffers = t->stride < t->kernel ? t->stride : t->kernel,
    };
    return pool;
}

/* most[0..width) = the largest of `kernel` rows, column by column */
static void pool_columns(float *most, const float *x, size_t width, size_t kernel) {
    for (size_t j = 0; j < width; j += VL) {
        const size_t left = width - j;
        vf m = v_load_part_or_all(x + j, left);
        for (size_t i = 1; i < kernel; ++i) {
            m = v_larger(m, v_load_part_or_all(x + i * width + j, left));
        }
        v_store_part_or_all(most + j, m, left);
    }
}

static void deal_out(float *to, const struct pool *pool, const float *row, size_t width,
                     size_t stride) {
    for (size_t b = 0; b < pool->buffers; ++b, to += pool->length) {
        for (size_t i = 0, from = b; i < pool->length && from < width; ++i, from += stride) {
            to[i] = row[from];
        }
    }
}

static void pool_row(float *out, const struct tito_maxpool2d *t, const struct pool *pool,
                     const float *dealt) {
    for (size_t i = 0; i < t->out_w; i += VL) {
        vf m = v_load(dealt + i);
        size_t buffer = 0, shift = 0;
        for (size_t j = 1; j < t->kernel; ++j) {
            if (++buffer == t->stride) {
                buffer = 0;
                ++shift;
            }
            m = v_larger(m, v_load(dealt + buffer * pool->length + shift + i));
        }
        v_store_part_or_all(out + i, m, t->out_w - i);
    }
}

size_t TITO_NAME(maxpool2d_workspace)(const void *arguments) {
    const struct tito_maxpool2d *t = arguments;
    const struct pool pool = plan(t);
    return (t->width + pool.buffers * pool.length) * sizeof(float);
}

void TITO_NAME(maxpool2d)(const void *arguments) {
    const struct tito_maxpool2d *t = arguments;
    const struct pool pool = plan(t);
    float *most = t->workspace, *dealt = most + t->width, *out = t->out;
    for (size_t p = 0; p < t->planes; ++p) {
        const float *plane = t->x + p * t->height * t->width;
        for (size_t y = 0; y < t->out_h; ++y, out += t->out_w) {
            pool_columns(most, plane + y * t->stride * t->width, t->width, t->kernel);
            deal_out(dealt, &pool, most, t->width, t->stride);
            pool_row(out, t, &pool, dealt);
        }
    }
}
