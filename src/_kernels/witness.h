/* Remembers a few elements of the result of one call of a timed loop, which nobody can foresee. */
#ifndef TITO_WITNESS_H
#define TITO_WITNESS_H

#include <Python.h>
#include <stddef.h>
#include <stdint.h>

enum { TITO_WITNESSED = 32, TITO_MOST_WITNESSED_DIMS = 4 };

/* `ndim`, `shape` and `array_type` say what a result must be; `call` is the one that is
 * remembered, by its `places` (of the flattened result) and `values`. `count` is how many of
 * them there are: 0 where that result was something else. */
struct tito_witness {
    uint64_t state;
    PyObject *array_type;
    int ndim;
    size_t shape[TITO_MOST_WITNESSED_DIMS];
    size_t call, count;
    size_t places[TITO_WITNESSED];
    double values[TITO_WITNESSED];
};

/* Looks at the result of call number `call`, at once: every call so far is remembered with the
 * same probability (reservoir sampling: Vitter, "Random sampling with a reservoir", ACM TOMS
 * 11(1), 1985). */
void tito_witness_result(struct tito_witness *witness, PyObject *result, size_t call);

#endif
