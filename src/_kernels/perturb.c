/* Changes its inputs between the calls of a timed loop. */
#include "tito_kernels.h"

/* splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
 * 2014): three multiplications and no table, so that it costs the loop about a nanosecond. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void tito_perturb(struct tito_perturbation *perturbation) {
    const struct tito_perturbed *array = &perturbation->arrays[perturbation->next];
    if (++perturbation->next == perturbation->count) {
        perturbation->next = 0;
    }
    if (array->size == 0) {
        return;
    }
    const uint64_t random = next_random(&perturbation->state);
    /* 32 bits choose the place, others the value: +-[0.5, 1), far from any rounding error. */
    const size_t place = (size_t)(((random >> 32) * (uint64_t)array->size) >> 32);
    const float magnitude = 0.5f + (float)(random & 0xFFFFu) * (0.5f / 65536.0f);
    const float value = (random & 0x10000u) != 0 ? magnitude : -magnitude;
    if (array->is_double) {
        ((double *)array->data)[place] = (double)value;
    } else {
        ((float *)array->data)[place] = value;
    }
}
