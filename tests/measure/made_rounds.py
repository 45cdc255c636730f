"""Rounds with the times a test asks for."""

from __future__ import annotations

from collections.abc import Sequence

from tito_bench.measure.messages import Reading
from tito_bench.measure.results import Failure, OperationResult, PairedRound
from tito_bench.workloads.operation import Operation

__all__ = ["made_operation", "made_reading", "made_result", "made_round"]

LOOPS = 10


def made_reading(
    call_ns: float, *, wall: float = 1.0, process: float = 1.0, waits: int = 0
) -> Reading:
    """A sample of ten calls; `wall` and `process` are multiples of its CPU time."""
    spent = round(LOOPS * call_ns)
    return Reading(LOOPS, round(wall * spent), spent, round(process * spent), waits)


def made_round(
    subject: Reading | float,
    native: Reading | float = 1000.0,
    dispatch: float = 50.0,
    *,
    others: float = 0.0,
) -> PairedRound:
    """A round; `others` is the CPU time of other threads as a share of the own."""
    sides = [
        side if isinstance(side, Reading) else made_reading(side)
        for side in (subject, native, dispatch)
    ]
    own_ns = sum(side.cpu_ns for side in sides)
    return PairedRound(*sides, own_ns, round(others * own_ns))


def made_operation(
    name: str, group: str = "matmul", *, calls: int = 1, scored: bool = True
) -> Operation:
    """An operation whose shapes do not matter."""
    return Operation(name, group, "matmul", ((2, 2), (2, 2)), calls, scored=scored)


def made_result(
    operation: Operation, rounds: Sequence[PairedRound] = (), failure: Failure | None = None
) -> OperationResult:
    """The result of an operation, by default of nine equal rounds at twice the native time."""
    if not rounds and failure is None:
        rounds = [made_round(2 * (1000.0 + operation.dispatch_calls * 50.0))] * 9
    return OperationResult(operation, tuple(rounds), failure)
