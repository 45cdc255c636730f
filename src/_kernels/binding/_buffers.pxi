# Checking what a caller passed. Included by _native.pyx.
from cpython.buffer cimport (
    PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_IsContiguous, PyBuffer_Release,
    PyObject_GetBuffer,
)
from libc.stdint cimport uintptr_t

cdef enum:
    MAX_NDIM = 32


# no_gc, here and for whatever holds an _Array: the collector does not see what these objects refer
# to, so that it is alive as long as they are. Else it would empty a memoryview, a PickleBuffer or
# the buffer of a class in a cycle of garbage before its user is gone, whose pointers then lead
# nowhere. The price: an array that refers to its own user is never freed.
@cython.final
@cython.internal
@cython.no_gc
cdef class _Array:
    """A checked C-contiguous array, held until the Call that uses it is gone."""

    cdef Py_buffer view
    cdef bint held
    cdef str name
    cdef tuple shape

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)

    cdef float *floats(self) noexcept:
        return <float *>self.view.buf

    cdef bint overlaps(self, _Array other) noexcept:
        cdef uintptr_t a = <uintptr_t>self.view.buf, b = <uintptr_t>other.view.buf
        return (
            self.view.len > 0 and other.view.len > 0
            and a < b + <uintptr_t>other.view.len and b < a + <uintptr_t>self.view.len
        )

    cdef bint same_place(self, _Array other) noexcept:
        return self.view.buf == other.view.buf


cdef tuple _FLOAT32 = (b"f", b"=f", b"@f", b"<f" if sys.byteorder == "little" else b">f")
cdef tuple _FLOAT64 = (b"d", b"=d", b"@d", b"<d" if sys.byteorder == "little" else b">d")
cdef tuple _INT64 = (b"q", b"=q", b"@q") + ((b"l", b"@l") if sizeof(long) == 8 else ())
cdef tuple _INT8 = (b"b", b"=b", b"@b")


cdef _Array _array(str name, object given, tuple formats, str dtype, bint output):
    """Hold `given`, or raise what it lacks."""
    cdef _Array array = _Array.__new__(_Array)
    array.name = name
    try:
        PyObject_GetBuffer(given, &array.view, PyBUF_STRIDES | PyBUF_FORMAT)
    except (BufferError, ValueError) as error:
        raise ValueError(f"{name}: cannot be used as a buffer: {error}") from error
    except TypeError:
        raise TypeError(
            f"{name}: needs a {dtype} array, got {type(given).__name__}"
        ) from None
    array.held = True
    cdef bytes found = array.view.format if array.view.format != NULL else b"B"
    if found not in formats:
        raise TypeError(
            f"{name}: needs dtype {dtype} in native byte order, got buffer format "
            f"{found.decode('ascii', 'replace')!r}"
        )
    array.shape = tuple([array.view.shape[i] for i in range(array.view.ndim)])
    if output and array.view.readonly:
        raise ValueError(f"{name}: is read-only, but results are written to it")
    if not PyBuffer_IsContiguous(&array.view, b"C"):
        raise ValueError(
            f"{name}: needs a C-contiguous array, got shape {array.shape} with strides "
            f"{tuple([array.view.strides[i] for i in range(array.view.ndim)])}"
        )
    if <uintptr_t>array.view.buf % <uintptr_t>array.view.itemsize != 0 and array.view.len > 0:
        raise ValueError(f"{name}: needs data aligned to {array.view.itemsize} bytes")
    return array


cdef _Array _input(str name, object given):
    return _array(name, given, _FLOAT32, "float32", False)


cdef _Array _output(str name, object given):
    return _array(name, given, _FLOAT32, "float32", True)


cdef int _need_shape(_Array array, tuple shape, str meaning) except -1:
    if array.shape != shape:
        raise ValueError(
            f"{array.name}: needs shape {shape} ({meaning}), got {array.shape}"
        )
    return 0


cdef int _need_ndim(_Array array, int ndim, str meaning) except -1:
    if array.view.ndim != ndim:
        raise ValueError(
            f"{array.name}: needs {ndim} dimensions ({meaning}), got shape {array.shape}"
        )
    return 0


cdef int _need_apart(_Array out, tuple inputs, bint exact_is_fine) except -1:
    """The output overlaps no input, unless it is exactly that input and the kernel allows it."""
    cdef _Array other
    for other in inputs:
        if out.overlaps(other) and not (exact_is_fine and out.same_place(other)):
            raise ValueError(f"{out.name}: overlaps {other.name}; needs memory of its own")
    return 0


cdef int _need_size(str what, tuple factors) except -1:
    """A product of sizes that the kernel forms must fit in memory, even where an array is empty."""
    total = 4
    for factor in factors:
        total *= factor
    if total > sys.maxsize:
        raise ValueError(f"{what}: size {' x '.join(map(str, factors))} is too large")
    return 0
