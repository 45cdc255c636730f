/* Copies that put what the micro-kernel reads where the caches like it. */
#ifndef TITO_PACKING_H
#define TITO_PACKING_H

#include "target.h"

TITO_INLINE void copy_row(float *to, const float *from, size_t count) {
    size_t i = 0;
    for (; i + VL <= count; i += VL) {
        v_store(to + i, v_load(from + i));
    }
    if (i < count) {
        v_store_part(to + i, v_load_part(from + i, count - i), count - i);
    }
}

/* A few rows of a, brought from any stride to one that spreads them over all cache sets. The next row
 * is asked for ahead: each is a short stream in a page of its own. */
static void pack_rows(float *to, size_t to_stride, const float *a, size_t a_stride, size_t rows,
                      size_t depth) {
    for (size_t i = 0; i < rows; ++i) {
        for (size_t k = 0; k < depth && i + 1 < rows; k += 16) {
            TITO_PREFETCH_ONCE(a + (i + 1) * a_stride + k);
        }
        copy_row(to + i * to_stride, a + i * a_stride, depth);
    }
}

/* Whole panels of b, `width` columns each, one behind the other. Read row by row: a row is a
 * stream that the hardware prefetches, a narrow panel of far-apart rows is none. */
static void pack_panels(float *to, const float *b, size_t b_stride, size_t depth, size_t panels,
                        size_t width) {
    for (size_t k = 0; k < depth; ++k) {
        for (size_t p = 0; p < panels; ++p) {
            copy_row(to + p * width * depth + k * width, b + k * b_stride + p * width, width);
        }
    }
}

/* The last columns of b as one panel, padded with zeros to whole vectors. */
static void pack_edge(float *to, const float *b, size_t b_stride, size_t depth, size_t columns,
                      size_t width) {
    for (size_t k = 0; k < depth; ++k, to += width, b += b_stride) {
        for (size_t j = 0; j < columns; j += VL) {
            v_store(to + j, v_load_part_or_all(b + j, columns - j));
        }
    }
}

#endif
