# What of the process must be the same after the student's code has run. Included by _native.pyx.
# What is to be looked at is gathered in worker/tamper_detection.py; that it is looked at stands
# here, where no code object can be exchanged.

cdef object _NOTHING = object()
# A block of each array at a time: whoever gains by other numbers needs them for longer.
cdef size_t _BLOCKS = 16


@cython.final
@cython.internal
@cython.no_gc
cdef class _Content:
    """The numbers of one array, by the seal of each block."""

    cdef _Array array
    cdef uint64_t seals[16]
    cdef size_t next

    cdef uint64_t seal_of(self, const uint64_t *key, size_t block) noexcept:
        cdef size_t size = self.array.view.len, start = size * block // _BLOCKS
        cdef size_t end = size * (block + 1) // _BLOCKS
        return tito_seal(key, <const char *>self.array.view.buf + start, end - start)


@cython.final
@cython.no_gc
cdef class Snapshot:
    """Names, attributes, classes of objects and numbers, as they are now."""

    cdef list namespaces, attributes, objects, sequences, contents, answers
    cdef uint64_t key[2]

    def __cinit__(self):
        self.namespaces, self.attributes, self.objects = [], [], []
        self.sequences, self.contents, self.answers = [], [], []
        drawn = _urandom(16)
        memcpy(self.key, <const char *>(<bytes>drawn), 16)

    def watch_names(self, str label not None, dict names not None, bint closed):
        before = dict(names)
        for name in ("_", "__slotnames__"):  # an interactive session's, and `copy`'s, of a class
            before.pop(name, None)
        self.namespaces.append((label, names, before, closed))

    def watch_attribute(self, str label not None, thing, str name not None):
        self.attributes.append((label, thing, name, getattr(thing, name, _NOTHING)))

    def watch_class(self, str label not None, thing):
        self.objects.append((label, thing, type(thing)))

    def watch_items(self, str label not None, items):
        self.sequences.append((label, items, tuple(items)))

    def watch_numbers(self, str label not None, array):
        cdef _Content content = _Content.__new__(_Content)
        content.array = _array(label, array, _FLOAT32, "float32", False)
        for block in range(_BLOCKS):
            content.seals[block] = content.seal_of(self.key, block)
        self.contents.append((label, content))

    def watch_answer(self, str label not None, function):
        self.answers.append((label, function, function()))

    def changed(self):
        cdef dict names, before
        cdef tuple items
        cdef _Content content
        for label, names, before, closed in self.namespaces:
            if closed and len(names) - ("__slotnames__" in names) != len(before):
                return label
            for name, value in before.items():
                if names.get(name, _NOTHING) is not value:
                    return f"{label}.{name}"
        for label, thing, name, value in self.attributes:
            if getattr(thing, name, _NOTHING) is not value:
                return label
        for label, thing, kind in self.objects:
            if type(thing) is not kind:
                return f"the class of {label}"
        for label, sequence, items in self.sequences:
            now = tuple(sequence)
            if len(now) != len(items):
                return label
            for i in range(len(items)):
                if now[i] is not items[i]:
                    return label
        for label, function, value in self.answers:
            if function() != value:
                return label
        for label, content in self.contents:
            content.next = (content.next + 1) % _BLOCKS
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
