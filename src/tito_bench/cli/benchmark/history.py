"""`tito-bench benchmark history`: all records of the project, oldest to newest."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.commands import VERBS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options, project_root, record_count

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.report.history_view import HistoryView

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "history",
        help=VERBS["history"],
        description="List the records of the project with score and 95% interval, and draw the "
        "score over time. Records whose score means something else than that of the newest are "
        "marked: other kernels, another subject, operations defined otherwise.",
    )
    parser.add_argument("--type", choices=("baseline", "capstone"), help="records of one kind only")
    parser.add_argument("--limit", type=record_count, metavar="N", help="the newest N only")
    add_common_options(parser, "csv", "markdown")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Read and show."""
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.read import read_history
    from tito_bench.report.history_view import history_view

    root = project_root(options, streams)
    history = read_history(Layout(root.path).benchmarks, streams.now())
    view = history_view(history, options.type, options.limit)
    _show(view, options, streams)
    return Exit.OK


def _show(view: HistoryView, options: argparse.Namespace, streams: Streams) -> None:
    from tito_bench.report.history_terminal import history_lines, skipped_lines
    from tito_bench.report.history_view import COLUMNS
    from tito_bench.report.table import csv_text, markdown_table

    width = streams.console().width
    lines: list[str] = []
    if options.json:
        streams.write_json(view)
    elif options.csv:
        streams.write_document(csv_text(COLUMNS, view.records))
    elif options.markdown:
        streams.write_document(markdown_table(COLUMNS, view.records))
    elif view.records:
        lines += history_lines(view, width, streams.unicode)
    if not view.records:
        named = f"{options.type} records" if options.type else "records"
        verb = options.type or "baseline"
        streams.people.write(f"No {named} yet; run: tito-bench benchmark {verb}\n")
    lines += skipped_lines(view.skipped, width)
    streams.people.write("".join(f"{line}\n" for line in lines))
