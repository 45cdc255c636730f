"""What code under test may do to the objects of the extension: `python collected.py CASE`.

Each case is a process of its own (test_collector.py), since what goes wrong here is a crash.
"""

import gc
import pickle
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tito_bench import _native

TURNS = 60
CASES: dict[str, Callable[[], None]] = {}


class Box:
    """Anything with attributes."""


def case(function: Callable[[], None]) -> Callable[[], None]:
    CASES[function.__name__] = function
    return function


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def exporters() -> Iterator[Any]:
    """The same bytes by objects whose hold on them the collector takes away, and by others."""
    yield ones(30, 30)
    yield ones(30, 30).data
    yield memoryview(bytearray(3600)).cast("f", (30, 30))
    yield memoryview(pickle.PickleBuffer(ones(30, 30)))
    yield pickle.PickleBuffer(ones(30, 30))
    yield ones(30, 30).view(type("Own", (np.ndarray,), {}))
    if sys.version_info >= (3, 12):
        yield Exporter()


class Exporter:
    """An object of Python that is a buffer (PEP 688), and part of a cycle of its own."""

    def __init__(self) -> None:
        self.array, self.me = ones(30, 30), self

    def __buffer__(self, flags: int) -> memoryview:
        return self.array.data


def holders(given: Any) -> Iterator[Any]:
    """Every kind of object that holds what it was given."""
    yield _native.Perturbation([given], 1)
    yield _native.Perturbation([given], 1, spread=3)
    yield _native.Perturbation([given, ones(3)], 1, pool=given)
    kernels = _native.Kernels()
    sgemm = kernels.sgemm(given, given, ones(30, 30))
    yield sgemm
    yield kernels.relu(given, given)
    yield _native.chain([sgemm, sgemm])
    yield _native.pack(given, ones(1000))


def use(holder: Any) -> None:
    if isinstance(holder, _native.Perturbation):
        holder.advance(3)
    else:
        holder()


@case
def cycles() -> None:
    """The holder and what it holds are in one cycle."""
    for _ in range(TURNS // 10):
        for given in exporters():
            for holder in holders(given):
                box = Box()
                box.holder, box.given, box.me = holder, given, box
                use(holder)
                del holder, box
                gc.collect(0)
        gc.collect()


@case
def given_holds_the_holder() -> None:
    """The cycle leads through the array itself."""
    own = type("Own", (np.ndarray,), {})
    for _ in range(TURNS):
        array = ones(30, 30).view(own)
        for holder in holders(array):
            array.holder = holder
            use(holder)
        del array, holder
        gc.collect(0)


def timed(box: Any, given: Any) -> Any:
    """A call that keeps the frames of whoever called it, and an exception that has them."""

    def student(x: Any) -> Any:
        box.frame = sys._getframe()
        box.me = box
        try:
            {}["missing"]
        except KeyError as error:
            box.error = error
        return x

    perturbation = _native.Perturbation([given], 1)
    sampler = _native.ResultSampler(np.ndarray, (30, 30))
    return _native.time_callable(student, [(given,)], 3, perturbation, sampler)


@case
def frames() -> None:
    for _ in range(TURNS):
        for given in exporters():
            timed(Box(), given)
            del given
        gc.collect()


@case
def exceptions() -> None:
    """An exception leaves the timed loop, and is kept with all its frames."""

    def fail(x: Any) -> None:
        raise ValueError("kept")

    def run(given: Any) -> None:
        perturbation = _native.Perturbation([given], 1)
        try:
            _native.time_callable(fail, [(given,)], 3, perturbation)
        except ValueError as error:
            error.me = error

    for _ in range(TURNS):
        for given in exporters():
            run(given)
        gc.collect()


@case
def resurrected() -> None:
    """Garbage that comes back to life is as good as before."""
    back: list[Any] = []

    class Phoenix:
        def __init__(self, holder: Any, given: Any) -> None:
            self.holder, self.given, self.me = holder, given, self

        def __del__(self) -> None:
            use(self.holder)
            back.append(self)

    for _ in range(TURNS // 10):
        for given in exporters():
            for holder in holders(given):
                Phoenix(holder, given)
                del holder
                gc.collect()
                use(back[-1].holder)
            del given
        for phoenix in back:
            use(phoenix.holder)
        back.clear()


@case
def weak_references() -> None:
    """What is told of the end of an object uses the holder once more."""
    ended: list[str] = []
    for _ in range(TURNS // 10):
        for given in exporters():
            for holder in holders(given):
                box = Box()
                box.holder, box.given, box.me = holder, given, box
                weakref.finalize(box, use, holder)
                box.callback = weakref.ref(box, lambda _: ended.append("never: it is garbage too"))
                del holder, box
                gc.collect()
    assert not ended


@case
def what_the_collector_finds() -> None:
    """Parts of a holder that code can get hold of outlive it, in cycles of their own."""
    for _ in range(TURNS // 10):
        for given in exporters():
            for holder in holders(given):
                parts = [
                    part for part in gc.get_objects() if type(part).__module__.endswith("_native")
                ]
                parts += gc.get_referents(holder) + gc.get_referrers(given)[:1]
                box = Box()
                box.parts, box.given, box.me = parts, given, box
                del box, parts, holder
                gc.collect()
        gc.collect()


@case
def threads_that_free() -> None:
    """One thread lets go while another runs, and the collector runs in both."""
    stop = threading.Event()

    def litter() -> None:
        while not stop.is_set():
            for given in exporters():
                for holder in holders(given):
                    box = Box()
                    box.holder, box.given, box.me = holder, given, box
            gc.collect()

    threads = [threading.Thread(target=litter) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(TURNS):
        given = ones(30, 30)
        loop = _native.Perturbation([given.data], 1, spread=3)
        call = _native.Kernels().relu(given.data, given.data)
        done = threading.Thread(target=_native.time_calls, args=([call], 2000, loop))
        done.start()
        del given, loop, call
        gc.collect()
        done.join()
    stop.set()
    for thread in threads:
        thread.join()


@case
def one_perturbation_in_many_threads() -> None:
    """Its steps may then be any, but never outside its arrays."""
    arrays = [ones(50) for _ in range(8)]
    perturbation = _native.Perturbation(arrays, 1)
    call = _native.Kernels().fma_peak(0)
    threads = [
        threading.Thread(target=_native.time_calls, args=([call], 1_000_000, perturbation))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((np.abs(array) <= 1).all() for array in arrays)


@case
def let_go() -> None:
    """Nothing is held for longer than its holder lives: neither leaked nor let go too early."""
    for _ in range(TURNS):
        room = bytearray(3600)
        for holder in holders(memoryview(room).cast("f", (30, 30))):
            box = Box()
            box.holder, box.me = holder, box
            del holder
            try:
                room.append(0)
            except BufferError:
                pass
            else:
                raise AssertionError("it can be resized while it is held")
            del box
        gc.collect()
        room.append(0)


if __name__ == "__main__":
    CASES[sys.argv[1]]()
    gc.collect()
