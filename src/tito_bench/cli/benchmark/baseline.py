"""`tito-bench benchmark baseline`: the first measurement, within seconds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.benchmark.outlook import outlook_of
from tito_bench.cli.benchmark.record_output import (
    add_record_options,
    check_outputs,
    exit_code,
    offer_submission,
    save,
    say_whose_tito,
)
from tito_bench.cli.benchmark.stale_exports import say_stale_exports
from tito_bench.cli.commands import VERBS
from tito_bench.cli.options import (
    Subparsers,
    add_common_options,
    check_kernel_target,
    file_path,
    project_root,
    round_count,
    seconds,
)

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.measure.schedule import Budget
    from tito_bench.records.benchmark import BenchmarkRecord
    from tito_bench.records.project import ProjectRoot

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "baseline",
        help=VERBS["baseline"],
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
    add_record_options(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Measure, report, save, and ask about a submission."""
    from tito_bench.cli.live import live_progress
    from tito_bench.records.project_layout import Layout
    from tito_bench.runs.baseline import measure_baseline

    check_kernel_target()
    root = project_root(options, streams)
    check_outputs(Layout(root.path).benchmarks, options.output)
    if options.subject != "numpy":
        say_stale_exports(root.path, options.package, streams)
    with live_progress(streams) as progress:
        record = measure_baseline(
            root.path,
            subject=options.subject,
            package=options.package,
            budget=_budget(options),
            environ=streams.environ,
            now=streams.now,
            progress=progress,
            meanwhile=_import_what_shows,
        )
    return _hand_over(record, root, options, streams)


def _import_what_shows() -> None:
    """Import what makes and shows a record: the measuring process takes longer to start."""
    from importlib import import_module

    needed = (
        *("community.progress", "doctor.scripts", "machine.findings", "machine.probe"),
        *("measure.verdict", "records.benchmark", "records.calibration", "report.terminal"),
        *("runs.operation_place", "runs.whose_code"),
    )
    for name in needed:
        import_module(f"tito_bench.{name}")


def _budget(options: argparse.Namespace) -> Budget:
    from dataclasses import replace

    from tito_bench.measure.schedule import QUICK, STANDARD

    budget = QUICK if options.quick else STANDARD
    if options.rounds is not None:
        budget = replace(budget, rounds=options.rounds, passes=1)
    if options.time_budget is not None:
        budget = replace(budget, time_s=options.time_budget)
    return budget


def _hand_over(
    record: BenchmarkRecord, root: ProjectRoot, options: argparse.Namespace, streams: Streams
) -> int:
    """Show and save a record. What cannot be saved is still shown."""
    from tito_bench.records.benchmark import encode_record
    from tito_bench.report.terminal import Symbols, print_baseline

    data = encode_record(record)
    saved, problem = save(data, record.kind, root, options, streams)
    if options.json:
        streams.write_json(record)
    print_baseline(
        streams.console(),
        record,
        Symbols.choose(streams.unicode),
        saved,
        outlook=outlook_of(record, saved, root, streams) if problem is None else None,
        verbose=options.verbose,
    )
    if problem is not None:
        raise problem
    score = record.normalized_metrics.score
    if score is not None:
        offer_submission(data, root, options, streams)
    status = exit_code(record.verdict.status, score, options, streams)
    say_whose_tito(streams)
    return status
