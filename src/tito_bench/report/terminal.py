"""A baseline as people read it in a terminal, from 40 columns upwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.report.safe_text import plain, safe_text
from tito_bench.report.view import BaselineView, Row, baseline_view, milliseconds
from tito_bench.report.wording import explain

__all__ = ["Symbols", "print_baseline"]

_TABLE_WIDTH = 64
_INDENT = "   "


@dataclass(frozen=True)
class Symbols:
    """The marks in front of lines; meaning is never carried by them alone."""

    target: str
    chart: str
    bullet: str
    time: str
    good: str
    bad: str
    note: str

    @classmethod
    def choose(cls, unicode: bool) -> Symbols:
        """Emoji where the terminal can show them, ASCII elsewhere."""
        if unicode:
            return cls("🎯 ", "📊 ", "• ", "⚡ ", "✅ ", "❌ ", "💡 ")
        return cls("", "", "* ", "", "[ok] ", "[failed] ", "note: ")


def print_baseline(
    console: Console, record: BenchmarkRecord, symbols: Symbols, saved: str | None
) -> None:
    """Print the report of `record`; `saved` says where it is kept, if it is."""
    view = baseline_view(record)
    console.print(Text(f"\n{symbols.target}Baseline Benchmark\n", style="bold"))
    if console.width >= _TABLE_WIDTH:
        lines = _wide_lines(view, symbols)
    else:
        lines = _narrow_lines(view, symbols)
    for line in lines:
        console.print(line)
    console.print(Text(f"{_INDENT}{symbols.bullet}Score: {_score(view)}", style="bold"))
    console.print()
    console.print(_closing(record, view, symbols))
    console.print()
    for line in _facts(record, saved):
        console.print(line)
    for reason in record.verdict.reasons:
        console.print(plain(f"{symbols.note}{explain(reason)}", style="yellow", limit=400))


def _wide_lines(view: BaselineView, symbols: Symbols) -> Iterator[Text]:
    title = f"{symbols.chart}Your Baseline Performance:"
    yield Text(f"{title}{' ' * (44 - cell_len(title))}{'native':>8}  {'slowdown':>9}", style="bold")
    for row in view.rows:
        head = f"{_INDENT}{symbols.bullet}{row.title}: "
        if row.subject_ms is None or row.reference_ms is None or row.slowdown is None:
            yield _not_measured(head, row)
            continue
        head += " " * max(0, 27 - cell_len(head)) + symbols.time
        text = f"{head}{milliseconds(row.subject_ms)}"
        text += " " * max(1, 42 - cell_len(text))
        text += f"{milliseconds(row.reference_ms):>10}  {row.slowdown:>8.1f}x"
        yield _row_text(text, row)


def _narrow_lines(view: BaselineView, symbols: Symbols) -> Iterator[Text]:
    yield Text(f"{symbols.chart}Your Baseline Performance:", style="bold")
    for row in view.rows:
        head = f"{_INDENT}{symbols.bullet}{row.title}: "
        if row.subject_ms is None or row.reference_ms is None or row.slowdown is None:
            yield _not_measured(head, row)
            continue
        yield _row_text(f"{head}{symbols.time}{milliseconds(row.subject_ms)}", row)
        native = f"native {milliseconds(row.reference_ms)}, {row.slowdown:.1f}x"
        yield _row_text(f"{_INDENT}  {native}", row)


def _row_text(text: str, row: Row) -> Text:
    if row.scored:
        return Text(text)
    return Text(f"{text}  (not scored)", style="dim")


def _not_measured(head: str, row: Row) -> Text:
    return Text(head + "not measured (") + plain(row.reason or "") + Text(")")


def _score(view: BaselineView) -> str:
    if view.score is None:
        return "none"
    shown = f"{view.score:.0f}/100"
    if view.complete:
        return shown
    return f"{shown} ({view.groups_scored} of {view.groups_total} groups)"


def _closing(record: BenchmarkRecord, view: BaselineView, symbols: Symbols) -> Text:
    if record.verdict.status == "invalid":
        return Text(f"{symbols.bad}Setup is not verified: an operation failed.", style="red")
    if view.score is None:
        return Text(f"{symbols.bad}Nothing could be measured.", style="red")
    if not view.complete:
        return Text(f"{symbols.good}Works so far: the rest comes with later modules.", style="green")
    return Text(f"{symbols.good}Setup verified and working!", style="green")


def _facts(record: BenchmarkRecord, saved: str | None) -> Iterator[Text]:
    subject, runtime = record.subject, record.system_info.runtime
    version = f" {safe_text(subject.version)}" if subject.version else ""
    yield plain(f"Subject: {subject.name}{version}")
    for file in dict.fromkeys(subject.files.values()):
        names = ", ".join(name for name, path in subject.files.items() if path == file)
        yield _indented(f"{names} from {file}")
    if subject.note:
        yield _indented(subject.note)
    yield plain(f"CPU: {record.system_info.machine.cpu_model}; kernels: {runtime.kernel_target}")
    blas = f"{runtime.blas or 'unknown BLAS'} {runtime.blas_architecture or ''}".strip()
    threads = "unknown" if runtime.blas_threads is None else str(runtime.blas_threads)
    yield plain(f"NumPy {runtime.numpy}, {blas}, BLAS threads: {threads}")
    if saved is not None:
        yield plain(f"Saved: {saved}", limit=4096)


def _indented(text: str) -> Text:
    return Text(_INDENT) + plain(text)
