"""`bench`: one function or class of a notebook, before it is exported."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from tito_bench.api.gathered_source import gather_source
from tito_bench.api.results import Shown
from tito_bench.api.runs import StrPath, project_of, silent
from tito_bench.errors import SubjectError
from tito_bench.measure.messages import Code
from tito_bench.measure.schedule import QUICK
from tito_bench.measure.suite_runner import Progress
from tito_bench.measure.summary import OperationSummary, SuiteSummary
from tito_bench.report.notebook import Fragment
from tito_bench.report.numbers import duration, times
from tito_bench.report.sections.record_report import TableView
from tito_bench.report.wrapping import aligned
from tito_bench.runs.code import measure_code, operations_of_kind

__all__ = ["Bench", "bench"]

_HEADS = ("", "yours", "native", "slowdown", "")
_TIME_S = 20.0


@dataclass(frozen=True)
class Bench(Shown):
    """What `bench` measured: `summary` is all of it."""

    name: str
    summary: SuiteSummary
    reasons: tuple[tuple[str, str], ...]
    """Why an operation was not measured, by its name."""

    @property
    def score(self) -> float | None:
        """0 to 100; None where something failed, or nothing could be measured."""
        return self.summary.score

    @property
    def slowdowns(self) -> dict[str, float | None]:
        """How many times longer than native each operation took; None where it was not measured."""
        return {
            op.operation.name: None if op.timing is None else op.timing.slowdown
            for op in self.summary.operations
        }

    def fragment(self) -> Fragment:
        """Return score and table."""
        table = TableView(f"{self.name} beside the native kernels", _HEADS, tuple(self._rows()))
        good = self.score is not None
        outcome = None if good else "No score: something failed"
        return Fragment(self.name, self._headline(), outcome, good, (table,), ())

    def __str__(self) -> str:
        """Return score and table as text."""
        lines = aligned([_HEADS, *self._rows()], {1, 2, 3})
        return "\n".join([f"{self.name}: {self._headline()}", *(line.rstrip() for line in lines)])

    def _headline(self) -> str:
        return "none" if self.score is None else f"{self.score:.0f}/100"

    def _rows(self) -> list[tuple[str, ...]]:
        return [self._row(op) for op in self.summary.operations]

    def _row(self, op: OperationSummary) -> tuple[str, ...]:
        title, timing = op.operation.name.replace("_", " "), op.timing
        if timing is None:
            reason = dict(self.reasons).get(op.operation.name, "no time left")
            return title, "", "", "", f"not measured ({reason})"
        figures = duration(timing.subject_ns / 1e6), duration(timing.reference_ns / 1e6)
        return title, *figures, times(timing.slowdown), ""


def bench(
    thing: object,
    kind: str,
    project: StrPath | None = None,
    *,
    time_budget_s: float = _TIME_S,
    progress: Callable[[Progress], None] = silent,
) -> Bench:
    """Measure a function or class that was never exported, in a process of its own.

    It is sent by its source, with the functions and classes of the notebook that it uses;
    modules are imported there again. Nothing is saved.

    Parameters
    ----------
    thing
        A function of the inputs of the kind, and after them its parameters: `matmul(a, b)`,
        `mlp(x, w1, b1, w2, b2)`. It gets NumPy arrays, or Tensors where it uses a class of
        that name. Or a class of the course, such as Tensor or Linear, which then stands in
        place of your package's.
    kind
        "add", "mul", "matmul", "mlp", "cnn" or "transformer".
    project
        The project whose package the code may import; by default the nearest one.
    time_budget_s
        Seconds at most.
    progress
        Called with each step of the measurement.

    Raises
    ------
    SubjectError
        It is no function or class, cannot be sent, or fails; one line says why, and where.
    UsageError
        There is no such kind.
    """
    operations_of_kind(kind)
    source = gather_source(thing)
    try:
        summary = measure_code(
            project_of(project),
            Code(source.name, source.text),
            kind=kind,
            budget=replace(QUICK, time_s=time_budget_s),
            environ=os.environ,
            progress=progress,
        )
    except SubjectError as error:
        raise SubjectError(source.located(str(error))) from None
    reasons = tuple(
        (op.operation.name, source.located(op.failure.reason))
        for op in summary.operations
        if op.failure is not None
    )
    return Bench(source.name, summary, reasons)
