"""The operations of a subject, built in any size and called under watch. Worker side."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.explain.line_profile import Count, Locate, count_lines
from tito_bench.kinds import kind_of
from tito_bench.measure.evidence import ArrayFacts, ArrayRole
from tito_bench.measure.sampling import Timer
from tito_bench.measure.timing import function_timer
from tito_bench.subjects import Subject
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.student_errors import is_inside
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation

__all__ = ["Holder", "Instrumented", "Ready", "facts_of", "is_clean", "require_ndarray"]

_ndarray = np.ndarray


@dataclass(frozen=True)
class Holder:
    """An attribute that holds an array of parameters."""

    owner: Any
    name: str

    @property
    def array(self) -> np.ndarray:
        return require_ndarray(getattr(self.owner, self.name))

    @property
    def is_clean(self) -> bool:
        """Whether it holds a dense, aligned float32 array already."""
        return is_clean(facts_of("parameter", self.array))

    def clean(self) -> bool:
        """Put a dense, aligned float32 copy in its place; return whether it was taken."""
        setattr(self.owner, self.name, np.array(self.array, dtype=np.float32, order="C"))
        return self.is_clean


@dataclass(frozen=True)
class Ready:
    """One operation with its arguments, and the model that it is made of, if it is one."""

    function: Callable[..., object]
    arguments: tuple[object, ...]
    inputs: tuple[np.ndarray, ...]
    layers: tuple[Any, ...]

    def parameters(self) -> list[Holder]:
        """Find where the parameters are: in `weight` and `bias`, or in the `.data` of these."""
        return [
            holder
            for layer in self.layers
            for name in ("weight", "bias")
            for holder in (_holder(layer, name),)
            if holder is not None
        ]


class Instrumented:
    """Builds operations of the subject in any size, and counts the lines of their calls."""

    def __init__(self, subject: Subject, pool: InputPool, seed: int) -> None:
        """Take inputs from `pool`; `seed` decides them, and the order of what is timed."""
        self._subject = subject
        self.order = random.Random(seed)  # noqa: S311 - orders and contents
        self._pool = pool
        self._locate = _locator(subject)

    def build(self, operation: Operation, subject: Subject | None = None) -> Ready:
        """Build the operation of the subject, or of another. Raises whatever its code raises."""
        kind = kind_of(operation)
        built = (subject or self._subject).operation(kind, kind.weights(operation))
        arrays = tuple(np.empty(shape, dtype=np.float32) for shape in operation.inputs)
        self._pool.fill(arrays, self.order.getrandbits(32))
        arguments = built.arguments(arrays)
        layers = getattr(built, "layers", ())
        return Ready(built.function, arguments, built.inputs(arguments), layers)

    def timer(self, ready: Ready) -> Timer:
        """Return what times the call, with a change of the inputs before each."""
        changes = _native.Perturbation(ready.inputs, self.order.getrandbits(32))
        return function_timer(ready.function, ready.arguments, changes)

    def count(self, ready: Ready) -> Count:
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


def _holder(layer: Any, name: str) -> Holder | None:
    value = getattr(layer, name, None)
    if isinstance(value, _ndarray):
        return Holder(layer, name)
    return Holder(value, "data") if isinstance(getattr(value, "data", None), _ndarray) else None


def require_ndarray(value: object) -> np.ndarray:
    """Return `value` if it is exactly an array. Raises StudentCodeError on anything else."""
    if type(value) is not _ndarray:
        raise StudentCodeError(f"found a {type(value).__name__}, a numpy.ndarray is needed")
    return value


def facts_of(role: ArrayRole, array: np.ndarray) -> ArrayFacts:
    """Return what there is to know of an array that takes that part."""
    flags = array.flags
    return ArrayFacts(role, str(array.dtype), flags.forc, flags.aligned)


def is_clean(fact: ArrayFacts) -> bool:
    """Return whether it is dense, aligned float32."""
    return fact.dtype == "float32" and fact.dense and fact.aligned
