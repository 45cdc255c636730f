"""`tito-bench benchmark report`: one record as a page, a picture or a card to share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.benchmark.record_output import check_output
from tito_bench.cli.commands import VERBS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import (
    Subparsers,
    add_common_options,
    add_verbose,
    file_path,
    project_root,
)
from tito_bench.cli.record_selector import naming_skipped
from tito_bench.errors import StoreError, UsageError
from tito_bench.records.record_words import RECORD_WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.cli.streams import Streams
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.read import Chosen, History, Record
    from tito_bench.report.sections.record_report import RecordReport

__all__ = ["add_parser", "run"]

_STDOUT = "-"
_FORMS = {"html": "Page", "png": "Picture", "svg": "Picture", "card": "Calibration"}


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "report",
        help=VERBS["report"],
        description="Show a record again, or write it as one self-contained page with score, "
        "roofline, rounds, learning curve and history; as a picture; or as a card to share.",
    )
    parser.add_argument(
        "record",
        nargs="?",
        default="latest",
        metavar="RECORD",
        help=f"{RECORD_WORDS} (default: latest)",
    )
    parser.add_argument(
        "--type", choices=("baseline", "capstone"), help="the latest, or the day's, of this kind"
    )
    parser.add_argument(
        "--html", type=file_path, metavar="FILE", help="write one page; - is standard output"
    )
    parser.add_argument("--png", type=file_path, metavar="FILE", help="draw it (extra: png)")
    parser.add_argument("--svg", type=file_path, metavar="FILE", help="draw it")
    parser.add_argument(
        "--card",
        type=file_path,
        metavar="FILE",
        help="write a card to share, as SVG; as PNG where FILE ends in .png (extra: png)",
    )
    parser.add_argument(
        "--show-cohort", action="store_true", help="name your cohort on the card (default: no)"
    )
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")
    add_verbose(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Read, draw, write."""
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.read import choose_record, read_history

    if options.show_cohort and options.card is None:
        raise UsageError("--show-cohort needs --card FILE")
    if str(options.html) == _STDOUT:
        if options.json:
            raise UsageError("--html - and --json both write to standard output; name a FILE")
        streams = streams.for_json(True)
    outputs = _outputs(options)
    layout = Layout(project_root(options, streams).path)
    now = streams.now()
    history = read_history(layout.benchmarks, now)
    with naming_skipped(history, streams):
        chosen = choose_record(options.record, history, streams.cwd, now, options.type)
        if outputs:
            _write(chosen.record, history, layout, outputs, options, streams)
        else:
            _show(chosen, layout, options, streams)
    if options.json:
        streams.write_json(chosen.record)
    return Exit.OK


def _outputs(options: argparse.Namespace) -> dict[str, Path]:
    """Return the files that are asked for, by form; checked before anything is read."""
    named = {form: getattr(options, form) for form in _FORMS}
    outputs = {form: path for form, path in named.items() if path is not None}
    if len({path.absolute() for path in outputs.values()}) < len(outputs):
        raise UsageError("two outputs are to be written to the same FILE; name two")
    for form, path in outputs.items():
        if form == "html" and str(path) == _STDOUT:
            continue
        check_output(path)
        if path.exists() and not options.force:
            from tito_bench.records.store import show_path

            raise StoreError(f"{show_path(path)} exists; name another file, or add --force")
    return outputs


def _write(
    record: Record,
    history: History,
    layout: Layout,
    outputs: dict[str, Path],
    options: argparse.Namespace,
    streams: Streams,
) -> None:
    """Draw everything first: where one form fails, no file is written."""
    from tito_bench.records.calibration import calibration_path, stored_calibration
    from tito_bench.records.filesystem import SharedFileSystem
    from tito_bench.records.store import show_path, write_atomic, write_new
    from tito_bench.report.history_view import history_view
    from tito_bench.report.sections.record_report import record_report

    report = record_report(
        record,
        stored_calibration(calibration_path(layout.root)),
        history_view(history, record.kind),
    )
    cohort = _cohort(layout, streams) if options.show_cohort else None
    drawn = {form: _drawn(form, path, report, cohort) for form, path in outputs.items()}
    for form, path in outputs.items():
        if form == "html" and str(path) == _STDOUT:
            streams.write_document(drawn[form].decode())
            continue
        (write_atomic if options.force else write_new)(path, drawn[form], SharedFileSystem())
        kilobytes = -(-len(drawn[form]) // 1000)
        streams.people.write(f"{_FORMS[form]}: {show_path(path)} ({kilobytes} kB)\n")


def _drawn(form: str, path: Path, report: RecordReport, cohort: str | None) -> bytes:
    if form == "html":
        from tito_bench.report.html.page import render_page

        return render_page(report).encode()
    if form == "card":
        from tito_bench.report.share_card import share_card

        svg = share_card(report, cohort)
    else:
        from tito_bench.report.html.picture import picture_svg

        svg = picture_svg(report)
    if form == "png" or (form == "card" and path.suffix.lower() == ".png"):
        from tito_bench.report.png import png_of

        return png_of(svg)
    return svg.encode()


def _cohort(layout: Layout, streams: Streams) -> str:
    """Return the cohort in the profile. Raises `UsageError` where there is none."""
    from tito_bench.community.profile import PROFILE
    from tito_bench.records.documents import Documents

    document = Documents(streams.now).load(PROFILE, layout.profile)
    cohort = None if document is None else document.value.context.cohort
    if not cohort:
        raise UsageError("--show-cohort: you are in none; join one with: tito-bench community join")
    return cohort


def _show(chosen: Chosen, layout: Layout, options: argparse.Namespace, streams: Streams) -> None:
    """Print the report of the terminal once more."""
    from tito_bench.records.benchmark import BenchmarkRecord
    from tito_bench.records.store import show_path
    from tito_bench.report.capstone import print_capstone
    from tito_bench.report.terminal import Symbols, print_baseline

    console, symbols = streams.console(), Symbols.choose(streams.unicode)
    inside = chosen.path.is_relative_to(layout.root)
    saved = layout.shown(chosen.path) if inside else show_path(chosen.path)
    if isinstance(chosen.record, BenchmarkRecord):
        print_baseline(console, chosen.record, symbols, saved, verbose=options.verbose)
    else:
        print_capstone(console, chosen.record, symbols, saved, verbose=options.verbose)
