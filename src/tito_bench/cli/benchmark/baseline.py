"""`tito-bench benchmark baseline`: the first measurement, within seconds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import (
    Subparsers,
    add_common_options,
    check_kernel_target,
    file_path,
    project_root,
    round_count,
    seconds,
)
from tito_bench.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.cli.streams import Streams
    from tito_bench.measure.plan import Budget
    from tito_bench.records.benchmark import BenchmarkRecord
    from tito_bench.records.project import ProjectRoot

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "baseline",
        help="quick check: how close your code runs to this machine's native speed",
        description="Measure tensor operations, matrix products and a forward pass beside native "
        "kernels, in the same rounds on this machine, and score the ratio.",
    )
    parser.add_argument(
        "--subject",
        choices=("auto", "numpy", "tinytorch"),
        default="auto",
        help="whose code: your TinyTorch package, plain NumPy, or whichever works (default: auto)",
    )
    parser.add_argument(
        "--package", type=file_path, metavar="PATH", help="folder of your tinytorch package"
    )
    parser.add_argument(
        "--rounds",
        type=round_count,
        metavar="N",
        help="rounds to take; fewer where time is short",
    )
    parser.add_argument(
        "--time-budget", type=seconds, metavar="SECONDS", help="time at most (default: 20)"
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--strict", action="store_true", help="exit 3 if the result is not stable")
    parser.add_argument(
        "--output", type=file_path, metavar="FILE", help="write the record to FILE as well"
    )
    submit = parser.add_mutually_exclusive_group()
    submit.add_argument(
        "--submit", action="store_true", help="prepare a submission without being asked"
    )
    submit.add_argument("--skip-submit", action="store_true", help="never ask about a submission")
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Measure, report, save, and ask about a submission."""
    from tito_bench.measure.run import measure_baseline
    from tito_bench.report.live import live_progress

    check_kernel_target()
    root = project_root(options, streams)
    if options.output is not None:
        _check_output(options.output)
    with live_progress(streams) as progress:
        record = measure_baseline(
            root.path,
            subject=options.subject,
            package=options.package,
            budget=_budget(options),
            environ=streams.environ,
            now=streams.now,
            progress=progress,
        )
    return _hand_over(record, root, options, streams)


def _budget(options: argparse.Namespace) -> Budget:
    from dataclasses import replace

    from tito_bench.measure.plan import QUICK, STANDARD

    budget = QUICK if options.quick else STANDARD
    if options.rounds is not None:
        budget = replace(budget, rounds=options.rounds, passes=1)
    if options.time_budget is not None:
        budget = replace(budget, time_s=options.time_budget)
    return budget


def _check_output(path: Path) -> None:
    """Fail before the measurement, not after it, where FILE cannot be written."""
    from tito_bench.records.store import check_writable, show_path

    if path.exists() and not path.is_file() and not path.is_dir():
        # It would be replaced, not written to.
        raise StoreError(f"cannot write {show_path(path)}: it is a device; name a file")
    check_writable(path)


def _hand_over(
    record: BenchmarkRecord, root: ProjectRoot, options: argparse.Namespace, streams: Streams
) -> int:
    """Show and save a record. What cannot be saved is still shown."""
    from tito_bench.records.benchmark import encode_record
    from tito_bench.records.store import add_stamped, write_atomic
    from tito_bench.report.terminal import Symbols, print_baseline

    data = encode_record(record)
    path, problem = None, None
    try:
        folder = root.path / ".tito" / "benchmarks"
        path = add_stamped(folder, record.kind, streams.now(), data)
        if options.output is not None:
            write_atomic(options.output, data)
    except StoreError as error:
        problem = error
    saved = None if path is None else path.relative_to(root.path).as_posix()
    if options.json:
        streams.write_json(record)
    print_baseline(streams.console(), record, Symbols.choose(streams.unicode), saved)
    if problem is not None:
        raise problem
    if record.normalized_metrics.score is not None:
        _offer_submission(data, root, options, streams)
    return _exit_code(record, options)


def _offer_submission(
    record: bytes, root: ProjectRoot, options: argparse.Namespace, streams: Streams
) -> None:
    """Ask whether to prepare a submission; without a terminal only `--submit` does."""
    if options.skip_submit:
        return
    if not options.submit:
        if options.json or not streams.is_interactive():
            return
        streams.people.write("\n")
        question = "Prepare a submission? It stays on this machine."
        if not streams.confirm(question, flag="--submit or --skip-submit"):
            return
    from tito_bench.records.submission import SubmissionChoices, write_submission

    written = write_submission(root.path, record, SubmissionChoices(), streams.now())
    shown = written.relative_to(root.path).as_posix()
    streams.people.write(f"\nSubmission prepared: {shown}\nNothing left this machine.\n")


def _exit_code(record: BenchmarkRecord, options: argparse.Namespace) -> int:
    if record.verdict.status == "invalid" or record.normalized_metrics.score is None:
        return Exit.FAILED
    if options.strict and record.verdict.status == "unstable":
        return Exit.UNSTABLE
    return Exit.OK
