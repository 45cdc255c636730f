/* Changes its inputs between the calls of a timed loop. */
#include <string.h>

#include "compiler.h"
#include "tito_kernels.h"

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)
#define LANES 16 /* a window that starts at a cache line is copied faster */
#define AHEAD ((size_t)16 * LANES)

/* splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
 * 2014): three multiplications and no table, so that it costs the loop about a nanosecond. */
uint64_t tito_next_random(uint64_t *state) {
    uint64_t z = *state += GOLDEN;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static size_t below(uint64_t random, size_t limit) {
    return (size_t)(((random >> 32) * (uint64_t)limit) >> 32);
}

/* Copies what will not be read again soon: it must not take the place of the operation's own arrays
 * in the caches, or the first call on new inputs would be slower than another on the same. */
static void copy_past_caches(float *to, const float *from, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        TITO_PREFETCH_ONCE(from + i + AHEAD);
        memcpy(to + i, from + i, LANES * sizeof(float));
    }
    memcpy(to + i, from + i, (count - i) * sizeof(float));
}

static void replace_all(struct tito_perturbation *perturbation) {
    for (size_t i = 0; i < perturbation->count; ++i) {
        const struct tito_perturbed *array = &perturbation->arrays[i];
        const uint64_t random = tito_next_random(&perturbation->state);
        const size_t windows = (perturbation->pool_size - array->size) / LANES + 1;
        const float *from = perturbation->pool + LANES * below(random, windows);
        if (!array->is_double) {
            copy_past_caches(array->data, from, array->size);
            continue;
        }
        double *to = array->data;
        for (size_t k = 0; k < array->size; ++k) {
            to[k] = (double)from[k];
        }
    }
}

/* One element at a random place within [start, start + size). */
static void replace_one(const struct tito_perturbed *array, size_t start, size_t size,
                        uint64_t random) {
    /* 32 bits choose the place, others the value: +-[0.5, 1), far from any rounding error. */
    const size_t place = start + below(random, size);
    const float magnitude = 0.5f + (float)(random & 0xFFFFu) * (0.5f / 65536.0f);
    const float value = (random & 0x10000u) != 0 ? magnitude : -magnitude;
    if (array->is_double) {
        ((double *)array->data)[place] = (double)value;
    } else {
        ((float *)array->data)[place] = value;
    }
}

void tito_perturb(struct tito_perturbation *perturbation) {
    if (perturbation->pool != NULL) {
        replace_all(perturbation);
        return;
    }
    const size_t turn = perturbation->next; /* read once: threads that share it stay in bounds */
    const struct tito_perturbed *array = &perturbation->arrays[turn];
    perturbation->next = turn + 1 == perturbation->count ? 0 : turn + 1;
    if (array->size == 0) {
        return;
    }
    const size_t spread = perturbation->spread < array->size ? perturbation->spread : array->size;
    const size_t stretch = array->size / spread;
    for (size_t i = 0; i + 1 < spread; ++i) {
        replace_one(array, i * stretch, stretch, tito_next_random(&perturbation->state));
    }
    const size_t start = (spread - 1) * stretch;
    replace_one(array, start, array->size - start, tito_next_random(&perturbation->state));
}

void tito_perturb_often(struct tito_perturbation *perturbation, size_t steps) {
    if (perturbation->pool != NULL && steps > 1) { /* only the last is left to be seen */
        perturbation->state += GOLDEN * (uint64_t)(steps - 1) * perturbation->count;
        steps = 1;
    }
    for (size_t i = 0; i < steps; ++i) {
        tito_perturb(perturbation);
    }
}

void tito_perturb_timed(struct tito_perturbation *perturbation, struct tito_clock *clock) {
    if (perturbation->pool == NULL) {
        tito_perturb(perturbation);
        return;
    }
    tito_clock_stop(clock);
    tito_perturb(perturbation);
    tito_clock_resume(clock);
}
