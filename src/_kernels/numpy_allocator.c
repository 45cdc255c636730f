#include "numpy_allocator.h"
#include "compiler.h"
#include "tito_kernels.h"

#define NPY_NO_DEPRECATED_API NPY_1_22_API_VERSION
#define NPY_TARGET_VERSION NPY_1_22_API_VERSION /* the first with PyDataMem_SetHandler */
#include <numpy/arrayobject.h>

/* One log for the process: arrays may be made in any thread. */
static volatile long log_locked, logging;
static struct tito_allocation_log current;

static void lock(void) {
    while (TITO_EXCHANGE(&log_locked, 1) != 0) {
    }
}

static void unlock(void) { (void)TITO_EXCHANGE(&log_locked, 0); }

static void note(size_t size) {
    if (logging == 0) {
        return;
    }
    lock();
    if (current.count < TITO_MOST_LOGGED) {
        current.sizes[current.count] = size;
    }
    ++current.count;
    current.bytes += size;
    unlock();
}

int tito_allocation_log_start(void) {
    lock();
    const int idle = logging == 0;
    if (idle) {
        current.count = 0;
        current.bytes = 0;
        logging = 1;
    }
    unlock();
    return idle;
}

void tito_allocation_log_stop(void) {
    lock();
    logging = 0;
    unlock();
}

const struct tito_allocation_log *tito_allocation_log_read(void) { return &current; }

static void *handler_malloc(void *context, size_t size) {
    (void)context;
    note(size);
    return tito_aligned_malloc(size);
}

static void *handler_calloc(void *context, size_t count, size_t size) {
    (void)context;
    note(count * size);
    return tito_aligned_calloc(count, size);
}

static void *handler_realloc(void *context, void *block, size_t size) {
    (void)context;
    note(size);
    return tito_aligned_realloc(block, size);
}

static void handler_free(void *context, void *block, size_t size) {
    (void)context;
    (void)size;
    tito_aligned_free(block);
}

/* Static, and never freed: arrays keep using it after the previous handler is back. */
static PyDataMem_Handler handler = {
    "tito_bench_aligned_64",
    1,
    {NULL, handler_malloc, handler_calloc, handler_realloc, handler_free},
};

static int import_numpy(void) {
    if (PyArray_API == NULL) {
        import_array1(-1);
    }
    return 0;
}

PyObject *tito_numpy_allocator_install(void) {
    if (import_numpy() != 0) {
        return NULL;
    }
    PyObject *capsule = PyCapsule_New(&handler, "mem_handler", NULL);
    if (capsule == NULL) {
        return NULL;
    }
    PyObject *previous = PyDataMem_SetHandler(capsule);
    Py_DECREF(capsule);
    return previous;
}

PyObject *tito_numpy_allocator_restore(PyObject *previous) {
    if (import_numpy() != 0) {
        return NULL;
    }
    PyObject *ours = PyDataMem_SetHandler(previous);
    if (ours == NULL) {
        return NULL;
    }
    Py_DECREF(ours);
    return Py_NewRef(Py_None);
}
