"""A baseline as people read it in a terminal, from 40 columns upwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tito_bench.machine.reference import reference_name
from tito_bench.records.benchmark import BenchmarkRecord, SubjectRecord, SystemInfo, VerdictRecord
from tito_bench.report.safe_text import safe_text
from tito_bench.report.view import BaselineView, Row, baseline_view, milliseconds
from tito_bench.report.wording import explain_all

__all__ = ["Symbols", "print_baseline", "print_notes", "print_subject"]

_TABLE_WIDTH = 80
_INDENT = "   "
_LONGEST = 400  # characters of one reason or note


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


@dataclass(frozen=True)
class _Line:
    """A line with its first part set apart: what is wrapped is indented to the end of it."""

    head: str
    text: str
    style: str = ""


def print_baseline(
    console: Console, record: BenchmarkRecord, symbols: Symbols, saved: str | None
) -> None:
    """Print the report of `record`; `saved` says where it is kept, if it is."""
    view = baseline_view(record)
    rows = _wide_rows if console.width >= _TABLE_WIDTH else _narrow_rows
    blocks = (
        [_Line(symbols.target, "Baseline Benchmark", "bold")],
        [*rows(view, symbols), _score(view, symbols)],
        [_closing(record, view, symbols)],
        [*_facts(record, view, saved)],
        [*_notes(record.subject, record.system_info, record.verdict, symbols)],
    )
    for block in blocks:
        if block:
            console.print()
        for line in block:
            _print_wrapped(console, line)


def _print_wrapped(console: Console, line: _Line) -> None:
    hang = cell_len(line.head)
    head = line.head
    for part in _wrapped(line.text, console.width - hang):
        console.print(Text(head + part, line.style), soft_wrap=True)
        head = " " * hang


def _wrapped(text: str, width: int) -> Iterator[str]:
    """The text in lines of at most `width` cells.

    A word that is longer, such as a path, stays whole, so that it can be copied.
    """
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


# -- the table -----------------------------------------------------------------


def _wide_rows(view: BaselineView, symbols: Symbols) -> Iterator[_Line]:
    title = f"{symbols.chart}Your Baseline Performance:"
    title += " " * (44 - cell_len(title))
    yield _Line("", f"{title}{'native':>8}  {'slowdown':>9}", "bold")
    bullet = f"{_INDENT}{symbols.bullet}"
    for row in view.rows:
        if row.subject_ms is None or row.reference_ms is None or row.slowdown is None:
            yield _not_measured(bullet, row)
            continue
        text = f"{row.title}:".ljust(27 - cell_len(bullet))
        text += symbols.time + milliseconds(row.subject_ms)
        text += " " * max(1, 42 - cell_len(bullet + text))
        text += f"{milliseconds(row.reference_ms):>10}  {row.slowdown:>8.1f}x"
        text += "" if row.scored else "  not scored"
        yield _Line(bullet, text, "" if row.scored else "dim")


def _narrow_rows(view: BaselineView, symbols: Symbols) -> Iterator[_Line]:
    yield _Line(symbols.chart, "Your Baseline Performance:", "bold")
    bullet = f"{_INDENT}{symbols.bullet}"
    for row in view.rows:
        if row.subject_ms is None or row.reference_ms is None or row.slowdown is None:
            yield _not_measured(bullet, row)
            continue
        style = "" if row.scored else "dim"
        yield _Line(bullet, f"{row.title}: {symbols.time}{milliseconds(row.subject_ms)}", style)
        native = f"native {milliseconds(row.reference_ms)}, {row.slowdown:.1f}x"
        native += "" if row.scored else ", not scored"
        yield _Line(" " * cell_len(bullet), native, style)


def _not_measured(bullet: str, row: Row) -> _Line:
    return _Line(bullet, f"{row.title}: not measured ({safe_text(row.reason or '', _LONGEST)})")


def _score(view: BaselineView, symbols: Symbols) -> _Line:
    if view.score is None:
        shown = "none"
    else:
        shown = f"{view.score:.0f}/100"
        if not view.complete:
            shown += f" ({view.groups_scored} of {view.groups_total} groups)"
    return _Line(f"{_INDENT}{symbols.bullet}", f"Score: {shown}", "bold")


# -- what it means ---------------------------------------------------------------


def _closing(record: BenchmarkRecord, view: BaselineView, symbols: Symbols) -> _Line:
    if record.verdict.status == "invalid":
        return _Line(symbols.bad, "Setup is not verified: an operation failed.", "red")
    if view.score is None:
        return _Line(symbols.bad, "Nothing could be measured.", "red")
    if not view.complete:
        text = "Works so far: the rest comes with later modules."
    elif _fell_back(record):
        text = "Setup verified and working! This was plain NumPy, not your own code."
    else:
        text = "Setup verified and working!"
    return _Line(symbols.good, text, "green")


def _fell_back(record: BenchmarkRecord) -> bool:
    """Whether NumPy was measured because the student's package could not be."""
    return record.subject.name == "numpy" and record.subject.note is not None


def print_subject(
    console: Console, subject: SubjectRecord, system: SystemInfo, saved: str | None
) -> None:
    """Print whose files were measured, on what, and where the record is."""
    console.print()
    for line in (*_origin(subject, system), *_kept(saved)):
        _print_wrapped(console, line)


def _origin(subject: SubjectRecord, system: SystemInfo) -> Iterator[_Line]:
    runtime = system.runtime
    version = f" {safe_text(subject.version)}" if subject.version else ""
    yield _fact(f"Subject: {subject.name}{version}")
    for file in dict.fromkeys(subject.files.values()):
        names = ", ".join(name for name, path in subject.files.items() if path == file)
        yield _Line(_INDENT, safe_text(f"{names} from {file}", _LONGEST))
    yield _fact(f"CPU: {system.machine.cpu_model}; kernels: {runtime.kernel_target}")
    blas = f"{runtime.blas or 'unknown BLAS'} {runtime.blas_architecture or ''}".strip()
    threads = "unknown" if runtime.blas_threads is None else str(runtime.blas_threads)
    yield _fact(f"NumPy {runtime.numpy}, {blas}, BLAS threads: {threads}")


def _facts(record: BenchmarkRecord, view: BaselineView, saved: str | None) -> Iterator[_Line]:
    yield from _origin(record.subject, record.system_info)
    interval = record.normalized_metrics.score_interval
    if interval is not None:
        yield _fact(f"95% interval of the score: {interval[0]:.1f} to {interval[1]:.1f}")
    elsewhere = [
        f"{row.title} {milliseconds(row.elsewhere_ms)}"
        for row in view.rows
        if row.elsewhere_ms is not None
    ]
    if elsewhere:
        # Raw times, but all on one machine: the only ones that people can compare.
        yield _fact(f"On the reference machine ({reference_name()}) about: {', '.join(elsewhere)}")
    yield from _kept(saved)


def _kept(saved: str | None) -> Iterator[_Line]:
    if saved is not None:
        yield _fact(f"Saved: {saved}")


def _fact(text: str) -> _Line:
    return _Line("", safe_text(text, _LONGEST))


def print_notes(
    console: Console,
    subject: SubjectRecord,
    system: SystemInfo,
    verdict: VerdictRecord,
    symbols: Symbols,
) -> None:
    """Print what there is to doubt in a result, and what to do about it."""
    notes = list(_notes(subject, system, verdict, symbols))
    if notes:
        console.print()
    for line in notes:
        _print_wrapped(console, line)


def _notes(
    subject: SubjectRecord, system: SystemInfo, verdict: VerdictRecord, symbols: Symbols
) -> Iterator[_Line]:
    if subject.note:
        yield _Line(symbols.note, safe_text(subject.note, _LONGEST), "yellow")
    told = {reason.code for reason in verdict.reasons}
    warnings = [
        finding
        for finding in system.environment
        if finding.severity != "info" and finding.code not in told
    ]
    for sentence in explain_all([*verdict.reasons, *warnings]):
        yield _Line(symbols.note, safe_text(sentence, _LONGEST), "yellow")
