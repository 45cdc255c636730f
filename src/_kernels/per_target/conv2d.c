/* 2-d convolution (as deep learning says: cross-correlation) as a matrix product.
 *
 * A few rows of output pixels at a time are laid out as columns (im2col), so that the layout stays
 * in the second-level cache and goes straight into the micro-kernel; the whole im2col matrix, nine
 * times the image for a 3 x 3 kernel, never exists. */
#include "gemm.h"

#include <string.h>

#define PATCH_FLOATS 65536 /* 256 KB of columns at a time */

static size_t patch_size(const struct tito_conv2d *t) {
    return t->channels * t->kernel_h * t->kernel_w;
}

/* Rows of output per step: at least one. */
static size_t rows_at_a_time(const struct tito_conv2d *t) {
    const size_t row = patch_size(t) * t->out_w;
    const size_t rows = row == 0 ? t->out_h : PATCH_FLOATS / row;
    return rows == 0 ? 1 : rows > t->out_h ? t->out_h : rows;
}

static size_t layout_floats(const struct tito_conv2d *t) {
    return (patch_size(t) * rows_at_a_time(t) * t->out_w + 15) / 16 * 16;
}

size_t TITO_NAME(conv2d_workspace)(const void *arguments) {
    const struct tito_conv2d *t = arguments;
    const size_t pixels = rows_at_a_time(t) * t->out_w;
    return (layout_floats(t) + TITO_NAME(gemm_workspace)(patch_size(t), pixels)) *
           sizeof(float);
}

/* to[0..out_w) = the input row under kernel column `kx`, zero outside the image */
static void lay_out_row(float *to, const struct tito_conv2d *t, const float *row, size_t kx) {
    if (t->stride == 1) {
        /* left: outputs before the image begins; then as many as the image has */
        const size_t left = kx < t->padding ? t->padding - kx : 0;
        const size_t begin = left < t->out_w ? left : t->out_w;
        const size_t from = begin + kx - t->padding;
        const size_t there = from < t->width ? t->width - from : 0;
        const size_t count = begin >= t->out_w ? 0 : there < t->out_w - begin ? there : t->out_w - begin;
        memset(to, 0, begin * sizeof *to);
        if (count > 0) {
            memcpy(to + begin, row + from, count * sizeof *to);
        }
        memset(to + begin + count, 0, (t->out_w - begin - count) * sizeof *to);
        return;
    }
    for (size_t x = 0; x < t->out_w; ++x) {
        const size_t padded = x * t->stride + kx;
        const int inside = padded >= t->padding && padded - t->padding < t->width;
        to[x] = inside ? row[padded - t->padding] : 0.0f;
    }
}

/* Output rows first .. first + rows of one image: (patch size, rows * out_w). */
static void lay_out(float *to, const struct tito_conv2d *t, const float *image, size_t first,
                    size_t rows) {
    for (size_t c = 0; c < t->channels; ++c) {
        for (size_t ky = 0; ky < t->kernel_h; ++ky) {
            for (size_t kx = 0; kx < t->kernel_w; ++kx) {
                for (size_t y = 0; y < rows; ++y, to += t->out_w) {
                    const size_t padded = (first + y) * t->stride + ky;
                    if (padded >= t->padding && padded - t->padding < t->height) {
                        const size_t in_y = padded - t->padding;
                        lay_out_row(to, t, image + (c * t->height + in_y) * t->width, kx);
                    } else {
                        memset(to, 0, t->out_w * sizeof *to);
                    }
                }
            }
        }
    }
}

/* The bias of a filter is the same for all its pixels: the product is added to it. */
static void fill_bias(const struct tito_conv2d *t, float *out, size_t pixels) {
    for (size_t f = 0; f < t->filters; ++f) {
        for (size_t p = 0; p < pixels; ++p) {
            out[f * t->out_h * t->out_w + p] = t->bias[f];
        }
    }
}

void TITO_NAME(conv2d)(const void *arguments) {
    const struct tito_conv2d *t = arguments;
    const size_t step = rows_at_a_time(t), plane = t->out_h * t->out_w;
    float *layout = t->workspace, *workspace = layout + layout_floats(t);
    for (size_t n = 0; n < t->images; ++n) {
        const float *image = t->x + n * t->channels * t->height * t->width;
        for (size_t first = 0; first < t->out_h; first += step) {
            const size_t rows = t->out_h - first < step ? t->out_h - first : step;
            const struct gemm product = {.m = t->filters,
                                         .k = patch_size(t),
                                         .n = rows * t->out_w,
                                         .a = t->w,
                                         .b = layout,
                                         .c = t->out + n * t->filters * plane + first * t->out_w,
                                         .c_stride = plane,
                                         .accumulate = t->bias != NULL,
                                         .blas = &t->blas};
            lay_out(layout, t, image, first, rows);
            if (t->bias != NULL) {
                fill_bias(t, product.c, product.n);
            }
            TITO_NAME(gemm)(&product, workspace);
        }
    }
}
