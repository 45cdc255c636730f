/* Every operation on every target this CPU supports, without Python: for other platforms, emulated
 * CPUs and sanitizers (tools/cross_check.py, tools/sanitize.py build and run it).
 *
 *     native_test [best target expected [slack]]
 *
 * Arrays end where an unreadable page begins, or begin where one ends, so that reading or writing
 * one element too many is a fault; `slack` leaves 64 bytes for emulators whose masked loads read
 * what the mask excludes (qemu 7.2, vmaskmovps). Results are compared with sums in double precision, within the
 * rounding bound (k + 4) u sum|x||w|. */
#include "guarded.h" /* first: it asks for more than C11 of the system headers */

#include "compiler.h"
#include "tito_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double unit_roundoff = 1.0 / 16777216.0;
static const char *where = "";
static long checks, failures;

static void check(const char *what, size_t m, size_t k, size_t n, size_t at, double got,
                  double expected, double bound) {
    ++checks;
    if (!(fabs(got - expected) <= bound) && !(isnan(got) && isnan(expected))) {
        if (++failures <= 20) {
            printf("FAILED %s %s m=%zu k=%zu n=%zu element %zu: %.9g, expected %.9g\n", where, what,
                   m, k, n, at, got, expected);
        }
    }
}

static uint64_t state = 20261122;

static float next_float(void) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)((double)(state >> 40) / 16777216.0 - 0.5);
}

static float *floats(size_t count) {
    float *p = guarded(count * sizeof *p, sizeof *p);
    for (size_t i = 0; i < count; ++i) {
        p[i] = next_float();
    }
    return p;
}

/* Runs an operation whose workspace pointer is at `workspace` in its arguments. */
static void run(const struct tito_context *c, enum tito_operation operation, void *arguments,
                void **workspace) {
    if (c->workspace[operation] != NULL) {
        const size_t size = c->workspace[operation](arguments);
        *workspace = guarded(size, 64);
        memset(*workspace, 0xff, size); /* NaN: nothing may be read before it is written */
    }
    c->run[operation](arguments);
}

static void test_linear(const struct tito_context *c, size_t m, size_t k, size_t n) {
    struct tito_linear t = {.m = m, .k = k, .n = n, .x = floats(m * k), .w = floats(k * n)};
    t.bias = n % 2 ? floats(n) : NULL;
    t.out = floats(m * n);
    run(c, TITO_LINEAR, &t, &t.workspace);
    for (size_t i = 0; i < m; ++i) {
        for (size_t j = 0; j < n; ++j) {
            double sum = t.bias ? (double)t.bias[j] : 0.0, size = fabs(sum);
            for (size_t l = 0; l < k; ++l) {
                const double product = (double)t.x[i * k + l] * (double)t.w[l * n + j];
                sum += product;
                size += fabs(product);
            }
            check("linear", m, k, n, i * n + j, (double)t.out[i * n + j], sum,
                  (double)(k + 4) * unit_roundoff * size);
        }
    }
    release_guarded();
}

static void test_mlp(const struct tito_context *c, size_t m, size_t k, size_t n) {
    const size_t hidden = n + 3;
    struct tito_mlp t = {.m = m, .k = k, .hidden = hidden, .n = n};
    t.x = floats(m * k);
    t.w1 = floats(k * hidden);
    t.b1 = floats(hidden);
    t.w2 = floats(hidden * n);
    t.b2 = floats(n);
    t.out = floats(m * n);
    run(c, TITO_MLP, &t, &t.workspace);
    for (size_t i = 0; i < m; ++i) {
        for (size_t j = 0; j < n; ++j) {
            double sum = (double)t.b2[j], size = fabs(sum);
            for (size_t h = 0; h < hidden; ++h) {
                double inner = (double)t.b1[h], inner_size = fabs(inner);
                for (size_t l = 0; l < k; ++l) {
                    inner += (double)t.x[i * k + l] * (double)t.w1[l * hidden + h];
                    inner_size += fabs((double)t.x[i * k + l] * (double)t.w1[l * hidden + h]);
                }
                sum += (inner > 0.0 ? inner : 0.0) * (double)t.w2[h * n + j];
                size += inner_size * fabs((double)t.w2[h * n + j]);
            }
            check("mlp", m, k, n, i * n + j, (double)t.out[i * n + j], sum,
                  (double)(k + hidden + 8) * unit_roundoff * size);
        }
    }
    release_guarded();
}

static void test_elementwise(const struct tito_context *c, size_t count) {
    struct tito_elementwise t = {.count = count, .a = floats(count), .b = floats(count)};
    t.scalar = 1.5f;
    t.out = floats(count);
    for (int operation = TITO_ADD; operation <= TITO_TRIAD; ++operation) {
        c->run[operation](&t);
        for (size_t i = 0; i < count; ++i) {
            const double a = (double)t.a[i], b = (double)t.b[i];
            const double expected = operation == TITO_ADD   ? a + b
                                    : operation == TITO_MUL ? a * b
                                                            : a + 1.5 * b;
            check("elementwise", 1, count, (size_t)operation, i, (double)t.out[i], expected,
                  3 * unit_roundoff * (fabs(a) + 1.5 * fabs(b)));
        }
    }
    struct tito_unary u = {.count = count, .x = t.a, .out = t.out};
    c->run[TITO_RELU](&u);
    for (size_t i = 0; i < count; ++i) {
        check("relu", 1, 1, count, i, (double)u.out[i], u.x[i] > 0 ? (double)u.x[i] : 0.0, 0.0);
    }
    c->run[TITO_GELU](&u);
    for (size_t i = 0; i < count; ++i) {
        const double x = (double)u.x[i];
        const double inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
        check("gelu", 1, 1, count, i, (double)u.out[i], x / (1 + exp(-2 * inner)),
              20 * unit_roundoff * fabs(x));
    }
    release_guarded();
}

static void test_rows(const struct tito_context *c, size_t m, size_t n) {
    const float *x = floats(m * n), *gamma = floats(n), *beta = floats(n);
    float *out = floats(m * n);
    const struct tito_softmax s = {.m = m, .n = n, .x = x, .out = out};
    c->run[TITO_SOFTMAX](&s);
    for (size_t i = 0; i < m; ++i) {
        double sum = 0.0;
        for (size_t j = 0; j < n; ++j) {
            sum += exp((double)x[i * n + j]);
        }
        for (size_t j = 0; j < n; ++j) {
            check("softmax", m, 1, n, i * n + j, (double)out[i * n + j],
                  exp((double)x[i * n + j]) / sum, (double)(n + 20) * unit_roundoff);
        }
    }
    const struct tito_layernorm l = {
        .m = m, .n = n, .x = x, .gamma = gamma, .beta = beta, .epsilon = 1e-5f, .out = out};
    c->run[TITO_LAYERNORM](&l);
    for (size_t i = 0; i < m; ++i) {
        double mean = 0.0, variance = 0.0;
        for (size_t j = 0; j < n; ++j) {
            mean += (double)x[i * n + j] / (double)n;
        }
        for (size_t j = 0; j < n; ++j) {
            variance += pow((double)x[i * n + j] - mean, 2) / (double)n;
        }
        const double factor = 1.0 / sqrt(variance + (double)l.epsilon);
        for (size_t j = 0; j < n; ++j) {
            const double y = ((double)x[i * n + j] - mean) * factor * (double)gamma[j];
            check("layernorm", m, 1, n, i * n + j, (double)out[i * n + j], y + (double)beta[j],
                  (double)(n + 20) * unit_roundoff * (1.0 + factor));
        }
    }
    release_guarded();
}

static void test_lookups(const struct tito_context *c, size_t m, size_t n) {
    int64_t *labels = guarded(m * sizeof *labels, sizeof *labels);
    const float *x = floats(m * n), *table = floats(7 * n);
    float *out = floats(m * n), *loss = floats(1);
    double expected = 0.0;
    for (size_t i = 0; i < m; ++i) {
        labels[i] = (int64_t)(i % n);
        double sum = 0.0;
        for (size_t j = 0; j < n; ++j) {
            sum += exp((double)x[i * n + j]);
        }
        expected += (log(sum) - (double)x[i * n + i % n]) / (double)m;
    }
    const struct tito_cross_entropy e = {.m = m, .n = n, .logits = x, .labels = labels, .out = loss};
    c->run[TITO_CROSS_ENTROPY](&e);
    check("cross_entropy", m, 1, n, 0, (double)*loss, expected, (double)(n + 30) * unit_roundoff);
    for (size_t i = 0; i < m; ++i) {
        labels[i] = (int64_t)(i % 9) - 1; /* -1 and 7 are outside the table */
    }
    const struct tito_embedding b = {
        .count = m, .rows = 7, .width = n, .indices = labels, .table = table, .out = out};
    c->run[TITO_EMBEDDING](&b);
    for (size_t i = 0; i < m * n; ++i) {
        const int64_t row = labels[i / n];
        const int inside = row >= 0 && row < 7;
        check("embedding", m, 7, n, i, (double)out[i],
              inside ? (double)table[(size_t)(inside ? row : 0) * n + i % n] : (double)NAN, 0.0);
    }
    release_guarded();
}

static void test_attention(const struct tito_context *c, size_t s, size_t d, int causal) {
    const size_t dv = d + 2;
    struct tito_attention t = {.t = s, .s = s, .d = d, .dv = dv, .causal = causal};
    t.q = floats(s * d);
    t.k = floats(s * d);
    t.v = floats(s * dv);
    t.out = floats(s * dv);
    run(c, TITO_ATTENTION, &t, &t.workspace);
    for (size_t i = 0; i < s; ++i) {
        for (size_t j = 0; j < dv; ++j) {
            double total = 0.0, mixed = 0.0;
            for (size_t l = 0; l < (causal ? i + 1 : s); ++l) {
                double score = 0.0;
                for (size_t p = 0; p < d; ++p) {
                    score += (double)t.q[i * d + p] * (double)t.k[l * d + p];
                }
                const double weight = exp(score / sqrt((double)d));
                total += weight;
                mixed += weight * (double)t.v[l * dv + j];
            }
            check("attention", s, d, dv, i * dv + j, (double)t.out[i * dv + j], mixed / total,
                  (double)(4 * d + 2 * s + 40) * unit_roundoff);
        }
    }
    release_guarded();
}

static void test_int8(const struct tito_context *c, size_t m, size_t k, size_t n) {
    int8_t *x = guarded(m * k, 1), *w = guarded(k * n, 1);
    for (size_t i = 0; i < m * k; ++i) {
        x[i] = (int8_t)(next_float() * 255.0f);
    }
    for (size_t i = 0; i < k * n; ++i) {
        w[i] = (int8_t)(next_float() * 255.0f);
    }
    struct tito_linear_int8 t = {.m = m, .k = k, .n = n, .x = x, .w = w, .scale = 0.5f};
    t.bias = floats(n);
    t.out = floats(m * n);
    run(c, TITO_LINEAR_INT8, &t, &t.workspace);
    for (size_t i = 0; i < m * n; ++i) {
        double sum = 0.0;
        for (size_t l = 0; l < k; ++l) {
            sum += (double)x[i / n * k + l] * (double)w[l * n + i % n];
        }
        sum = 0.5 * sum + (double)t.bias[i % n];
        check("linear_int8", m, k, n, i, (double)t.out[i], sum, 2 * unit_roundoff * fabs(sum) + 1e-7);
    }
    release_guarded();
}

static void test_images(const struct tito_context *c, size_t channels, size_t size, size_t kernel,
                        size_t stride, size_t padding) {
    const size_t out = (size + 2 * padding - kernel) / stride + 1, width = size + 3;
    const size_t out_w = (width + 2 * padding - kernel) / stride + 1;
    struct tito_conv2d t = {.images = 2, .channels = channels, .height = size, .width = width};
    t.filters = 5;
    t.kernel_h = t.kernel_w = kernel;
    t.stride = stride;
    t.padding = padding;
    t.out_h = out;
    t.out_w = out_w;
    t.x = floats(2 * channels * size * width);
    t.w = floats(5 * channels * kernel * kernel);
    t.bias = floats(5);
    t.out = floats(2 * 5 * out * out_w);
    run(c, TITO_CONV2D, &t, &t.workspace);
    for (size_t i = 0; i < 2 * 5 * out * out_w; ++i) {
        const size_t px = i % out_w, py = i / out_w % out, f = i / (out_w * out) % 5;
        double sum = (double)t.bias[f], bound = fabs(sum);
        for (size_t l = 0; l < channels * kernel * kernel; ++l) {
            const size_t kx = l % kernel, ky = l / kernel % kernel, ch = l / (kernel * kernel);
            const size_t ix = px * stride + kx - padding, iy = py * stride + ky - padding;
            if (ix < width && iy < size) { /* below zero wraps to huge */
                const size_t image = i / (out_w * out * 5);
                const double p = (double)t.x[((image * channels + ch) * size + iy) * width + ix] *
                                 (double)t.w[f * channels * kernel * kernel + l];
                sum += p;
                bound += fabs(p);
            }
        }
        check("conv2d", channels, kernel, size, i, (double)t.out[i], sum,
              (double)(channels * kernel * kernel + 4) * unit_roundoff * bound);
    }
    struct tito_maxpool2d p = {.planes = 2 * channels, .height = size, .width = width};
    p.kernel = kernel;
    p.stride = stride;
    p.out_h = (size - kernel) / stride + 1;
    p.out_w = (width - kernel) / stride + 1;
    p.x = t.x;
    p.out = floats(p.planes * p.out_h * p.out_w);
    run(c, TITO_MAXPOOL2D, &p, &p.workspace);
    for (size_t i = 0; i < p.planes * p.out_h * p.out_w; ++i) {
        const size_t px = i % p.out_w, py = i / p.out_w % p.out_h, plane = i / (p.out_w * p.out_h);
        double most = -1e30;
        for (size_t l = 0; l < kernel * kernel; ++l) {
            const size_t y = py * stride + l / kernel, x = px * stride + l % kernel;
            const double value = (double)p.x[(plane * size + y) * width + x];
            most = value > most ? value : most;
        }
        check("maxpool2d", channels, kernel, size, i, (double)p.out[i], most, 0.0);
    }
    release_guarded();
}

static void test_context(const struct tito_context *c) {
    static const size_t sizes[] = {0, 1, 7, 12, 33, 67, 100}, depths[] = {0, 1, 12, 67, 300};
    for (size_t i = 0; i < 7; ++i) {
        for (size_t j = 0; j < 7; ++j) {
            for (size_t l = 0; l < 5; ++l) {
                test_linear(c, sizes[i], depths[l], sizes[j]);
            }
            test_mlp(c, sizes[i] % 40, sizes[j], 5);
            test_int8(c, sizes[i] % 40, 2 * sizes[j] + i, sizes[j]);
        }
        test_elementwise(c, sizes[i]);
        test_elementwise(c, 16 * i + 64);
        test_rows(c, 3, sizes[i] + 1);
        test_lookups(c, 11, sizes[i] + 1);
        test_attention(c, sizes[i] + 1, 12, i % 2 == 0);
    }
    for (size_t second_cache = 1 << 19; second_cache <= 1 << 22; second_cache <<= 3) {
        tito_assume_second_cache(second_cache); /* k is cut into deep slices, and into others */
        test_linear(c, 30, 1040, 70);  /* rows of a far apart: they are packed */
        test_linear(c, 20, 700, 45);   /* k is cut, and the last columns come after the others */
        test_linear(c, 200, 500, 21);  /* or beside them, where a is large */
        test_linear(c, 2, 1030, 511);  /* one block of rows: k is not cut */
        test_linear(c, 20, 300, 1051); /* b packed ahead, more columns than a chunk */
        test_linear(c, 3, 5, 2081);    /* and a bias beyond it, where nothing is packed */
    }
    test_images(c, 3, 9, 3, 1, 1);
    test_images(c, 2, 12, 3, 2, 0);
    test_images(c, 1, 7, 2, 3, 2);
    test_images(c, 8, 33, 5, 1, 2);
    const struct tito_fma_peak peak = {.iterations = 10};
    c->run[TITO_FMA_PEAK](&peak);
}

static void test_pack(size_t lanes, size_t steps, size_t lane_stride, size_t step_stride) {
    struct tito_pack t = {.lanes = lanes, .steps = steps};
    t.lane_stride = lane_stride;
    t.step_stride = step_stride;
    t.room = (lanes / TITO_PANEL + 1) * TITO_PANEL * steps;
    t.x = floats(lanes * steps);
    t.panels = floats(t.room);
    tito_run_pack(&t);
    for (size_t i = 0; i < lanes; ++i) {
        for (size_t j = 0; j < steps; ++j) {
            const size_t at = (i / TITO_PANEL * steps + j) * TITO_PANEL + i % TITO_PANEL;
            check("pack", lanes, steps, lane_stride, at, (double)t.panels[at],
                  (double)t.x[i * lane_stride + j * step_stride], 0.0);
        }
    }
    t.room = TITO_PANEL * steps + 1; /* one panel, and no more is touched */
    t.panels = floats(t.room);
    tito_run_pack(&t);
    release_guarded();
}

int main(int count, char **words) {
    const char *best = NULL;
    guard_slack = count > 2 && strcmp(words[2], "slack") == 0 ? 64 : 0;
    for (const struct tito_context *const *c = tito_contexts(); *c != NULL; ++c) {
        if (!tito_context_supported(*c)) {
            printf("%s: not supported here\n", (*c)->name);
            continue;
        }
        best = best == NULL ? (*c)->name : best;
        where = (*c)->name;
        for (int mode = 0; mode < 2; ++mode) {
            guard_at_end = mode == 0;
            test_pack(17, 5, 5, 1);
            test_pack(16, 7, 1, 16);
            test_context(*c);
        }
        printf("%s: tested\n", where);
    }
    printf("%s: %ld checks, %ld failures\n", TITO_COMPILER, checks, failures);
    if (count > 1 && strcmp(words[1], best) != 0) {
        printf("FAILED the best target is %s, expected %s\n", best, words[1]);
        return 1;
    }
    return failures != 0;
}
