# What of the process must be the same after the student's code has run. Included by _native.pyx.
# What is to be looked at is gathered in worker/tamper_detection.py; that it is looked at stands
# here, where no code object can be exchanged.

cdef extern from "Python.h":
    bint PyDict_Next(PyObject *, Py_ssize_t *, PyObject **, PyObject **)

# To look them up as attributes is thirty times as slow, and heard by audit hooks.
ctypedef PyObject *(*_function_part)(PyObject *) noexcept
cdef _function_part[3] _FUNCTION_PARTS
for _i, _part in enumerate(("Code", "Defaults", "KwDefaults")):
    _FUNCTION_PARTS[_i] = <_function_part>_of_python(f"PyFunction_Get{_part}")

cdef object _NOTHING = object()
from types import FunctionType as _FunctionType
# A block of each array at a time: whoever gains by other numbers needs them for longer.
cdef enum:
    BLOCKS = 64


@cython.final
@cython.internal
@cython.no_gc
cdef class _Names:
    """A dictionary as it was; whether it may have other names as well."""

    cdef dict names, before
    cdef PyObject **pairs
    cdef bint closed

    def __dealloc__(self):
        tito_aligned_free(self.pairs)

    cdef bint is_as_it_was(self) noexcept:
        """Whether the same names and values come in the same order: as good as always."""
        cdef Py_ssize_t place = 0
        cdef PyObject *name
        cdef PyObject *value
        cdef size_t seen = 0, count = len(self.before)
        while PyDict_Next(<PyObject *>self.names, &place, &name, &value):
            if seen < count and name == self.pairs[2 * seen]:
                if value != self.pairs[2 * seen + 1]:
                    return False
                seen += 1
            elif self.closed:
                return False
        return seen == count

    cdef object changed(self):
        """The name of another value, "" where there are more names than there may be, or None."""
        for name, value in self.before.items():
            if self.names.get(name, _NOTHING) is not value:
                return f".{name}"
        if self.closed and len(self.names) - ("__slotnames__" in self.names) > len(self.before):
            return ""
        return None


@cython.final
@cython.internal
@cython.no_gc
cdef class _Content:
    """The numbers of one array, by the seal of each block."""

    cdef _Array array
    cdef uint64_t seals[BLOCKS]
    cdef size_t next

    cdef uint64_t seal_of(self, const uint64_t *key, size_t block) noexcept:
        cdef size_t size = self.array.view.len, start = size * block // BLOCKS
        cdef size_t end = size * (block + 1) // BLOCKS
        return tito_seal(key, <const char *>self.array.view.buf + start, end - start)


@cython.final
@cython.internal
@cython.no_gc
cdef class _Function:
    """A function and what it is made of."""

    cdef object function
    cdef list kept
    cdef PyObject *parts[3]


@cython.final
@cython.no_gc
cdef class Snapshot:
    """Names, functions, attributes and numbers, as they are now."""

    cdef list namespaces, functions, attributes, sequences, contents, answers
    cdef uint64_t key[2]

    def __cinit__(self):
        self.namespaces, self.functions, self.attributes = [], [], []
        self.sequences, self.contents, self.answers = [], [], []
        drawn = _urandom(16)
        memcpy(self.key, <const char *>(<bytes>drawn), 16)

    def watch_names(self, str label not None, dict names not None, bint closed, asked_for=None):
        cdef _Names watched = _Names.__new__(_Names)
        watched.names, watched.before, watched.closed = names, dict(names), closed
        for name in names:  # "_" is an interactive session's; `copy` puts the other into a class
            if name in ("_", "__slotnames__") or not (asked_for is None or name in asked_for):
                del watched.before[name]
        watched.pairs = <PyObject **>_memory(2 * max(1, len(watched.before)) * sizeof(PyObject *))
        for i, (name, value) in enumerate(watched.before.items()):
            watched.pairs[2 * i], watched.pairs[2 * i + 1] = <PyObject *>name, <PyObject *>value
        self.namespaces.append((label, watched))

    def watch_function(self, str label not None, function):
        if type(function) is not _FunctionType:
            raise TypeError(f"{label}: needs a function, got {type(function).__name__}")
        cdef _Function watched = _Function.__new__(_Function)
        watched.function, watched.kept = function, []
        for i in range(3):
            watched.parts[i] = _FUNCTION_PARTS[i](<PyObject *>function)
            if watched.parts[i] != NULL:
                watched.kept.append(<object>watched.parts[i])
        self.functions.append((label, watched))

    def watch_attribute(self, str label not None, thing, str name not None):
        self.attributes.append((label, thing, name, getattr(thing, name, _NOTHING)))

    def watch_items(self, str label not None, items):
        self.sequences.append((label, items, tuple(items)))

    def watch_numbers(self, str label not None, array):
        cdef _Content content = _Content.__new__(_Content)
        content.array = _array(label, array, _FLOAT32, "float32", False)
        for block in range(BLOCKS):
            content.seals[block] = content.seal_of(self.key, block)
        self.contents.append((label, content))

    def watch_answer(self, str label not None, function):
        self.answers.append((label, function, function()))

    def changed(self):
        cdef _Names names
        cdef _Content content
        cdef _Function function
        cdef PyObject *one
        cdef tuple items
        for label, watched in self.namespaces:
            names = watched
            if not names.is_as_it_was():
                what = names.changed()
                if what is not None:
                    return label + what
        for label, watched in self.functions:
            function = watched
            one = <PyObject *>function.function
            for i in range(3):
                if _FUNCTION_PARTS[i](one) != function.parts[i]:
                    return label
        for label, thing, name, value in self.attributes:
            if getattr(thing, name, _NOTHING) is not value:
                return label
        for label, sequence, items in self.sequences:
            now = tuple(sequence)
            if len(now) != len(items):
                return label
            for i in range(len(items)):
                if now[i] is not items[i]:
                    return label
        for label, asked, value in self.answers:
            if asked() != value:
                return label
        for label, watched in self.contents:
            content = watched
            content.next = (content.next + 1) % BLOCKS
            if content.seal_of(self.key, content.next) != content.seals[content.next]:
                return f"the numbers of {label}"
        return None

    cdef object check(self):
        """End the process where something is another: nothing that judges could be believed."""
        changed = self.changed()
        if changed is not None:
            _end(changed)


cdef object _end(str what):
    _write(2, f"the code under test replaced {what}\n".encode())
    _exit(1)
