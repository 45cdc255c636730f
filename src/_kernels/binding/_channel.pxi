# How the worker answers, so that its parent knows that it was the worker. Included by _native.pyx.

cdef object _getpid = os.getpid
cdef size_t _KEY_BYTES = 16


def seal(bytes key not None, uint64_t number, bytes text not None):
    cdef uint64_t words[2]
    if len(key) != _KEY_BYTES:
        raise ValueError(f"key: needs {_KEY_BYTES} bytes, got {len(key)}")
    memcpy(words, <const char *>key, _KEY_BYTES)
    words[1] ^= number
    return b"%016x" % tito_seal(words, <const char *>text, len(text))


def answer_questions(questions, answers, answer):
    # No frame of Python's has it, no object of Python's leads to it.
    cdef bytes key = questions.read(_KEY_BYTES), said
    cdef uint64_t number = 0
    process = _getpid()
    for question in questions:
        said = answer(question)
        if _getpid() != process:
            _exit(1)  # a fork of the student's code: not the one that was asked
        number += 1
        answers.write(seal(key, number, said) + b" " + said + b"\n")
        answers.flush()
