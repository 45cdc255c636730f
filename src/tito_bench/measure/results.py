"""What a run hands over to the score: readings, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass

from tito_bench.measure.messages import FailureKind, Loaded, Reading
from tito_bench.score import Work
from tito_bench.workloads.operation import Operation

__all__ = ["HARMLESS", "Failure", "OperationResult", "PairedRound", "SuiteResult"]


HARMLESS = frozenset({"missing", "slow"})
"""Kinds of failure that leave a score: none of them can be brought about to raise it."""


@dataclass(frozen=True)
class PairedRound:
    """The readings of one operation in one round, taken within milliseconds of each other.

    The CPU times are those of the measuring thread, and of all other threads
    of the worker, from before the first reading to after the last.

    `whole_subject` and `whole_native` are all slices of a sample together, of which
    `subject` and `native` are the fastest. Which of stopped and waiting a thread was
    cannot be told from slices that were chosen for not having been stopped.
    A round that is read from a record has none. `dispatch_change` is how many times as long as
    before the import the smallest array call took, beside the pace of the CPU.
    """

    subject: Reading
    native: Reading
    dispatch: Reading
    own_cpu_ns: int
    others_cpu_ns: int
    whole_subject: Reading | None = None
    whole_native: Reading | None = None
    dispatch_change: float = 1.0


@dataclass(frozen=True)
class Failure:
    """Why an operation was not measured; `reason` is one line for people."""

    kind: FailureKind
    reason: str


@dataclass(frozen=True)
class OperationResult:
    """All rounds of one operation; a failed one may have some from before it failed.

    `work` is what one call does; None where it failed before that was known.
    """

    operation: Operation
    rounds: tuple[PairedRound, ...]
    failure: Failure | None = None
    work: Work | None = None


@dataclass(frozen=True)
class SuiteResult:
    """What a whole run measured.

    `processes_started` counts what the subject had running beside it when its
    worker was ended.
    """

    subject: Loaded
    operations: tuple[OperationResult, ...]
    processes_started: int = 0
