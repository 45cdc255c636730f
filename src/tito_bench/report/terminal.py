"""A baseline as people read it in a terminal, from 40 columns upwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console

from tito_bench.measure.verdict import Verdict
from tito_bench.records.benchmark import BenchmarkRecord, SubjectRecord, SystemInfo
from tito_bench.report.numbers import duration, local_moment, times
from tito_bench.report.outlook import Outlook, next_step
from tito_bench.report.view import (
    BaselineView,
    Referred,
    Row,
    baseline_view,
    notes_of,
    origin_of,
    reference_text,
)
from tito_bench.report.wording import LOOPS_IN_SHORT, SINCE
from tito_bench.report.wrapping import Line, print_line
from tito_bench.safe_text import safe_text

__all__ = [
    "Symbols",
    "outlook_lines",
    "print_baseline",
    "print_notes",
    "print_subject",
    "since_lines",
]

_TABLE_WIDTH = 80
_INDENT = "   "
_LONGEST = 400  # characters of one reason or note
_CHANGES = {"better": "green", "worse": "yellow", "unchanged": ""}


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
    praise: str
    next: str
    arrow: str

    @classmethod
    def choose(cls, unicode: bool) -> Symbols:
        """Return emoji where the terminal can show them, ASCII elsewhere."""
        if unicode:
            return cls("🎯 ", "📊 ", "• ", "⚡ ", "✅ ", "❌ ", "💡 ", "🎉 ", "👉 ", "→")
        return cls("", "", "* ", "", "[ok] ", "[failed] ", "note: ", "", "", "->")


def print_baseline(
    console: Console,
    record: BenchmarkRecord,
    symbols: Symbols,
    saved: str | None,
    *,
    outlook: Outlook | None = None,
    verbose: bool = False,
) -> None:
    """Print the report of `record`; `saved` says where it is kept, if it is.

    `outlook` is what to say of the way to it and from it, by default what the record alone
    tells. `verbose` prints all facts.
    """
    view = baseline_view(record)
    seen = Outlook(next=next_step(record)) if outlook is None else outlook
    rows = _wide_rows if console.width >= _TABLE_WIDTH else _narrow_rows
    blocks = (
        [Line(symbols.target, "Baseline Benchmark", "bold")],
        [*rows(view, symbols), _score(view, symbols), *since_lines(seen, symbols, _INDENT + "  ")],
        [] if verbose else [*_loops(view)],
        [_closing(view, symbols), *outlook_lines(seen, symbols)],
        [*_facts(record, view, saved, verbose=verbose)],
        [*_notes(record.subject, record.system_info, record.verdict, symbols)],
    )
    for block in blocks:
        if block:
            console.print()
        for line in block:
            print_line(console, line)


def since_lines(outlook: Outlook, symbols: Symbols, indent: str) -> Iterator[Line]:
    """Yield what became of the score; better and worse are told by the sign, and in colour."""
    since = outlook.since
    if since is None:
        return
    text = SINCE[since.change].format(
        before=f"{since.before:.0f}",
        after=f"{since.after:.0f}",
        arrow=symbols.arrow,
        when=local_moment(since.at, since.until),
        points=f"{round(since.after) - round(since.before):+d}",
    )
    note = f"; {since.note}" if since.note else ""
    yield Line(indent, f"{text}{note}", _CHANGES[since.change])


def outlook_lines(outlook: Outlook, symbols: Symbols) -> Iterator[Line]:
    """Yield a kind word where something was reached, and what to do next."""
    if outlook.course:
        yield Line("", safe_text(outlook.course, _LONGEST))
    for text in outlook.praise:
        yield Line(symbols.praise, safe_text(text, _LONGEST))
    if outlook.next is not None:
        yield Line(symbols.next, f"Next: {safe_text(outlook.next, _LONGEST)}", "bold")


# -- the table -----------------------------------------------------------------


def _wide_rows(view: BaselineView, symbols: Symbols) -> Iterator[Line]:
    title = f"{symbols.chart}Your Baseline Performance:"
    title += " " * (44 - cell_len(title))
    yield Line("", f"{title}{'native':>8}  {'slowdown':>9}", "bold")
    bullet = f"{_INDENT}{symbols.bullet}"
    for row in view.rows:
        if row.subject_ms is None or row.reference_ms is None or row.slowdown is None:
            yield _not_measured(bullet, row)
            continue
        text = f"{row.title}:".ljust(27 - cell_len(bullet))
        text += symbols.time + duration(row.subject_ms)
        text += " " * max(1, 42 - cell_len(bullet + text))
        text += f"{duration(row.reference_ms):>10}  {times(row.slowdown):>9}"
        text += f"  {remark}" if (remark := _remark(row)) else ""
        yield Line(bullet, text, "" if row.scored else "dim")


def _narrow_rows(view: BaselineView, symbols: Symbols) -> Iterator[Line]:
    yield Line(symbols.chart, "Your Baseline Performance:", "bold")
    bullet = f"{_INDENT}{symbols.bullet}"
    for row in view.rows:
        if row.subject_ms is None or row.reference_ms is None or row.slowdown is None:
            yield _not_measured(bullet, row)
            continue
        style = "" if row.scored else "dim"
        yield Line(bullet, f"{row.title}: {symbols.time}{duration(row.subject_ms)}", style)
        native = f"native {duration(row.reference_ms)}, {times(row.slowdown)}"
        native += f", {remark}" if (remark := _remark(row)) else ""
        yield Line(" " * cell_len(bullet), native, style)


def _loops(view: BaselineView) -> Iterator[Line]:
    if any(row.looped and row.scored for row in view.rows):
        yield Line(f"{_INDENT}loops: ", LOOPS_IN_SHORT, "dim")


def _remark(row: Row) -> str:
    if not row.scored:
        return "not scored"
    return "loops" if row.looped else ""


def _not_measured(bullet: str, row: Row) -> Line:
    return Line(bullet, f"{row.title}: not measured ({safe_text(row.reason or '', _LONGEST)})")


def _score(view: BaselineView, symbols: Symbols) -> Line:
    return Line(f"{_INDENT}{symbols.bullet}", f"Score: {view.score_text}", "bold")


# -- what it means ---------------------------------------------------------------


def _closing(view: BaselineView, symbols: Symbols) -> Line:
    if not view.outcome.tick:
        return Line(symbols.note, view.outcome.text)
    if view.outcome.good:
        return Line(symbols.good, view.outcome.text, "green")
    return Line(symbols.bad, view.outcome.text, "red")


def print_subject(
    console: Console,
    subject: SubjectRecord,
    system: SystemInfo,
    operations: Sequence[Referred],
    saved: str | None,
    *,
    verbose: bool = False,
) -> None:
    """Print whose files were measured, on what, and where the record is.

    All that is known of it where `verbose`, else in two lines.
    """
    console.print()
    for line in (*_origin(subject, system, operations, verbose=verbose), *_kept(saved)):
        print_line(console, line)


def _origin(
    subject: SubjectRecord, system: SystemInfo, operations: Sequence[Referred], *, verbose: bool
) -> Iterator[Line]:
    origin = origin_of(subject, system)
    if not verbose:
        yield from map(_fact, (*origin.brief, *origin.whose))
        return
    yield _fact(f"Subject: {origin.subject}")
    for file in origin.files:
        yield Line(_INDENT, safe_text(file, _LONGEST))
    for line in origin.whose:
        yield _fact(line)
    yield _fact(f"CPU: {origin.cpu}")
    yield _fact(origin.libraries)
    reference = reference_text(system, operations)
    if reference is not None:
        yield _fact(reference)


def _facts(
    record: BenchmarkRecord, view: BaselineView, saved: str | None, *, verbose: bool
) -> Iterator[Line]:
    yield from _origin(record.subject, record.system_info, record.operations, verbose=verbose)
    for fact in (
        f"95% interval of the score: {view.interval}" if view.interval is not None else None,
        view.elsewhere,
        view.loops,
    ):
        if verbose and fact is not None:
            yield _fact(fact)
    yield from _kept(saved)


def _kept(saved: str | None) -> Iterator[Line]:
    if saved is not None:
        yield _fact(f"Saved: {saved}")


def _fact(text: str) -> Line:
    return Line("", safe_text(text, _LONGEST))


def print_notes(
    console: Console,
    subject: SubjectRecord,
    system: SystemInfo,
    verdict: Verdict,
    symbols: Symbols,
) -> None:
    """Print what there is to doubt in a result, and what to do about it."""
    notes = list(_notes(subject, system, verdict, symbols))
    if notes:
        console.print()
    for line in notes:
        print_line(console, line)


def _notes(
    subject: SubjectRecord, system: SystemInfo, verdict: Verdict, symbols: Symbols
) -> Iterator[Line]:
    for note in notes_of(subject, system, verdict):
        yield Line(symbols.note, safe_text(note, _LONGEST), "yellow")
