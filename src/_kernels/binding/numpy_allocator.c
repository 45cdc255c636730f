#include "numpy_allocator.h"
#include "compiler.h"
#include "tito_kernels.h"

#include <string.h>

/* What NEP 49 hands over, and the one function of NumPy's C API that takes it. Written out, so that
 * a build from source need not fetch NumPy, 20 MB, for its headers. Both are parts of NumPy's ABI:
 * the struct has a version, and an entry of the table keeps its place. */
typedef struct {
    char name[127];
    uint8_t version;
    struct {
        void *context;
        void *(*malloc)(void *context, size_t size);
        void *(*calloc)(void *context, size_t count, size_t size);
        void *(*realloc)(void *context, void *block, size_t size);
        void (*free)(void *context, void *block, size_t size);
    } allocator;
} PyDataMem_Handler;

typedef PyObject *set_handler_function(PyObject *handler); /* PyDataMem_SetHandler */
#define SET_HANDLER 304                                    /* since NumPy 1.22 */

static set_handler_function *set_handler;

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
    if (set_handler != NULL) {
        return 0;
    }
    PyObject *module = PyImport_ImportModule("numpy._core._multiarray_umath");
    if (module == NULL && PyErr_ExceptionMatches(PyExc_ModuleNotFoundError)) {
        PyErr_Clear();
        module = PyImport_ImportModule("numpy.core._multiarray_umath"); /* NumPy 1 */
    }
    PyObject *capsule = module == NULL ? NULL : PyObject_GetAttrString(module, "_ARRAY_API");
    void **api = capsule == NULL ? NULL : (void **)PyCapsule_GetPointer(capsule, NULL);
    Py_XDECREF(capsule);
    Py_XDECREF(module);
    if (api == NULL) {
        return -1;
    }
    memcpy(&set_handler, &api[SET_HANDLER], sizeof set_handler); /* C converts no data to code */
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
    PyObject *previous = set_handler(capsule);
    Py_DECREF(capsule);
    return previous;
}

PyObject *tito_numpy_allocator_restore(PyObject *previous) {
    if (import_numpy() != 0) {
        return NULL;
    }
    PyObject *ours = set_handler(previous);
    if (ours == NULL) {
        return NULL;
    }
    Py_DECREF(ours);
    return Py_NewRef(Py_None);
}
