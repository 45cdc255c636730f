# cython: language_level=3, embedsignature=False, freethreading_compatible=True
# cython: boundscheck=False, wraparound=False
# cython: auto_pickle=False, binding=False
"""Thin binding of the C kernels: argument checks and names, no arithmetic.

`_native.pyi` documents every name.
"""
import ctypes
import os
import sys
from collections import namedtuple

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, memset

from _kernels cimport *

include "_buffers.pxi"

cdef extern from "Python.h":
    PyObject *PyObject_Call(PyObject *, PyObject *, PyObject *)
    void Py_XDECREF(PyObject *)

__all__ = [
    "KERNELS_VERSION", "PANEL", "AlignedArrays", "AllocationLog", "Call", "Hooks", "Kernels",
    "LineClock", "Perturbation", "Raised", "ResultSampler", "Sides", "Snapshot", "Taken",
    "TargetError", "Timing", "answer_questions", "build_info", "chain", "detach",
    "pack", "process_cpu_ns", "refuse_audit_hooks", "seal",
    "supported_targets", "thread_cpu_ns", "time_callable", "time_calls", "wall_clock_ns",
]

KERNELS_VERSION = TITO_KERNELS_VERSION.decode("ascii")
PANEL = TITO_PANEL

Timing = namedtuple("Timing", "wall_ns cpu_ns process_cpu_ns waits", module=__name__)


class TargetError(ValueError):
    """An unknown kernel target, or one this CPU cannot run."""


# ---------------------------------------------------------------- targets

cdef const tito_context *_default_context = NULL


cdef tuple _target_names(bint only_supported):
    cdef const tito_context **context = tito_contexts()
    names = []
    while context[0] != NULL:
        if not only_supported or tito_context_supported(context[0]):
            names.append(context[0].name.decode("ascii"))
        context += 1
    return tuple(names)


def supported_targets():
    return _target_names(True)


cdef const tito_context *_find_context(str name, str source) except NULL:
    cdef const tito_context **context = tito_contexts()
    while context[0] != NULL:
        if context[0].name.decode("ascii") == name and tito_context_supported(context[0]):
            return context[0]
        context += 1
    known = "not supported by this CPU" if name in _target_names(False) else "unknown"
    raise TargetError(
        f"{source}: kernel target {name!r} is {known}; supported here: "
        f"{', '.join(supported_targets())}"
    )


cdef const tito_context *_chosen_context() except NULL:
    """TITO_KERNELS_TARGET or else the best; decided once, the same whoever comes first."""
    global _default_context
    if _default_context == NULL:
        name = os.environ.get("TITO_KERNELS_TARGET") or supported_targets()[0]
        _default_context = _find_context(name, "TITO_KERNELS_TARGET")
    return _default_context


cdef extern from *:
    """
    #ifdef TITO_SANITIZE
    #define TITO_BUILD_TYPE "sanitize"
    #else
    #define TITO_BUILD_TYPE "release" /* dispatch.c refuses to compile any other */
    #endif
    """
    const char *TITO_BUILD_TYPE


def build_info():
    return {
        "kernels_version": KERNELS_VERSION,
        "compiler": TITO_COMPILER.decode("ascii"),
        "build_type": TITO_BUILD_TYPE.decode("ascii"),
        "operations": tuple(
            [tito_operation_names[i].decode("ascii") for i in range(TITO_OPERATIONS)]
        ),
        "targets_compiled": _target_names(False),
        "targets_supported": supported_targets(),
        "target": _chosen_context().name.decode("ascii"),
    }


# ---------------------------------------------------------------- calls

# By Python: who is held against the kernels must not call them (`Sides.take`).
cdef uint64_t _kernels_called = 0


@cython.final
@cython.no_gc
cdef class Call:
    """A kernel bound to its arrays."""

    cdef tito_call call
    cdef tito_arguments arguments
    cdef void *memory  # workspace, or the list of a chain
    cdef object kept   # whatever must outlive this
    cdef readonly str name
    cdef readonly object flops
    cdef readonly object bytes

    def __init__(self):
        raise TypeError("Call objects are made by the methods of Kernels and by chain()")

    def __dealloc__(self):
        tito_aligned_free(self.memory)

    def __call__(self):
        global _kernels_called
        _kernels_called += 1
        with nogil:
            self.call.run(self.call.arguments)

    def __repr__(self):
        return f"<Call {self.name}>"


cdef void *_memory(size_t size) except NULL:
    cdef void *memory = tito_aligned_malloc(size)
    if memory == NULL:
        raise MemoryError(f"no {size} bytes of workspace for a kernel")
    memset(memory, 0, size)  # touch every page now, not in the first timed run
    return memory


cdef Call _new_call(str name, object kept, object flops, object moved):
    cdef Call call = Call.__new__(Call)
    call.name = name
    call.kept = kept
    call.flops = flops
    call.bytes = moved
    call.call.arguments = &call.arguments
    return call


cdef void *_of_python(str name) except NULL:
    """A function of the interpreter's that is not of the stable ABI, so that it cannot be linked."""
    return <void *><uintptr_t>ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value


cdef object _bytes_of(tuple arrays):
    return sum([(<_Array>array).view.len for array in arrays])


include "_operations.pxi"
cdef object _urandom = os.urandom, _write = os.write, _exit = os._exit

include "_snapshot.pxi"
include "_hooks.pxi"
include "_channel.pxi"
include "_timing.pxi"


# ---------------------------------------------------------------- aligned arrays

@cython.final
cdef class AlignedArrays:
    """While active, new NumPy arrays start at a multiple of 64 bytes."""

    cdef list previous  # handlers to put back, innermost last

    def __cinit__(self):
        self.previous = []

    def __enter__(self):
        tito_aligned_pool_enter()
        try:
            self.previous.append(tito_numpy_allocator_install())
        except BaseException:
            tito_aligned_pool_leave()
            raise
        return self

    def __exit__(self, *exception):
        if not self.previous:
            raise RuntimeError("AlignedArrays: exit without enter")
        tito_numpy_allocator_restore(self.previous.pop())
        tito_aligned_pool_leave()


@cython.final
cdef class AllocationLog:
    """What NumPy asks of AlignedArrays while this is active."""

    cdef bint running

    def __enter__(self):
        if not tito_allocation_log_start():
            raise RuntimeError("AllocationLog: one is active already")
        self.running = True
        return self

    def __exit__(self, *exception):
        if self.running:
            tito_allocation_log_stop()
            self.running = False

    @property
    def bytes(self):
        return tito_allocation_log_read().bytes

    @property
    def count(self):
        return tito_allocation_log_read().count

    def sizes(self):
        cdef const tito_allocation_log *log = tito_allocation_log_read()
        return tuple([log.sizes[i] for i in range(min(log.count, TITO_MOST_LOGGED))])
