"""Results as a notebook shows them: a fragment of HTML, and text of 80 columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from rich.console import Console

from tito_bench.report.sections.record_report import TableView
from tito_bench.report.templating import template

__all__ = ["Fragment", "fragment_html", "text_of"]

_WIDTH = 80


@dataclass(frozen=True)
class Fragment:
    """What a result shows below its cell; all text may be foreign.

    `headline` is the score, where there is one; `good` says whether `outcome` is, and `tick`
    whether it is the student's; `lines` follow the tables.
    """

    title: str
    headline: str | None
    outcome: str | None
    good: bool
    tables: tuple[TableView, ...]
    lines: tuple[str, ...]
    tick: bool = True


def fragment_html(fragment: Fragment) -> str:
    """Return HTML without script, style sheet or request, to stand in a page of others."""
    return template("notebook.html.jinja").render(fragment=fragment)


def text_of(print_to: Callable[[Console], None]) -> str:
    """Return what `print_to` prints to a terminal of 80 columns, without colours."""
    out = StringIO()
    print_to(Console(file=out, width=_WIDTH, markup=False, emoji=False, highlight=False))
    return out.getvalue().strip("\n")
