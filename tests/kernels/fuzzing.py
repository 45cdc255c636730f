"""Random calls of the extension's Python interface: `python fuzzing.py SEED SECONDS`.

Right and wrong arguments of every kind go into every name that takes any, loops run, and what was
made is kept in cycles, frames and other threads, and let go. Nothing but the errors that
`_native.pyi` names may come out, and arrays may be written only where a call was told to; a crash
or a report of a sanitizer is the caller's to see. The same seed makes the same calls.
"""

import contextlib
import ctypes
import gc
import pickle
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from tito_bench import _native

EXPECTED = (TypeError, ValueError, OverflowError, BufferError, MemoryError, RuntimeError)
SIZES = (0, 1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 31, 33, 64, 67)
DTYPES = (
    "f4",
    "f4",
    "f4",
    "f4",
    "f8",
    "i1",
    "i8",
    "u1",
    "f2",
    "i4",
    "c8",
    "g",
    "?",
    "O",
    ">f4",
    "S3",
)
GUARD = 64
"""Elements before and behind an array, which nothing may change."""
MOST_KEPT = 60


class Box:
    """Anything with attributes, for cycles."""


class Fuzzer:
    """A source of calls."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.kept: list[Any] = []
        self.guards: list[tuple[np.ndarray, np.ndarray, int]] = []
        self.kernels = [_native.Kernels(name) for name in _native.supported_targets()]
        self.calls: list[_native.Call] = []
        self.refused, self.made = 0, Counter[str]()

    # ------------------------------------------------------------ arguments

    def size(self) -> int:
        if self.random.random() < 0.02:
            return self.random.choice((255, 256, 257, 300, 1030))
        return self.random.choice(SIZES)

    def shape(self, ndim: int | None = None) -> tuple[int, ...]:
        ndim = self.random.choice((0, 1, 1, 2, 2, 2, 3, 4, 4, 5)) if ndim is None else ndim
        return tuple(
            self.size() if ndim < 3 else self.random.choice(SIZES[:8]) for _ in range(ndim)
        )

    def floats(self, *shape: int) -> Any:
        """A float32 array as a kernel wants it, between guards, at any address that is allowed."""
        count = int(np.prod(shape, dtype=np.int64))
        start = GUARD + self.random.randrange(16)
        room = np.full(start + count + GUARD, 7, np.float32)
        self.guards.append((room, room[start : start + count], start))
        array = room[start : start + count].reshape(shape)
        array[...] = np.float32(self.random.choice((0.5, -1.0, 1e-40, np.inf, np.nan, 3.0)))
        return self.dressed(array)

    def dressed(self, array: np.ndarray) -> Any:
        """The array itself, or another object with its bytes."""
        how = self.random.randrange(12)
        if how == 0:
            return memoryview(array)
        if how == 1 and array.size:
            return pickle.PickleBuffer(array)
        if how == 2:
            return array.view(type("Own", (np.ndarray,), {}))
        return array

    def integers(self, dtype: str, *shape: int) -> np.ndarray:
        low, high = (-128, 128) if dtype == "i1" else (-2, 70)
        values = [self.random.randrange(low, high) for _ in range(int(np.prod(shape)))]
        return np.array(values, dtype).reshape(shape)

    def wrong(self) -> Any:
        """What is hardly ever right: other types, layouts, dtypes, shapes, addresses."""
        kind = self.random.randrange(12)
        if kind == 0:
            return self.random.choice((None, 1, -1, 2**70, 1.5, "text", b"bytes", [], [[1.0]], {}))
        if kind == 1:
            return bytearray(self.random.choice(SIZES))
        array = np.zeros(self.shape(), self.random.choice(DTYPES))
        if kind == 2:
            return array.T
        if kind == 3 and array.ndim:
            return array[:: self.random.choice((1, 2, -1, 3))]
        if kind == 4:
            array.flags.writeable = False
            return array
        if kind == 5:
            return np.zeros(4 * 12 + 3, np.uint8)[self.random.randrange(4) :][:48].view(np.float32)
        if kind == 6:
            return np.broadcast_to(np.zeros(1, np.float32), self.shape())
        if kind == 7:
            return memoryview(bytes(48)).cast("f")
        if kind == 8:
            return (ctypes.c_float * self.random.choice(SIZES))()
        if kind == 9:
            released = memoryview(bytearray(64))
            released.release()
            return released
        return self.random.choice((array, self.floats(*self.shape())))

    def maybe(self, right: Any) -> Any:
        return self.wrong() if self.random.random() < 0.06 else right

    # ------------------------------------------------------------ calls

    def bind(self) -> _native.Call:
        kernels = self.random.choice(self.kernels)
        m, k, n, h = (self.size() for _ in range(4))
        x = self.floats
        name = self.random.choice(OPERATIONS)
        stride, padding = (
            self.random.choice((1, 1, 2, 3, 0, -1, 2**65)),
            self.random.randrange(-1, 4),
        )
        a, b, c, d = (self.random.choice(SIZES[1:9]) for _ in range(4))
        kernel, number = self.random.choice((1, 2, 3, 5)), self.random.choice((0.5, -1e30, np.nan))
        if name == "conv2d":
            stride, padding = self.random.choice((1, 2, 3)), self.random.randrange(3)
            if self.random.random() < 0.1:
                stride, padding = self.maybe(stride), self.maybe(padding)
        windows = _windows(c, d, kernel, stride, padding)
        pooled = _windows(c, d, kernel, kernel, 0)
        shared = x(m, n)
        arguments: dict[str, tuple[Any, ...]] = {
            "sgemm": (x(m, k), x(k, n), x(m, n)),
            "linear": (x(m, k), x(k, n), x(n), x(m, n)),
            "mlp": (x(m, k), x(k, h), x(h), x(h, n), x(n), x(m, n)),
            "add": (shared, x(m, n), self.random.choice((shared, x(m, n)))),
            "mul": (x(m, n), shared, self.random.choice((shared, x(m, n)))),
            "triad": (shared, shared, number, self.random.choice((shared, x(m, n)))),
            "relu": (shared, self.random.choice((shared, x(m, n)))),
            "gelu": (shared, self.random.choice((shared, x(m, n)))),
            "softmax": (shared, self.random.choice((shared, x(m, n)))),
            "layernorm": (shared, x(n), x(n), x(m, n), self.random.choice((1e-5, 0, -1, np.nan))),
            "attention": (x(m, k), x(h, k), x(h, n), x(m, n), self.random.choice((True, False))),
            "embedding": (self.integers("i8", m), x(k, n), x(m, n)),
            "cross_entropy": (x(m, n), self.integers("i8", m), x(1)),
            "linear_int8": (self.integers("i1", m, k), self.integers("i1", k, n), x(n), number,
                            x(m, n)),
            "conv2d": (x(a, b, c, d), x(h, b, kernel, kernel), self.random.choice((None, x(h))),
                       x(a, h, *windows), stride, padding),
            "maxpool2d": (x(a, b, c, d), x(a, b, *pooled), kernel),
            "fma_peak": (self.random.choice((0, 1, 1000, -1, 2**65)),),
        }  # fmt: skip
        given = [self.maybe(argument) for argument in arguments[name]]
        if self.random.random() < 0.03:
            given = given[self.random.randrange(2) :]
        return getattr(kernels, name)(*given)

    def pack(self) -> _native.Call:
        x, panels = self.floats(*self.shape(2)), self.floats(self.random.choice((8, 100, 1000)))
        columns = self.random.choice((True, False))
        return _native.pack(self.maybe(x), self.maybe(panels), columns=columns)

    def chain(self) -> _native.Call:
        return _native.chain(self.maybe(self.some_calls()))

    def some_calls(self) -> list[_native.Call]:
        return [
            self.random.choice(self.calls) for _ in range(self.random.randrange(4)) if self.calls
        ]

    def perturbation(self) -> _native.Perturbation:
        arrays = [self.floats(*self.shape()) for _ in range(self.random.randrange(10))]
        arrays = [self.maybe(array) for array in arrays]
        if self.random.random() < 0.2:
            arrays.append(np.ones(self.shape()))
        seed = self.random.choice((0, 1, 2**64 - 1, -1, 2**64))
        spread = self.random.choice((1, 1, 3, 1000, 0, -5, 2**63))
        pool = self.random.choice((None, None, self.floats(200_000), self.floats(40)))
        return _native.Perturbation(self.maybe(arrays), seed, spread, self.maybe(pool))

    def time_calls(self) -> None:
        calls = self.some_calls()
        _native.time_calls(self.maybe(calls), self.loops(), self.maybe(self.any_perturbation()))

    def time_callable(self) -> None:
        shape = self.shape()
        sampler = _native.ResultSampler(self.maybe(np.ndarray), self.maybe(shape))
        results = [np.ones(shape), np.ones(shape, np.float32), self.wrong()]

        def student(*arguments: Any) -> Any:
            if self.random.random() < 0.1:
                self.keep(sys._getframe())
            if self.random.random() < 0.02:
                return {}["missing"]
            return self.random.choice(results)

        rows = self.maybe([() for _ in range(self.random.randrange(3))])
        used = self.random.choice((None, sampler))
        with contextlib.suppress(KeyError):
            _native.time_callable(student, rows, self.loops(), self.any_perturbation(), used)
        self.keep(sampler)
        assert sampler.values is None or len(sampler.values) in (0, 32)

    def line_clock(self) -> None:
        numbers = [self.random.choice((1, 10, 10**12, 0, -1)) for _ in range(3)]
        with _native.LineClock(*numbers):
            self.random.random()

    def aligned(self) -> None:
        with _native.AlignedArrays(), _native.AllocationLog() as log:
            arrays = [np.zeros(self.shape()) for _ in range(5)]
            self.keep(arrays.pop())
            assert len(log.sizes()) == min(log.count, 4096)

    def loops(self) -> int:
        return self.random.choice((0, 1, 2, 7, 50, -1, 2**70))

    def any_perturbation(self) -> _native.Perturbation | None:
        found = [kept for kept in self.kept if isinstance(kept, _native.Perturbation)]
        return self.random.choice([None, *found])

    # ------------------------------------------------------------ keeping and letting go

    def keep(self, what: Any) -> None:
        """Keep it as it is, in a cycle, in a frame, or in an exception; forget something else."""
        how = self.random.randrange(5)
        if how == 0:
            box = Box()
            box.what, box.me = what, box
            return
        if how == 1:
            self.kept.append(sys._getframe())
        elif how == 2:
            try:
                {}[id(what)]
            except KeyError as error:
                error.me, error.what = error, what
                self.kept.append(error)
        else:
            self.kept.append(what)
        while len(self.kept) > MOST_KEPT:
            self.kept.pop(self.random.randrange(len(self.kept)))

    def let_go(self) -> None:
        if self.random.random() < 0.5:
            self.kept.clear()
        del self.calls[: len(self.calls) // 2]
        if self.random.random() < 0.5:
            gc.collect(self.random.randrange(3))

    def in_a_thread(self) -> None:
        """Run two calls at once, and let go of both in threads of their own."""
        threads = [
            threading.Thread(target=_native.time_calls, args=([call], 20))
            for call in self.calls[-2:]
        ]
        for thread in threads:
            thread.start()
        self.let_go()
        for thread in threads:
            thread.join()

    def check_guards(self) -> None:
        for room, inside, start in self.guards:
            assert (room[:start] == 7).all(), "something was written before an array"
            assert (room[start + inside.size :] == 7).all(), "something was written behind an array"
        self.guards.clear()

    # ------------------------------------------------------------ one step

    def step(self) -> None:
        action: Callable[[], Any] = self.random.choice(
            (self.bind,) * 12 + (self.pack, self.chain, self.perturbation, self.time_calls,
             self.time_callable, self.line_clock, self.aligned, self.let_go, self.in_a_thread)
        )  # fmt: skip
        try:
            made = action()
            if isinstance(made, _native.Call):
                made()
                self.calls.append(made)
            if isinstance(made, _native.Perturbation):
                made.advance(self.random.choice((0, 1, 5, 1000)))
            if made is not None:
                self.keep(made)
            self.made[getattr(made, "name", action.__name__)] += 1
        except EXPECTED as error:
            self.refused += 1
            if not str(error):
                raise AssertionError("an error without a word") from error
        self.check_guards()


OPERATIONS = _native.build_info()["operations"] + ("sgemm",)


def _windows(height: Any, width: Any, kernel: int, stride: Any, padding: Any) -> tuple[int, int]:
    """The shape of an output, or any where there is none."""
    try:
        found = [(size + 2 * padding - kernel) // stride + 1 for size in (height, width)]
    except (TypeError, ValueError, ZeroDivisionError):
        return 1, 1
    return (found[0], found[1]) if min(found) > 0 and max(found) < 10_000 else (1, 1)


def main() -> None:
    seed, seconds = int(sys.argv[1]), float(sys.argv[2])
    fuzzer, end = Fuzzer(seed), time.monotonic() + seconds
    sys.setswitchinterval(1e-4)
    np.seterr(all="ignore")
    while time.monotonic() < end:
        fuzzer.step()
    fuzzer.kept.clear()
    gc.collect()
    never = set(OPERATIONS) - set(fuzzer.made)
    made = sum(fuzzer.made.values())
    print(f"seed {seed}: {made} calls made, {fuzzer.refused} refused", flush=True)
    assert made < 1000 or not never, f"never made: {never}"


if __name__ == "__main__":
    main()
