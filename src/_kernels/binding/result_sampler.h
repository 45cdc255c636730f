/* Remembers a few elements of the result of one call of a timed loop, which nobody can foresee. */
#ifndef TITO_RESULT_SAMPLER_H
#define TITO_RESULT_SAMPLER_H

#include <Python.h>
#include <stddef.h>
#include <stdint.h>

enum { TITO_SAMPLED_ELEMENTS = 32, TITO_MOST_SAMPLED_DIMS = 4 };

/* `ndim`, `shape` and `array_type` say what a result must be; `call` is the one that is
 * remembered, by its `places` (of the flattened result) and `values`. `count` is how many of
 * them there are: 0 where that result was something else. */
struct tito_result_sampler {
    uint64_t state;
    PyObject *array_type;
    int ndim;
    size_t shape[TITO_MOST_SAMPLED_DIMS];
    size_t call, count;
    size_t places[TITO_SAMPLED_ELEMENTS];
    double values[TITO_SAMPLED_ELEMENTS];
};

/* Looks at the result of call number `call`, at once: every call so far is remembered with the
 * same probability (reservoir sampling: Vitter, "Random sampling with a reservoir", ACM TOMS
 * 11(1), 1985). */
void tito_sample_result(struct tito_result_sampler *sampler, PyObject *result, size_t call);

#endif
