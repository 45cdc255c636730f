/* NumPy's data allocator (NEP 49) on top of aligned_memory.c. NumPy itself is needed only
 * when it is called, its headers never. */
#ifndef TITO_NUMPY_ALLOCATOR_H
#define TITO_NUMPY_ALLOCATOR_H

#include <Python.h>

/* Installs the aligned allocator in the current context. Returns the previous handler, a new
 * reference, or NULL with an exception set. */
PyObject *tito_numpy_allocator_install(void);

/* Puts a previous handler back. Returns None, or NULL with an exception set. */
PyObject *tito_numpy_allocator_restore(PyObject *previous);

#define TITO_MOST_LOGGED 4096

/* What NumPy asked for since the log was started, in order; `sizes` holds the first of them. */
struct tito_allocation_log {
    size_t sizes[TITO_MOST_LOGGED];
    size_t count, bytes;
};

/* Only one log at a time: 0 where one is running. Its figures stay until the next start. */
int tito_allocation_log_start(void);
void tito_allocation_log_stop(void);
const struct tito_allocation_log *tito_allocation_log_read(void);

#endif
