"""`tito-bench benchmark compare A B`: what is faster and what is slower after than before."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.commands import VERBS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options, percent, project_root
from tito_bench.cli.record_selector import naming_skipped
from tito_bench.records.record_words import RECORD_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tito_bench.cli.streams import Streams
    from tito_bench.report.comparison_view import ComparisonView


__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "compare",
        help=VERBS["compare"],
        description="Compare record B (after) with record A (before), operation by operation: "
        "the ratio of their slowdowns with its 95% interval, and faster, slower or not "
        "separated. Also across machines, because slowdowns are relative to the native "
        "kernels of each.",
    )
    for name, default in (("A", "latest~1"), ("B", "latest")):
        parser.add_argument(
            name,
            nargs="?",
            default=default,
            metavar=f"RECORD_{name}",
            help=f"{RECORD_WORDS} (default: {default})",
        )
    parser.add_argument(
        "--type", choices=("baseline", "capstone"), help="count records of this kind only"
    )
    parser.add_argument(
        "--fail-on-regression",
        type=percent,
        metavar="PERCENT",
        help="exit 1 if something scored is separated and more than PERCENT slower, or lost, "
        "or another subject was measured",
    )
    add_common_options(parser, "csv", "markdown")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Choose, compare, show and judge."""
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.read import choose_pair, read_history
    from tito_bench.records.repeated_runs import learned_drifts
    from tito_bench.report.comparison_view import comparison_view
    from tito_bench.report.regression import regressions

    folder, now = Layout(project_root(options, streams).path).benchmarks, streams.now()
    history = read_history(folder, now)
    with naming_skipped(history, streams):
        before, after = choose_pair((options.A, options.B), history, streams.cwd, now, options.type)
        drifts = learned_drifts(
            folder,
            history.entries,
            before.entry,
            after.entry,
            now,
            left_out=lambda error: streams.people.write(f"{error} (not learned from)\n"),
        )
        view = comparison_view(before.record, after.record, before.entry, after.entry, drifts)
        asked = options.fail_on_regression
        worse = None if asked is None else regressions(view, asked)
        _show(view, worse, options, streams)
    return Exit.FAILED if worse else Exit.OK


def _show(
    view: ComparisonView,
    worse: Sequence[str] | None,
    options: argparse.Namespace,
    streams: Streams,
) -> None:
    from tito_bench.report.comparison_text import comparison_lines, comparison_markdown
    from tito_bench.report.comparison_view import COLUMNS
    from tito_bench.report.table import csv_text

    if options.json:
        import msgspec

        notes = [{"code": note.code, "text": note.text()} for note in view.notes]
        streams.write_json({**msgspec.to_builtins(view), "notes": notes, "regressions": worse})
    elif options.csv:
        streams.write_document(csv_text(COLUMNS, view.rows))
    elif options.markdown:
        streams.write_document(comparison_markdown(view, worse))
    else:
        for line in comparison_lines(view, streams.console().width, worse):
            streams.people.write(f"{line}\n")
    if streams.json:
        for line in worse or ():
            streams.people.write(f"Regression: {line}\n")
