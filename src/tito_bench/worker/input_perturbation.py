"""How the inputs of an operation change before every call of a loop, and how to replay it.

Whoever remembers earlier calls must not gain by it. One changed element makes
an old result wrong. It does not make all of it wrong: a row of a matrix
product, or one sample of a batch, could still be had from memory, or the old
result be corrected. So where an operation does much more than read its inputs,
every row gets a changed element, and where its calls are long enough for the
clock to be stopped in between, all of the inputs are new.
"""

from __future__ import annotations

from dataclasses import dataclass

from tito_bench import _native
from tito_bench.kinds import kind_of
from tito_bench.subjects.operation import Arrays
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation

__all__ = ["InputPerturbation", "Loop"]

_Perturbation = _native.Perturbation
# Stopping the clock costs the loop 0.3 us, and what is in the caches is another.
_LONG_CALL_NS = 50_000
# Where reading its inputs is most of what an operation does, only a slow one can gain.
_LONG_LIGHT_NS = 5_000_000


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop that ran: `calls` calls, and where their changes came from."""

    seed: int
    whole: bool
    calls: int


class InputPerturbation:
    """The perturbation of one operation's inputs."""

    __slots__ = ("_long_ns", "_pool", "_spread")

    def __init__(self, operation: Operation, pool: InputPool) -> None:
        """Take all new content from `pool`."""
        light = kind_of(operation).mostly_reads_inputs
        self._long_ns = _LONG_LIGHT_NS if light else _LONG_CALL_NS
        self._spread = 1 if light else max(shape[0] for shape in operation.inputs)
        self._pool = pool

    def whole(self, call_ns: float) -> bool:
        """Return whether calls that take `call_ns` get all new inputs each."""
        return call_ns >= self._long_ns

    def of(self, arrays: Arrays, seed: int, whole: bool) -> _native.Perturbation:
        """Return what changes `arrays` before each call of a loop."""
        if whole:
            return _Perturbation(arrays, seed, pool=self._pool.values)
        return _Perturbation(arrays, seed, self._spread)
