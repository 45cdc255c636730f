"""What the functions return: the record, and how a notebook shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.records.explanation import Explanation
from tito_bench.report.capstone import print_capstone
from tito_bench.report.comparison_text import HEADS, comparison_cells, comparison_lines
from tito_bench.report.comparison_view import ComparisonView
from tito_bench.report.explain import print_explanation
from tito_bench.report.history_terminal import (
    TITLES,
    history_cells,
    history_lines,
    skipped_lines,
)
from tito_bench.report.history_view import HistoryView
from tito_bench.report.notebook import Fragment, fragment_html, text_of
from tito_bench.report.numbers import times
from tito_bench.report.outlook import next_step
from tito_bench.report.sections.record_report import TableView, record_report
from tito_bench.report.terminal import Symbols, print_baseline
from tito_bench.report.wording import words

__all__ = ["Baseline", "Capstone", "Comparison", "Explained", "History", "Shown"]

_SYMBOLS = Symbols.choose(unicode=True)
_WIDTH = 80


class Shown(ABC):
    """A result that a notebook shows as a table, and `print` as the command would."""

    @abstractmethod
    def fragment(self) -> Fragment:
        """Return what is shown below a cell."""

    @abstractmethod
    def __str__(self) -> str:
        """Return what the command prints, at 80 columns."""

    def _repr_html_(self) -> str:
        return fragment_html(self.fragment())


@dataclass(frozen=True)
class Baseline(Shown):
    """A baseline: `record` is all of it; `path` is where it was saved, if it was."""

    record: BenchmarkRecord
    path: Path | None

    @property
    def score(self) -> float | None:
        """0 to 100; None where something failed, or nothing could be measured."""
        return self.record.normalized_metrics.score

    @property
    def slowdowns(self) -> dict[str, float | None]:
        """How many times longer than native each group took; None where it was not measured."""
        return dict(self.record.normalized_metrics.slowdowns)

    def fragment(self) -> Fragment:
        """Return score, table, and what there is to doubt."""
        return _of_record("Baseline", self.record)

    def __str__(self) -> str:
        """Return the command's report."""

        def show(console: Console) -> None:
            print_baseline(console, self.record, _SYMBOLS, _name(self.path))

        return text_of(show)


@dataclass(frozen=True)
class Capstone(Shown):
    """A capstone: `record` is all of it; `path` is where it was saved, if it was."""

    record: CapstoneRecord
    path: Path | None

    @property
    def score(self) -> float | None:
        """The mean of the tracks, 0 to 100; None where none was measured."""
        return self.record.normalized_metrics.overall

    @property
    def tracks(self) -> dict[str, float | None]:
        """The points of each track, 0 to 100; None where it was not measured."""
        return dict(self.record.normalized_metrics.tracks)

    def fragment(self) -> Fragment:
        """Return score, a table for each track, and what there is to doubt."""
        return _of_record("Capstone", self.record)

    def __str__(self) -> str:
        """Return the command's report."""

        def show(console: Console) -> None:
            print_capstone(console, self.record, _SYMBOLS, _name(self.path))

        return text_of(show)


@dataclass(frozen=True)
class Explained(Shown):
    """Where the time goes: `explanation` is all of it."""

    explanation: Explanation

    def fragment(self) -> Fragment:
        """Return each operation with its slowdown, what it costs, and its first cause."""
        rows: list[tuple[str, ...]] = []
        remedies: dict[str, None] = {}
        for operation in self.explanation.operations:
            slowdown = "" if operation.split is None else times(operation.split.slowdown)
            lost = operation.points_lost
            cause, remedy = words(operation.causes[0]) if operation.causes else ("", "")
            if operation.failure is not None:
                cause = f"not measured ({operation.failure.reason})"
            points = "" if lost is None else f"{max(0.0, lost):.1f}"
            rows.append((operation.name.replace("_", " "), slowdown, points, cause))
            if remedy:
                remedies[remedy] = None
        heads = ("", "slowdown", "points", "likely cause")
        table = TableView("Those that cost most of the score first", heads, tuple(rows))
        return Fragment("Where the time goes", None, None, True, (table,), tuple(remedies))

    def __str__(self) -> str:
        """Return the command's report."""
        detailed = len(self.explanation.operations) == 1

        def show(console: Console) -> None:
            print_explanation(console, self.explanation, _SYMBOLS, detailed=detailed)

        return text_of(show)


@dataclass(frozen=True)
class Comparison(Shown):
    """What is faster and what slower after than before."""

    view: ComparisonView

    def fragment(self) -> Fragment:
        """Return the operations, and what is to be said of them."""
        table = TableView(self.view.summary, HEADS, tuple(comparison_cells(self.view)))
        notes = tuple(note.text() for note in self.view.notes)
        return Fragment("Before and after", None, None, True, (table,), notes)

    def __str__(self) -> str:
        """Return the command's report."""
        return "\n".join(comparison_lines(self.view, _WIDTH, None)).strip("\n")


@dataclass(frozen=True)
class History(Shown):
    """All records of a project, oldest to newest."""

    view: HistoryView

    def fragment(self) -> Fragment:
        """Return the records, and the files that are none."""
        table = TableView("Oldest to newest", (*TITLES, ""), tuple(history_cells(self.view)))
        skipped = tuple(f"{file.file}: {file.reason}" for file in self.view.skipped)
        return Fragment("History", None, None, True, (table,), skipped)

    def __str__(self) -> str:
        """Return the command's report."""
        lines = [*history_lines(self.view, _WIDTH, unicode=True)] if self.view.records else []
        return "\n".join([*lines, *skipped_lines(self.view.skipped, _WIDTH)]).strip("\n")


def _of_record(title: str, record: BenchmarkRecord | CapstoneRecord) -> Fragment:
    report = record_report(record, None, HistoryView((), 0, ()))
    own = report.own
    more = (line for lines in own.more for line in (f"{lines.title}:", *lines.lines))
    step = next_step(record)
    return Fragment(
        title,
        own.score_text,
        own.outcome.text,
        own.outcome.good,
        own.tables,
        tuple(
            filter(
                None,
                (
                    step and f"Next: {step}",
                    *report.origin.whose,
                    own.loops,
                    *more,
                    *report.notes,
                ),
            )
        ),
        own.outcome.tick,
    )


def _name(path: Path | None) -> str | None:
    return None if path is None else "/".join(path.parts[-3:])
