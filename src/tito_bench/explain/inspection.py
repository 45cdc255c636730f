"""The worker's side: looks at one operation of the subject in every way there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.explain.counting import Count, Locate, count_lines
from tito_bench.explain.evidence import (
    Allocations,
    ArrayFacts,
    ArrayRole,
    Evidence,
    Growth,
    Lines,
    Times,
    sort_allocations,
)
from tito_bench.explain.sizes import Sizes
from tito_bench.explain.turns import Turn, time_in_turns
from tito_bench.subjects import Subject
from tito_bench.subjects.faults import is_inside
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.numpy_subject import NumpySubject
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.weights import weights_of

__all__ = ["inspect"]

_MOST_HALVINGS = 12
_ndarray, _matmul = np.ndarray, np.matmul


def inspect(
    operation: Operation,
    subject: Subject,
    kernels: _native.Kernels,
    pool: InputPool,
    seed: int,
    time_s: float,
) -> Evidence:
    """All evidence about `operation`; no times where `time_s` is 0.

    Raises whatever the student's code raises on the operation as it is. What it
    raises on other sizes only leaves a gap.
    """
    bench = _Bench(subject, pool, seed)
    sizes = Sizes(operation)
    ready = bench.build(operation)
    read = [_facts("input", array) for array in ready.inputs]
    read += [_facts("parameter", holder.array) for holder in ready.parameters()]
    count = bench.count(ready)
    returned = [] if count.more else [_facts("result", _array(count.result))]
    times = None
    if time_s > 0:
        turns = _turns(bench, kernels, operation, unclean=not all(map(_is_clean, read)))
        largest_bytes = max(4 * sizes.largest_made_elements, *count.array_sizes, 0)
        times = _times(bench, turns, largest_bytes, time_s)
    return Evidence(
        lines=_lines(bench, sizes, count),
        allocations=None if count.more else _allocations(sizes, count),
        arrays=tuple(dict.fromkeys((*read, *returned))),
        times=times,
    )


# -- the operation, ready to be called -------------------------------------------------


@dataclass(frozen=True)
class _Holder:
    """An attribute that holds an array of parameters."""

    owner: Any
    name: str

    @property
    def array(self) -> np.ndarray:
        return _array(getattr(self.owner, self.name))

    @property
    def is_clean(self) -> bool:
        """Whether it is such an array already."""
        return _is_clean(_facts("parameter", self.array))

    def clean(self) -> bool:
        """Put a dense, aligned float32 copy in its place; whether it was taken."""
        setattr(self.owner, self.name, np.array(self.array, dtype=np.float32, order="C"))
        return self.is_clean


@dataclass(frozen=True)
class _Ready:
    """One operation with its arguments, and the model that it is made of, if it is one."""

    function: Callable[..., object]
    arguments: tuple[object, ...]
    inputs: tuple[np.ndarray, ...]
    layers: tuple[Any, ...]

    def parameters(self) -> list[_Holder]:
        """Where the parameters are: in `weight` and `bias`, or in the `.data` of these."""
        return [
            holder
            for layer in self.layers
            for name in ("weight", "bias")
            for holder in (_holder(layer, name),)
            if holder is not None
        ]

    def turn(self) -> Turn:
        return Turn(self.function, self.arguments, self.inputs)


class _Bench:
    """Builds operations of the subject in any size, and counts the lines of their calls."""

    def __init__(self, subject: Subject, pool: InputPool, seed: int) -> None:
        self.subject = subject
        self.order = random.Random(seed)  # noqa: S311 - orders and contents
        self._pool = pool
        self._locate = _locator(subject)

    def build(self, operation: Operation, subject: Subject | None = None) -> _Ready:
        """Raises whatever the student's code raises."""
        built = (subject or self.subject).operation(operation.kind, weights_of(operation))
        arrays = tuple(np.empty(shape, dtype=np.float32) for shape in operation.inputs)
        self._pool.fill(arrays, self.order.getrandbits(32))
        arguments = built.arguments(arrays)
        layers = getattr(built, "layers", ())
        return _Ready(built.function, arguments, built.inputs(arguments), layers)

    def count(self, ready: _Ready) -> Count:
        """Count one call, not the first: what that one keeps for later is made only once.

        Raises whatever the student's code raises.
        """
        counted = count_lines(ready.function, ready.arguments, self._locate)
        if counted.more:
            return counted
        self._pool.fill(ready.inputs, self.order.getrandbits(32))
        return count_lines(ready.function, ready.arguments, self._locate)

    def try_to_count(self, operation: Operation) -> Count | None:
        """Count one call of the operation in another size; None where that raises."""
        try:
            return self.count(self.build(operation))
        except BaseException:  # student code may raise anything, SystemExit too
            return None


def _locator(subject: Subject) -> Locate:
    if not isinstance(subject, TinyTorchSubject):
        return lambda _code: None
    package = subject.package

    def locate(code: CodeType) -> str | None:
        if is_inside(code.co_filename, (package.location.folder,)):
            return package.display(code.co_filename)
        return None

    return locate


def _holder(layer: Any, name: str) -> _Holder | None:
    value = getattr(layer, name, None)
    if isinstance(value, _ndarray):
        return _Holder(layer, name)
    return _Holder(value, "data") if isinstance(getattr(value, "data", None), _ndarray) else None


def _array(value: object) -> np.ndarray:
    if type(value) is not _ndarray:
        raise StudentCodeError(f"found a {type(value).__name__}, a numpy.ndarray is needed")
    return value


def _facts(role: ArrayRole, array: np.ndarray) -> ArrayFacts:
    flags = array.flags
    return ArrayFacts(role, str(array.dtype), flags.forc, flags.aligned)


def _is_clean(fact: ArrayFacts) -> bool:
    return fact.dtype == "float32" and fact.dense and fact.aligned


# -- lines ---------------------------------------------------------------------------------


def _lines(bench: _Bench, sizes: Sizes, count: Count) -> Lines:
    halvings, base = 0, sizes
    counted: Count | None = count
    while counted is not None and counted.more and halvings < _MOST_HALVINGS:
        halvings += 1
        smaller = sizes.halved(halvings)
        base, counted = Sizes(smaller), bench.try_to_count(smaller)
    growth: tuple[Growth, ...] = ()
    if counted is not None and not counted.more:
        growth = tuple(_growth(bench, base, counted.lines))
    return Lines(count.lines, count.more, growth, halvings, count.busiest)


def _growth(bench: _Bench, sizes: Sizes, lines: int) -> list[Growth]:
    found = []
    for letter, name, size in sizes:
        other = size // 2 if size >= 2 else 2
        counted = bench.try_to_count(sizes.resized({letter: other}))
        if counted is not None and not counted.more:
            found.append(Growth(name, (lines - counted.lines) / (size - other)))
    return found


def _allocations(sizes: Sizes, count: Count) -> Allocations:
    return sort_allocations(
        count.array_sizes,
        count=count.array_count,
        total_bytes=count.array_bytes,
        needed_elements=sizes.needed_elements,
        array_elements=sizes.array_elements,
        makers=count.makers,
    )


# -- times ---------------------------------------------------------------------------------


def _times(bench: _Bench, turns: dict[str, Turn], copied_bytes: int, time_s: float) -> Times:
    copied = np.ones(copied_bytes // 4, dtype=np.float32)
    turns = {**turns, "copy": Turn(copied.copy)}
    ns = time_in_turns(turns, time_s, bench.order)
    return Times(
        subject_ns=ns["subject"],
        smallest_ns=ns.get("smallest"),
        plain_ns=ns.get("plain"),
        cleaned_ns=ns.get("cleaned"),
        product_ns=ns.get("product"),
        native_product_ns=ns.get("native_product"),
        copy_ns=ns["copy"],
        copied_bytes=copied.nbytes,
    )


def _turns(
    bench: _Bench, kernels: _native.Kernels, operation: Operation, *, unclean: bool
) -> dict[str, Turn]:
    """What is timed beside the operation; what the student's code does not take is left out."""
    sizes = Sizes(operation)
    turns = {"subject": bench.build(operation).turn()}
    _add(turns, "smallest", lambda: bench.build(sizes.smallest).turn())
    _add(turns, "plain", lambda: bench.build(operation, NumpySubject()).turn())
    if unclean:
        _add(turns, "cleaned", lambda: _cleaned(bench, operation))
    if sizes.product is not None:
        turns |= _products(kernels, *sizes.product)
    return turns


def _add(turns: dict[str, Turn], name: str, make: Callable[[], Turn | None]) -> None:
    """Add a turn if it can be had: called once, for the student's code may not like it."""
    try:
        turn = make()
        if turn is not None:
            turn.function(*turn.arguments)
            turns[name] = turn
    except BaseException:  # student code may raise anything, SystemExit too
        return


def _cleaned(bench: _Bench, operation: Operation) -> Turn | None:
    """The operation on clean arrays; None where the student's objects do not take them."""
    ready = bench.build(operation)
    holders = [_Holder(argument, "data") for argument in ready.arguments] + ready.parameters()
    if not all(holder.is_clean or holder.clean() for holder in holders):
        return None
    inputs = tuple(holder.array for holder in holders[: len(ready.arguments)])
    return Turn(ready.function, ready.arguments, inputs)


def _products(kernels: _native.Kernels, m: int, k: int, n: int) -> dict[str, Turn]:
    left, right = np.full((m, k), 0.5, np.float32), np.full((k, n), 0.5, np.float32)
    out = np.empty((m, n), np.float32)
    return {
        "product": Turn(_matmul, (left, right)),
        "native_product": Turn(kernels.sgemm(left.data, right.data, out.data)),
    }
