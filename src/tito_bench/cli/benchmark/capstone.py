"""`tito-bench benchmark capstone`: the whole performance evaluation of the student's package."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.benchmark.outlook import outlook_of
from tito_bench.cli.benchmark.own_model import own_choice, own_failed
from tito_bench.cli.benchmark.own_model import shape as _shape
from tito_bench.cli.benchmark.record_output import (
    add_record_options,
    check_output,
    check_outputs,
    exit_code,
    offer_submission,
    save,
    say_whose_tito,
)
from tito_bench.cli.benchmark.stale_exports import say_stale_exports
from tito_bench.cli.commands import VERBS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import (
    Subparsers,
    add_common_options,
    check_kernel_target,
    file_path,
    project_root,
    seconds,
)
from tito_bench.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.cli.streams import Streams
    from tito_bench.records.capstone import CapstoneRecord
    from tito_bench.records.project import ProjectRoot

__all__ = ["add_parser", "run"]

_TRACKS = ("speed", "compression", "accuracy", "efficiency")


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "capstone",
        help=VERBS["capstone"],
        description="Measure four models built of your own TinyTorch layers beside native kernels: "
        "speed, compression, accuracy and efficiency. What is not exported yet is named.",
    )
    parser.add_argument(
        "--track",
        choices=(*_TRACKS, "all"),
        default="all",
        help="one track only (default: all)",
    )
    parser.add_argument(
        "--package", type=file_path, metavar="PATH", help="folder of your tinytorch package"
    )
    parser.add_argument(
        "--time-budget", type=seconds, metavar="SECONDS", help="time at most (default: 60)"
    )
    parser.add_argument("--quick", action="store_true", help="about 15 seconds")
    parser.add_argument(
        "--check",
        type=file_path,
        metavar="FILE",
        help="measure nothing: say what does not hold in a submission.json of module 20",
    )
    parser.add_argument(
        "--submission",
        type=file_path,
        metavar="FILE",
        help="write the submission.json of module 20 to FILE: of --model, or else of the mlp",
    )
    own = parser.add_argument_group("your own model")
    own.add_argument(
        "--model",
        metavar="FILE.py:FACTORY",
        help="measure what FACTORY() returns as well: callable, or with a forward",
    )
    own.add_argument(
        "--optimized",
        metavar="FILE.py:FACTORY",
        help="compare it with --model in the same rounds",
    )
    own.add_argument(
        "--input-shape",
        type=_shape,
        metavar="SHAPE",
        help="of one batch, as 1x64 (default: one input of --data)",
    )
    own.add_argument(
        "--data",
        type=file_path,
        metavar="FILE.npz",
        help="inputs x and labels y, for the accuracy",
    )
    add_record_options(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Measure, report, save, and ask about a submission."""
    if options.check is not None:
        if options.submission is not None:
            raise UsageError("--check measures nothing that --submission could write")
        return _check(options, streams)
    from tito_bench.cli.live import live_progress
    from tito_bench.records.project_layout import Layout
    from tito_bench.runs.capstone import QUICK_S, STANDARD_S, measure_capstone

    own = own_choice(options, streams.cwd)
    if options.submission is not None and own is not None and own.data is None:
        raise UsageError("--submission of --model needs --data, for the accuracy")
    if options.submission is not None and options.submission == options.output:
        raise UsageError("--submission and --output name the same file")
    check_kernel_target()
    root = project_root(options, streams)
    check_outputs(Layout(root.path).benchmarks, options.output)
    check_output(options.submission)
    budget_s = options.time_budget or (QUICK_S if options.quick else STANDARD_S)
    say_stale_exports(root.path, options.package, streams)
    with live_progress(streams) as progress:
        record = measure_capstone(
            root.path,
            tracks=_TRACKS if options.track == "all" else (options.track,),
            package=options.package,
            time_s=budget_s,
            own=own,
            metrics=options.submission is not None,
            environ=streams.environ,
            now=streams.now,
            progress=progress,
        )
    return _hand_over(record, root, options, streams)


def _check(options: argparse.Namespace, streams: Streams) -> int:
    """Validate a submission of module 20: exit 1 where something in it does not hold."""
    from tito_bench.capstone.submission_check import check_submission, read_submission
    from tito_bench.safe_text import safe_text

    problems = check_submission(read_submission(options.check))
    name = safe_text(options.check.name)
    if options.json:
        found = [{"where": problem.where, "what": problem.what} for problem in problems]
        streams.write_json({"file": name, "valid": not problems, "problems": found})
    for problem in problems:
        streams.people.write(f"{name}: {problem.where} {problem.what}\n")
    if not problems:
        streams.people.write(f"{name}: all of it holds\n")
    return Exit.FAILED if problems else Exit.OK


def _hand_over(
    record: CapstoneRecord, root: ProjectRoot, options: argparse.Namespace, streams: Streams
) -> int:
    """Show and save a record. What cannot be saved is still shown."""
    from tito_bench.records.capstone import encode_capstone
    from tito_bench.report.capstone import print_capstone
    from tito_bench.report.terminal import Symbols

    data = encode_capstone(record)
    saved, problem = save(data, record.kind, root, options, streams)
    if options.json:
        streams.write_json(record)
    print_capstone(
        streams.console(),
        record,
        Symbols.choose(streams.unicode),
        saved,
        outlook=outlook_of(record, saved, root, streams) if problem is None else None,
        verbose=options.verbose,
    )
    if problem is not None:
        raise problem
    if options.submission is not None:
        _write_course_submission(record, options.submission, streams)
    overall = record.normalized_metrics.overall
    if overall is not None:
        offer_submission(data, root, options, streams)
    status = exit_code(record.verdict.status, overall, options, streams)
    say_whose_tito(streams)
    return Exit.FAILED if own_failed(record) else status


def _write_course_submission(record: CapstoneRecord, file: Path, streams: Streams) -> None:
    """Write the file of module 20, and say for which events of the course it qualifies.

    Raises `StoreError` where it cannot be written, and where there are no figures for it.
    """
    import json

    from tito_bench.capstone.course_submission import course_submission, event_lines
    from tito_bench.capstone.results import SUBMISSION
    from tito_bench.errors import StoreError
    from tito_bench.records.store import show_path, write_atomic
    from tito_bench.safe_text import safe_text

    figures, machine = record.course_metrics, record.system_info.machine
    if figures is None:
        reasons = (f.reason for f in record.not_measured if f.what == SUBMISSION)
        raise StoreError(f"no {file.name} was written: {next(reasons, 'it was not measured')}")
    runtime = record.system_info.runtime
    system = {
        "platform": f"{machine.os} {machine.architecture}",
        "python_version": runtime.python,
        "numpy_version": runtime.numpy,
    }
    document = course_submission(
        figures, system, version=record.subject.version, timestamp=record.created_at
    )
    write_atomic(file, f"{json.dumps(document, indent=2)}\n".encode())
    streams.people.write(f"\nWritten for module 20: {show_path(file)}\n")
    for line in event_lines(figures):
        streams.people.write(f"  {safe_text(line)}\n")
