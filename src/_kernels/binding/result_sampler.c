#include "result_sampler.h"

#include "tito_kernels.h"

#include <string.h>

static size_t below(uint64_t *state, size_t limit) {
    return (size_t)(((tito_next_random(state) >> 32) * (uint64_t)limit) >> 32);
}

static int has_shape(const Py_buffer *array, const struct tito_result_sampler *sampler) {
    if (array->ndim != sampler->ndim) {
        return 0;
    }
    for (int i = 0; i < sampler->ndim; ++i) {
        if ((size_t)array->shape[i] != sampler->shape[i]) {
            return 0;
        }
    }
    return 1;
}

static double element(const Py_buffer *array, size_t place, char type) {
    const char *data = array->buf;
    for (int i = array->ndim - 1; i >= 0; --i) {
        const size_t length = (size_t)array->shape[i];
        data += (Py_ssize_t)(place % length) * array->strides[i];
        place /= length;
    }
    float small;
    double middle;
    long double large;
    switch (type) { /* copied, since an array need not be aligned */
    case 'f': memcpy(&small, data, sizeof small); return (double)small;
    case 'd': memcpy(&middle, data, sizeof middle); return middle;
    default: memcpy(&large, data, sizeof large); return (double)large;
    }
}

/* 'f', 'd' or 'g' (long double) in this machine's byte order, 0 for anything else. NumPy puts '=' or
 * '^' before it where an array is not aligned. */
static char float_type(const char *format) {
    if (*format == '=' || *format == '^') {
        ++format;
    }
    const int known = *format == 'f' || *format == 'd' || *format == 'g';
    return known && format[1] == '\0' ? *format : '\0';
}

static void read_elements(struct tito_result_sampler *sampler, const Py_buffer *array) {
    const char type = float_type(array->format);
    if (type == '\0' || !has_shape(array, sampler)) {
        return;
    }
    size_t size = 1;
    for (int i = 0; i < sampler->ndim; ++i) {
        size *= sampler->shape[i];
    }
    if (size == 0) {
        return;
    }
    for (; sampler->count < TITO_SAMPLED_ELEMENTS; ++sampler->count) {
        const size_t place = below(&sampler->state, size);
        sampler->places[sampler->count] = place;
        sampler->values[sampler->count] = element(array, place, type);
    }
}

static void remember(struct tito_result_sampler *sampler, PyObject *result) {
    sampler->count = 0;
    if ((PyObject *)Py_TYPE(result) != sampler->array_type) {
        return;
    }
    Py_buffer array;
    if (PyObject_GetBuffer(result, &array, PyBUF_FULL_RO) != 0) {
        PyErr_Clear(); /* an array whose elements are no numbers of C: as wrong as another type */
        return;
    }
    read_elements(sampler, &array);
    PyBuffer_Release(&array);
}

void tito_sample_result(struct tito_result_sampler *sampler, PyObject *result, size_t call) {
    if (below(&sampler->state, call + 1) == 0) {
        sampler->call = call;
        remember(sampler, result);
    }
}
