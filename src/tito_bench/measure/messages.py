"""What the measuring process and its worker say to each other.

One JSON document a line. The parent asks, the worker answers exactly once; before an answer
stands its seal, by a key that was sent before the first question.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from tito_bench.machine.environment import Runtime
from tito_bench.measure.evidence import Evidence
from tito_bench.measure.task_figures import CustomModelChoice, Figures
from tito_bench.score import Work
from tito_bench.subjects.code_origin import CodeOrigin

__all__ = [
    "Answer",
    "Assess",
    "Assessed",
    "BlasProblem",
    "Code",
    "Failed",
    "FailureKind",
    "Inspect",
    "Inspected",
    "Load",
    "Loaded",
    "Measure",
    "Measured",
    "Prepare",
    "Prepared",
    "Purpose",
    "Question",
    "Reading",
    "ReferenceName",
    "References",
    "Side",
    "Step",
    "SubjectChoice",
    "counted_ns",
]

Side = Literal["subject", "native", "dispatch"]
SubjectChoice = Literal["auto", "numpy", "tinytorch"]
Purpose = Literal["baseline", "capstone", "explain"]
"""What a worker is asked for: it loads no code of ours for anything else."""
ReferenceName = Literal["kernel", "blas"]
"""What an operation is held against: our kernel, or the BLAS that NumPy uses."""
BlasProblem = Literal["missing", "wrong", "threads"]
"""Why NumPy's BLAS is no reference: no C interface, wrong results, or more threads than one."""
FailureKind = Literal["missing", "raised", "incorrect", "tampered", "crashed", "timeout", "slow"]
"""Why an operation has no time: not exported yet, an exception, a wrong result, the
measuring code was replaced, the worker died or answered nonsense, or took too long; "slow"
is a timeout in whose place a smaller batch counts."""


_CLEARLY_SLOWER = 1.02
"""So many times as long as the BLAS a kernel must take to stand back."""
_SEVERAL_THREADS = 1.1
"""The process spent 10% more CPU time than the thread: others worked beside it."""


def counted_ns(cpu_ns: int, process_cpu_ns: int) -> int:
    """Return the CPU time that a sample is charged with: what other programs cannot inflate.

    That of all threads where several worked: they do not come free.
    """
    return process_cpu_ns if process_cpu_ns > _SEVERAL_THREADS * cpu_ns else cpu_ns


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One sample to take: `warmup` untimed calls, then `loops` timed ones."""

    side: Side
    warmup: int
    loops: int


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """One timed loop.

    `waits` counts the voluntary context switches of the thread: it slept, or
    waited for a lock or another process. -1 where the system does not tell.
    """

    loops: int
    wall_ns: int
    cpu_ns: int
    process_cpu_ns: int
    waits: int

    @property
    def counted_ns(self) -> int:
        """CPU time of the sample, of all threads where several worked."""
        return counted_ns(self.cpu_ns, self.process_cpu_ns)

    @property
    def call_ns(self) -> float:
        """CPU time of one call."""
        return self.counted_ns / self.loops

    @property
    def elapsed_ns(self) -> float:
        """Time of one call by the wall clock, and never less than its CPU time."""
        return max(self.wall_ns / self.loops, self.call_ns)

    @property
    def spent_ns(self) -> float:
        """What one call takes: by the wall clock only where the thread waited by itself.

        A thread that was stopped by others meanwhile has not become slower.
        """
        return self.elapsed_ns if self.waits > 0 else self.call_ns

    @property
    def preemption(self) -> float:
        """Wall time over CPU time; above 1 when the thread was not running."""
        return self.wall_ns / max(1, self.cpu_ns)


class References(msgspec.Struct, frozen=True):
    """Which native code was the faster one, before any code of the student's was there.

    `ratios` says how many times as long as NumPy's BLAS our kernel takes, by operation;
    without products there is nothing to choose. `problem` says why there are none at all.
    """

    ratios: dict[str, float] = {}
    problem: BlasProblem | None = None

    def name_of(self, operation: str) -> ReferenceName:
        """Return what `operation` is held against. A tie is the kernel's, not the noise's."""
        return "blas" if self.ratios.get(operation, 0.0) > _CLEARLY_SLOWER else "kernel"


class Code(msgspec.Struct, frozen=True):
    """The text of a module that defines `name`: code that stands in no file."""

    name: str
    text: str


class Load(msgspec.Struct, frozen=True, tag=True):
    """Import the subject. `package` points at a student package, if given.

    With `code`, what it defines is measured: a function by itself, a class in place of that
    of the package.

    Before that the native references of `operations` are chosen, but for `references`
    that an earlier worker has found. Paths are bytes: a name need not be UTF-8.
    """

    subject: SubjectChoice
    root: bytes
    package: bytes | None = None
    operations: tuple[str, ...] = ()
    references: References | None = None
    code: Code | None = None

    @classmethod
    def of(
        cls,
        subject: SubjectChoice,
        root: Path,
        package: Path | None = None,
        operations: Iterable[str] = (),
        code: Code | None = None,
    ) -> Load:
        """Return the question for these paths."""
        named = None if package is None else os.fsencode(package)
        return cls(subject, os.fsencode(root), named, tuple(operations), code=code)


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Build one operation for the subject and natively, and compare them once."""

    operation: str
    seed: int


class Measure(msgspec.Struct, frozen=True, tag=True):
    """Take samples of one operation, on inputs made from `seed`, in this order.

    With `meter`, one call before them is looked at line by line.
    """

    operation: str
    seed: int
    steps: tuple[Step, ...]
    meter: bool = False


class Assess(msgspec.Struct, frozen=True, tag=True):
    """Do one task of the capstone, in about `time_s` seconds at most.

    `task` is a key of `capstone.tasks.TASKS`, `model` one of the suite where
    the task is about a model, and `own` says which model the task `own` is about;
    `seed` decides all random choices.
    """

    task: str
    model: str
    seed: int
    time_s: float
    own: CustomModelChoice | None = None


class Inspect(msgspec.Struct, frozen=True, tag=True):
    """Look at one operation for what takes its time; timing takes about `time_s` seconds.

    With `time_s` 0 nothing is timed, and a call that runs too many lines of Python is cut short.
    """

    operation: str
    seed: int
    time_s: float


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """The subject is there. `note` says why `auto` chose it, and what is to be said of it.

    `dispatch_pace` is what the smallest array call took beside the pace of the CPU, before any
    code of the student's was there. `origin` is read from the files afterwards, where no code of
    the subject's runs.
    """

    name: str
    version: str | None
    file: str | None
    files: dict[str, str]
    fingerprint: str | None
    note: str | None
    runtime: Runtime
    references: References = References()
    origin: CodeOrigin | None = None
    dispatch_pace: float = 0.0

    def remarking(self, remarks: Iterable[str]) -> Loaded:
        """Return it with `remarks` after the note, each of them once."""
        lines = dict.fromkeys([*([] if self.note is None else [self.note]), *remarks])
        return msgspec.structs.replace(self, note="; ".join(lines) or None)


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """The operation is ready and its result is right.

    `first` timed that one call; `files` are the student's files it uses, by name;
    `work` is what one call does; `remarks` what was noticed of the code so far.
    """

    first: Reading
    files: dict[str, str]
    work: Work
    remarks: tuple[str, ...] = ()


class Measured(msgspec.Struct, frozen=True, tag=True):
    """The readings, in the order of the steps.

    `own_cpu_ns` is the CPU time of the measuring thread over the whole
    question, `others_cpu_ns` that of all other threads of the worker.
    `interpreter_share` is that of the call that was `metered`, and otherwise what is left of
    that of trying out; `processes` counts the child processes, running or ended, that were
    there at the end. `dispatch_pace` is that of `Loaded`, now; 0 where it was not taken.
    """

    readings: tuple[Reading, ...]
    own_cpu_ns: int
    others_cpu_ns: int
    interpreter_share: float | None = None
    processes: int = 0
    metered: bool = False
    dispatch_pace: float = 0.0


class Assessed(msgspec.Struct, frozen=True, tag=True):
    """What a task of the capstone found, and the student's files that it used, by name.

    `remarks` are what was noticed of the code so far, and `fingerprint` is that of all modules
    of the package that were imported by then.
    """

    figures: Figures
    files: dict[str, str]
    remarks: tuple[str, ...] = ()
    fingerprint: str | None = None


class Inspected(msgspec.Struct, frozen=True, tag=True):
    """What was seen of an operation."""

    evidence: Evidence


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The question could not be answered; `reason` is one line for people."""

    kind: FailureKind
    reason: str


Question = Load | Prepare | Measure | Assess | Inspect
Answer = Loaded | Prepared | Measured | Assessed | Inspected | Failed
