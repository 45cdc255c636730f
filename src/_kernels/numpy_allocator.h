/* NumPy's data allocator (NEP 49) on top of aligned_memory.c. The only file that needs NumPy's
 * headers, and NumPy itself only when it is called. */
#ifndef TITO_NUMPY_ALLOCATOR_H
#define TITO_NUMPY_ALLOCATOR_H

#include <Python.h>

/* Installs the aligned allocator in the current context. Returns the previous handler, a new
 * reference, or NULL with an exception set. */
PyObject *tito_numpy_allocator_install(void);

/* Puts a previous handler back. Returns None, or NULL with an exception set. */
PyObject *tito_numpy_allocator_restore(PyObject *previous);

#endif
