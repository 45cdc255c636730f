"""`tito-bench benchmark calibrate`: what this machine can do, kept as its card."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.benchmark.record_output import check_outputs, first_problem
from tito_bench.cli.commands import VERBS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import (
    Subparsers,
    add_common_options,
    check_kernel_target,
    file_path,
    project_root,
)
from tito_bench.errors import CorruptFile

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.records.calibration import Calibration
    from tito_bench.records.documents import Documents
    from tito_bench.records.project import ProjectRoot

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "calibrate",
        help=VERBS["calibrate"],
        description="Measure the native kernels, memory bandwidth, array calls and clocks of this "
        "machine, and keep them as its card in .tinytorch/calibration.json.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer sizes and rounds")
    parser.add_argument(
        "--output", type=file_path, metavar="FILE", help="write the card to FILE as well"
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Measure, save and show."""
    from tito_bench.cli.live import live_progress
    from tito_bench.records.documents import Documents
    from tito_bench.records.project_layout import Layout
    from tito_bench.runs.calibrate import QUICK, STANDARD, calibrate

    check_kernel_target()
    root = project_root(options, streams)
    documents = Documents(streams.now)
    check_outputs(Layout(root.path).own, options.output)
    _check_stored(root, documents, streams)
    with live_progress(streams) as progress:
        card = calibrate(
            root.path,
            effort=QUICK if options.quick else STANDARD,
            environ=streams.environ,
            now=streams.now,
            progress=progress,
        )
    return _hand_over(card, root, documents, options, streams)


def _check_stored(root: ProjectRoot, documents: Documents, streams: Streams) -> None:
    """Find out before the measurement that the old card would be in the way.

    A corrupt one has then been set aside, which is said; one of a newer
    version raises `NewerSchema`.
    """
    from tito_bench.records.calibration import CALIBRATION, calibration_path

    try:
        documents.load(CALIBRATION, calibration_path(root.path))
    except CorruptFile as error:
        streams.people.write(f"{error}\n")


def _hand_over(
    card: Calibration,
    root: ProjectRoot,
    documents: Documents,
    options: argparse.Namespace,
    streams: Streams,
) -> int:
    """Save and show a card. What cannot be saved is still shown."""
    from tito_bench.records.calibration import CALIBRATION, calibration_path
    from tito_bench.records.schema import encode
    from tito_bench.records.store import write_atomic
    from tito_bench.report.calibration_text import print_calibration

    path, saved = calibration_path(root.path), None
    data = encode(CALIBRATION, card)

    def keep() -> None:
        nonlocal saved
        documents.update(CALIBRATION, path, lambda _old: card)
        saved = path.relative_to(root.path).as_posix()

    def write_output() -> None:
        if options.output is not None:
            write_atomic(options.output, data)

    problem = first_problem(keep, write_output)
    if options.json:
        import msgspec

        streams.write_json(msgspec.Raw(data))
    print_calibration(streams.console(), card, saved)
    if problem is not None:
        raise problem
    return Exit.OK
