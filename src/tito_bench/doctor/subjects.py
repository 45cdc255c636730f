"""What can be measured: NumPy, and the student's package if there is one.

Both are asked of a worker process, as a measurement does it: student code is
never imported into the process of the doctor.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from tito_bench.errors import WorkerError
from tito_bench.machine.environment import Runtime
from tito_bench.measure.messages import Failed, Load, Loaded, SubjectChoice
from tito_bench.measure.worker_supervisor import Worker, why_not_imported
from tito_bench.note import Note

__all__ = ["PackageFacts", "check_numpy", "check_package"]

_DEADLINE_S = 30.0


class PackageFacts(msgspec.Struct, frozen=True):
    """The student's package; `file` defines its Tensor, `files` what a baseline uses, by name."""

    version: str | None
    file: str | None
    files: dict[str, str]


def check_numpy(
    start_worker: Callable[[], Worker], root: Path
) -> tuple[Runtime | None, list[Note]]:
    """Find what a measuring process is made of, or None where none comes up."""
    answer = _load(start_worker, "numpy", root)
    if isinstance(answer, Loaded):
        return answer.runtime, []
    return None, [Note("no_worker", "breaks", "numpy", answer.reason)]


def check_package(
    start_worker: Callable[[], Worker], root: Path
) -> tuple[PackageFacts | None, list[Note]]:
    """Find the student's package, or None where it cannot be measured: NumPy still can."""
    answer = _load(start_worker, "tinytorch", root)
    if isinstance(answer, Failed):
        if answer.kind == "missing":
            return None, [Note("no_package", "info", "tinytorch", answer.reason)]
        return None, [Note("package_fails", "breaks", "tinytorch", answer.reason)]
    problems = [] if answer.note is None else [answer.note]
    return (
        PackageFacts(answer.version, answer.file, answer.files),
        [Note("package_problems", "info", "tinytorch", problem) for problem in problems],
    )


def _load(
    start_worker: Callable[[], Worker], subject: SubjectChoice, root: Path
) -> Loaded | Failed:
    """Return the worker's answer; what ended or hung it is a failure like any other."""
    try:
        worker = start_worker()
        try:
            answer = worker.ask(Load.of(subject, root), _DEADLINE_S)
        finally:
            worker.kill()
    except WorkerError as error:
        return Failed("crashed", str(error) if subject == "numpy" else why_not_imported(error))
    if isinstance(answer, Loaded | Failed):
        return answer
    return Failed("crashed", f"the measuring process answered {type(answer).__name__} out of turn")
