"""A capstone as people read it in a terminal: a table for each track, from 40 columns upwards."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tito_bench.records.capstone import CapstoneRecord
from tito_bench.report.capstone_view import CapstoneView, TrackView, capstone_view
from tito_bench.report.outlook import Outlook, next_step
from tito_bench.report.terminal import (
    Symbols,
    outlook_lines,
    print_notes,
    print_subject,
    since_lines,
)
from tito_bench.report.wrapping import Line, print_line
from tito_bench.safe_text import plain, safe_text

__all__ = ["print_capstone"]

_INDENT = "  "
_LONGEST = 400
_TABLE_WIDTH = 76


def print_capstone(
    console: Console,
    record: CapstoneRecord,
    symbols: Symbols,
    saved: str | None,
    *,
    outlook: Outlook | None = None,
    verbose: bool = False,
) -> None:
    """Print the report of `record`; the arguments are those of `print_baseline`."""
    view = capstone_view(record)
    seen = Outlook(next=next_step(record)) if outlook is None else outlook
    console.print()
    console.print(Text(f"{symbols.target}Capstone Benchmark", "bold"))
    for track in view.tracks:
        _print_track(console, track)
    _print_overall(console, view, symbols)
    for line in (*since_lines(seen, symbols, _INDENT), *outlook_lines(seen, symbols)):
        print_line(console, line)
    _print_own(console, view)
    _print_not_measured(console, view)
    facts = record.subject, record.system_info, record.operations, saved
    print_subject(console, *facts, verbose=verbose)
    print_notes(console, record.subject, record.system_info, record.verdict, symbols)


def _print_track(console: Console, track: TrackView) -> None:
    console.print()
    console.print(Text(f"{track.title}: {track.points_text}", "bold"))
    if not track.rows:
        return
    if console.width < _TABLE_WIDTH:
        for row in track.rows:
            console.print(plain(row[0], "bold", _LONGEST))
            for head, cell in zip(track.heads[1:], row[1:], strict=True):
                if cell:
                    print_line(console, _indented(f"{head}: {cell}" if head else cell))
        if track.note:
            print_line(console, _indented(track.note, "dim"))
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for index, head in enumerate(track.heads):
        table.add_column(head, justify="left" if index == 0 else "right", overflow="fold")
    for row in track.rows:
        table.add_row(*(plain(cell, limit=_LONGEST) for cell in row))
    console.print(table)
    if track.note:
        print_line(console, _indented(track.note, "dim"))


def _print_overall(console: Console, view: CapstoneView, symbols: Symbols) -> None:
    console.print()
    if not view.outcome.good:
        console.print(Text(f"{symbols.bad}{view.outcome.text}", "red"))
        return
    mark, style = (symbols.good, "bold green") if view.outcome.tick else (symbols.note, "bold")
    console.print(Text(f"{mark}{view.outcome.text}", style))
    for line in view.course:
        print_line(console, Line("", safe_text(line, _LONGEST)))


def _print_own(console: Console, view: CapstoneView) -> None:
    if view.own is None:
        return
    console.print()
    console.print(Text(view.own.title, "bold"))
    for line in view.own.lines:
        print_line(console, _indented(line))
    if view.own.comparison is not None:
        print_line(console, _indented(view.own.comparison, "bold"))


def _print_not_measured(console: Console, view: CapstoneView) -> None:
    if view.not_measured:
        console.print()
        console.print(Text("Not measured", "bold"))
    for line in (*view.not_measured, *view.modules):
        print_line(console, _indented(line))


def _indented(text: str, style: str = "") -> Line:
    return Line(_INDENT, safe_text(text, _LONGEST), style)
