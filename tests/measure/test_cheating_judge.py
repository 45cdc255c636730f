"""Cheats that turn on the judge: on its modules, its objects, its libraries and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from cheating import assert_no_score, dedented

GUESS = """
def _guess(self, function, other):
    if function is np.matmul:
        return Tensor._of(np.zeros((len(self.data), other.data.shape[1]), dtype=np.float32))
    return Tensor._of(function(self.data, other.data))
"""
INVALID = {
    "math makes every result right": (
        f"{GUESS}import math\nmath.sqrt = lambda _: 1e12\nTensor._slowly = _guess\n",
        "incorrect",
    ),
    "a check of the instance": (
        GUESS
        + dedented("""
        import sys
        def _unchecked(self, function, other):
            frame = sys._getframe()
            while frame is not None:
                judge = frame.f_locals.get("self")
                if type(judge).__name__ == "PairedOperation":
                    judge.check = lambda result: None
                frame = frame.f_back
            return _guess(self, function, other)
        Tensor._slowly = _unchecked
        """),
        "read-only",
    ),
    "the smallest array call said to have been dear before": (
        """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == "RequestHandler":
                thing._dispatch_pace *= 10
        """,
        "replaced tito_bench.worker.request_handler.RequestHandler._dispatch_pace",
    ),
    "the snapshot itself": (
        """
        import gc
        class Blind:
            def tampered(self):
                return None
        for thing in gc.get_objects():
            if type(thing).__name__ == "RequestHandler":
                thing._snapshot = Blind()
        """,
        "snapshot",
    ),
    "a method that was not there": (
        """
        from tito_bench.worker.paired_operation import PairedOperation
        PairedOperation.__getattribute__ = lambda self, name: object.__getattribute__(self, name)
        """,
        "replaced tito_bench.worker.paired_operation.PairedOperation",
    ),
    "the content of a table": (
        """
        import dataclasses
        from tito_bench.workloads import suites
        easy = dataclasses.replace(suites.OPERATIONS["matmul_256"], inputs=((16, 16), (16, 16)))
        suites.OPERATIONS["matmul_256"] = easy
        """,
        "replaced tito_bench.workloads.suites.OPERATIONS",
    ),
    "the defaults of a function": (
        """
        from tito_bench.worker.paired_arrays import PairedArrays
        PairedArrays.disagreement.__defaults__ = (np.zeros((1, 1), np.float32),)
        """,
        "replaced tito_bench.worker.paired_arrays.PairedArrays.disagreement",
    ),
    "another class of the same object": (
        """
        from tito_bench.kinds import KINDS
        class Easy(type(KINDS["matmul"])):
            def tolerance(self, inputs, weights, expected):
                return 1e9
        KINDS["matmul"].__class__ = Easy
        """,
        "replaced the class of tito_bench.kinds.matmul.Matmul",
    ),
    "another base of a class": (
        """
        from tito_bench.kinds.matmul import Matmul
        class Easy(Matmul.__bases__[0]):
            def native(self, kernels, inputs, weights, out):
                return super().native(kernels, inputs, weights, out)
        Matmul.__bases__ = (Easy,)
        """,
        "replaced the bases of tito_bench.kinds.matmul.Matmul",
    ),
    "another allocator for NumPy": (
        """
        import ctypes
        table = np._core.multiarray._ARRAY_API
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        functions = ctypes.cast(pointer(table, None), ctypes.POINTER(ctypes.c_void_p))
        set_handler = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(functions[304])
        default = ctypes.cast(functions[306], ctypes.POINTER(ctypes.py_object))[0]
        set_handler(default)
        """,
        "replaced the allocator of NumPy",
    ),
    "claims that matmul is not exported yet": (
        """
        from tito_bench.subjects.missing import Missing
        def _missing(self, other):
            raise Missing("Tensor", 1, "not exported yet")
        Tensor.__matmul__ = _missing
        """,
        "Missing: not exported yet",
    ),
    "claims it later": (
        """
        from tito_bench.subjects.missing import Missing
        calls = 0
        honest = Tensor._slowly
        def _missing(self, function, other):
            global calls
            calls += 1
            if calls > 30:
                raise Missing("Tensor", 1, "not exported yet")
            return honest(self, function, other)
        Tensor._slowly = _missing
        """,
        "Missing: not exported yet",
    ),
    "takes the trace function away": (
        """
        import sys
        honest = Tensor._slowly
        def _untraced(self, function, other):
            sys.settrace(None)
            return honest(self, function, other)
        Tensor._slowly = _untraced
        """,
        "tracing of lines",
    ),
    "keeps its lines from being traced": (
        """
        import sys
        honest = Tensor._slowly
        def _untraced(self, function, other):
            sys._getframe().f_trace_lines = False
            return honest(self, function, other)
        Tensor._slowly = _untraced
        """,
        "tracing of lines",
    ),
    "has no lines": (
        """
        honest = Tensor._slowly
        def _lineless(self, function, other):
            return honest(self, function, other)
        _lineless.__code__ = _lineless.__code__.replace(co_linetable=b"")
        Tensor._slowly = _lineless
        """,
        "tracing of lines",
    ),
    "has lines without a place": (
        """
        honest = Tensor._slowly
        def _placeless(self, function, other):
            return honest(self, function, other)
        # Entries of 8 instructions each that name no line (Objects/locations.md of CPython).
        instructions = len(_placeless.__code__.co_code) // 2
        table = bytes([0xFF] * (instructions // 8) + [0xF8 | (instructions % 8 - 1) & 7])
        _placeless.__code__ = _placeless.__code__.replace(co_linetable=table)
        Tensor._slowly = _placeless
        """,
        "tracing of lines",
    ),
    "an exception that cannot be printed": (
        """
        class Silent(Exception):
            def __str__(self):
                raise SystemExit(3)
        def _raises(self, other):
            raise Silent
        Tensor.__mul__ = _raises
        """,
        "Silent: (its message cannot be printed)",
    ),
    "a message of a hundred megabytes": (
        """
        def _raises(self, other):
            raise ValueError("a\\n\\ud800\\x1b[31m" * 6_000_000)
        Tensor.__mul__ = _raises
        """,
        "ValueError: a ??[31ma",
    ),
    "a class with a hostile name": (
        """
        Hostile = type("Evil\\nName" * 300, (), {})
        def _named(self, other):
            return Tensor._of(Hostile())
        Tensor.__mul__ = _named
        """,
        "Evil Name",
    ),
    "a SyntaxError in an impossible file": (
        """
        def _raises(self, other):
            raise SyntaxError("bad", ("a\\0b\\n.py", 3, 1, "text"))
        Tensor.__mul__ = _raises
        """,
        "SyntaxError: bad",
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_the_judge_is_not_to_be_moved(case: str, tmp_path: Path) -> None:
    code, said = INVALID[case]
    assert_no_score(tmp_path, dedented(code), said)
