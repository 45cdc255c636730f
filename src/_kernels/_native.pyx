# cython: language_level=3, embedsignature=False, freethreading_compatible=True
# cython: boundscheck=False, wraparound=False
"""Thin binding of the C kernels: argument checks and names, no arithmetic.

`_native.pyi` documents every name.
"""
import os
import sys
from collections import namedtuple

cimport cython
from cpython.object cimport PyObject
from libc.string cimport memset

from _kernels cimport *

include "_buffers.pxi"

cdef extern from "Python.h":
    PyObject *PyObject_Call(PyObject *, PyObject *, PyObject *)
    void Py_XDECREF(PyObject *)

__all__ = [
    "KERNELS_VERSION", "AlignedArrays", "Call", "Kernels", "Perturbation", "TargetError", "Timing",
    "build_info", "chain", "process_cpu_ns", "supported_targets", "thread_cpu_ns", "time_callable",
    "time_calls", "wall_clock_ns",
]

KERNELS_VERSION = TITO_KERNELS_VERSION.decode("ascii")

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
        "targets_compiled": _target_names(False),
        "targets_supported": supported_targets(),
        "target": _chosen_context().name.decode("ascii"),
    }


# ---------------------------------------------------------------- calls

cdef union _Arguments:
    tito_linear linear
    tito_mlp mlp
    tito_elementwise elementwise
    tito_fma_peak fma_peak
    tito_chain chain


@cython.final
cdef class Call:
    """A kernel bound to its arrays."""

    cdef tito_call call
    cdef _Arguments arguments
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


cdef object _bytes_of(tuple arrays):
    return sum([(<_Array>array).view.len for array in arrays])


# ---------------------------------------------------------------- kernels

@cython.final
cdef class Kernels:
    """The kernels of one target."""

    cdef const tito_context *context

    def __init__(self, target=None):
        if target is None:
            self.context = _chosen_context()
        elif isinstance(target, str):
            self.context = _find_context(target, "target")
        else:
            raise TypeError(f"target: needs a str or None, got {type(target).__name__}")

    @property
    def target(self):
        return self.context.name.decode("ascii")

    def __repr__(self):
        return f"Kernels({self.target!r})"

    cdef Call _bind(self, Call call, int operation, void **workspace):
        if workspace != NULL and self.context.workspace[operation] != NULL:
            call.memory = _memory(self.context.workspace[operation](&call.arguments))
            workspace[0] = call.memory
        call.call.run = self.context.run[operation]
        return call

    cdef Call _linear(self, str name, _Array x, _Array w, _Array bias, _Array out):
        _need_ndim(x, 2, "rows, inputs")
        _need_ndim(w, 2, "inputs, outputs")
        m, k = x.shape
        _need_shape(w, (k, w.shape[1]), f"{x.name} has {k} columns")
        n = w.shape[1]
        if bias is not None:
            _need_shape(bias, (n,), "outputs")
        _need_shape(out, (m, n), "rows, outputs")
        inputs = (x, w) if bias is None else (x, w, bias)
        _need_apart(out, inputs, False)
        cdef Call call = _new_call(
            name, inputs + (out,), 2 * m * n * k + (0 if bias is None else m * n),
            _bytes_of(inputs + (out,)),
        )
        cdef tito_linear *arguments = &call.arguments.linear
        arguments.m, arguments.k, arguments.n = m, k, n
        arguments.x, arguments.w = x.floats(), w.floats()
        arguments.bias = NULL if bias is None else bias.floats()
        arguments.out = out.floats()
        return self._bind(call, TITO_LINEAR, &arguments.workspace)

    def sgemm(self, a, b, out):
        return self._linear("sgemm", _input("a", a), _input("b", b), None, _output("out", out))

    def linear(self, x, w, b, out):
        return self._linear(
            "linear", _input("x", x), _input("w", w), _input("b", b), _output("out", out)
        )

    def mlp(self, x, w1, b1, w2, b2, out):
        cdef _Array x_ = _input("x", x), w1_ = _input("w1", w1), b1_ = _input("b1", b1)
        cdef _Array w2_ = _input("w2", w2), b2_ = _input("b2", b2), out_ = _output("out", out)
        _need_ndim(x_, 2, "rows, inputs")
        _need_ndim(w1_, 2, "inputs, hidden")
        _need_ndim(w2_, 2, "hidden, outputs")
        m, k = x_.shape
        hidden, n = w1_.shape[1], w2_.shape[1]
        _need_shape(w1_, (k, hidden), f"x has {k} columns")
        _need_shape(b1_, (hidden,), "hidden")
        _need_shape(w2_, (hidden, n), f"w1 has {hidden} columns")
        _need_shape(b2_, (n,), "outputs")
        _need_shape(out_, (m, n), "rows, outputs")
        inputs = (x_, w1_, b1_, w2_, b2_)
        _need_apart(out_, inputs, False)
        _need_size("hidden activations", (m, hidden))
        cdef Call call = _new_call(
            "mlp", inputs + (out_,), 2 * m * hidden * (k + n) + m * (2 * hidden + n),
            _bytes_of(inputs + (out_,)),
        )
        cdef tito_mlp *arguments = &call.arguments.mlp
        arguments.m, arguments.k, arguments.hidden, arguments.n = m, k, hidden, n
        arguments.x, arguments.out = x_.floats(), out_.floats()
        arguments.w1, arguments.b1 = w1_.floats(), b1_.floats()
        arguments.w2, arguments.b2 = w2_.floats(), b2_.floats()
        return self._bind(call, TITO_MLP, &arguments.workspace)

    cdef Call _elementwise(
        self, str name, int operation, a, b, float scalar, out, int flops_each
    ):
        cdef _Array a_ = _input("a", a), b_ = _input("b", b), out_ = _output("out", out)
        _need_shape(b_, a_.shape, "the shape of a")
        _need_shape(out_, a_.shape, "the shape of a")
        _need_apart(out_, (a_, b_), True)
        count = a_.view.len // 4
        arrays = (a_, b_, out_)
        cdef Call call = _new_call(name, arrays, flops_each * count, _bytes_of(arrays))
        cdef tito_elementwise *arguments = &call.arguments.elementwise
        arguments.count = count
        arguments.a, arguments.b, arguments.out = a_.floats(), b_.floats(), out_.floats()
        arguments.scalar = scalar
        return self._bind(call, operation, NULL)

    def add(self, a, b, out):
        return self._elementwise("add", TITO_ADD, a, b, 0.0, out, 1)

    def mul(self, a, b, out):
        return self._elementwise("mul", TITO_MUL, a, b, 0.0, out, 1)

    def triad(self, a, b, scalar, out):
        return self._elementwise("triad", TITO_TRIAD, a, b, scalar, out, 2)

    def fma_peak(self, iterations=10_000):
        if iterations < 0:
            raise ValueError(f"iterations: needs a number >= 0, got {iterations}")
        cdef Call call = _new_call(
            "fma_peak", None, self.context.fma_peak_flops * iterations, 0
        )
        call.arguments.fma_peak.iterations = iterations
        return self._bind(call, TITO_FMA_PEAK, NULL)


# ---------------------------------------------------------------- timing

cdef tuple _calls(object calls):
    calls = tuple(calls)
    if not calls:
        raise ValueError("calls: needs at least one Call")
    for call in calls:
        if not isinstance(call, Call):
            raise TypeError(f"calls: needs Call objects, got {type(call).__name__}")
    return calls


cdef size_t _loops(object loops) except? 0:
    if loops < 0:
        raise ValueError(f"loops: needs a number >= 0, got {loops}")
    return loops


def chain(calls):
    members = _calls(calls)
    cdef Call call = _new_call(
        "chain", members, sum([c.flops for c in members]), sum([c.bytes for c in members])
    )
    cdef tito_call *list_of_calls = <tito_call *>_memory(len(members) * sizeof(tito_call))
    call.memory = list_of_calls
    for i, member in enumerate(members):
        list_of_calls[i] = (<Call>member).call
    call.arguments.chain.count = len(members)
    call.arguments.chain.calls = list_of_calls
    call.call.run = tito_run_chain
    return call


cdef object _timing(const tito_clock *clock):
    return Timing(clock.wall_ns, clock.cpu_ns, clock.process_cpu_ns, clock.waits)


@cython.final
cdef class Perturbation:
    """Changes one element of its arrays at a time, the same ones for the same seed."""

    cdef tito_perturbation state
    cdef list kept

    def __init__(self, arrays, seed):
        self.kept = [
            _array(f"arrays[{i}]", given, _FLOAT32 + _FLOAT64, "float32 or float64", True)
            for i, given in enumerate(arrays)
        ]
        if not 1 <= len(self.kept) <= TITO_MOST_PERTURBED:
            raise ValueError(
                f"arrays: needs 1 to {TITO_MOST_PERTURBED} arrays, got {len(self.kept)}"
            )
        self.state.state = seed
        self.state.count = len(self.kept)
        cdef _Array array
        for i, array in enumerate(self.kept):
            size = array.view.len // array.view.itemsize
            if size >= 1 << 32:
                raise ValueError(f"{array.name}: needs fewer than 2**32 elements, got {size}")
            self.state.arrays[i].data = array.view.buf
            self.state.arrays[i].size = size
            self.state.arrays[i].is_double = array.view.itemsize == 8

    def advance(self, steps):
        cdef size_t count = _loops(steps), i
        for i in range(count):
            tito_perturb(&self.state)


cdef tito_perturbation *_perturbation(Perturbation given) noexcept:
    return NULL if given is None else &given.state


def time_calls(calls, loops, Perturbation perturbation=None):
    cdef Call all_calls = chain(calls)
    cdef size_t count = _loops(loops)
    cdef tito_perturbation *perturb = _perturbation(perturbation)
    cdef tito_clock clock
    with nogil:
        tito_time_calls(&all_calls.arguments.chain, count, perturb, &clock)
    return _timing(&clock)


def time_callable(function, arguments, loops, Perturbation perturbation=None):
    cdef tito_perturbation *perturb = _perturbation(perturbation)
    cdef tuple rows = tuple(arguments)
    if not rows:
        raise ValueError("arguments: needs at least one tuple of arguments")
    for row in rows:
        if type(row) is not tuple:
            raise TypeError(f"arguments: needs tuples, got {type(row).__name__}")
    cdef size_t count = _loops(loops), i, next = 0, last = len(rows)
    cdef tito_clock clock
    cdef PyObject *result = NULL
    cdef PyObject **row_list = <PyObject **>_memory(last * sizeof(PyObject *))
    for i in range(last):
        row_list[i] = <PyObject *>rows[i]
    tito_clock_start(&clock)
    for i in range(count):
        if perturb != NULL:
            tito_perturb(perturb)
        Py_XDECREF(result)
        result = PyObject_Call(<PyObject *>function, row_list[next], NULL)
        if result == NULL:
            break
        next = 0 if next + 1 == last else next + 1
    tito_clock_stop(&clock)
    tito_aligned_free(row_list)
    last_result = _owned(result, count)
    return _timing(&clock), last_result


cdef object _owned(PyObject *result, size_t count):
    """A new reference turned into an object; NULL after a call is its exception."""
    if result == NULL:
        if count > 0:
            _raise_current()
        return None
    value = <object>result
    Py_XDECREF(result)
    return value


cdef extern from *:
    """
    static PyObject *tito_raise_current(void) { return NULL; }
    """
    object _raise_current "tito_raise_current"()


def wall_clock_ns():
    return tito_wall_ns()


def thread_cpu_ns():
    return tito_thread_cpu_ns()


def process_cpu_ns():
    return tito_process_cpu_ns()


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
