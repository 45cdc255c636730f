"""`tito-bench benchmark explain`: where the time of an operation goes, and what would mend it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tito_bench.cli.benchmark.record_output import say_whose_tito
from tito_bench.cli.benchmark.stale_exports import say_stale_exports
from tito_bench.cli.commands import VERBS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import (
    Subparsers,
    add_common_options,
    add_verbose,
    check_kernel_target,
    file_path,
    project_root,
    seconds,
)
from tito_bench.errors import UsageError

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.workloads.operation import Operation

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "explain",
        help=VERBS["explain"],
        description="Measure the operations of the baseline once more, in short, and look into "
        "what takes their time. Nothing is saved.",
    )
    parser.add_argument(
        "operation",
        nargs="?",
        metavar="OPERATION",
        help="one operation, such as matmul_100, in detail (default: all, in short)",
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
        "--time-budget",
        type=seconds,
        metavar="SECONDS",
        help="time at most for the rounds (default: 5)",
    )
    add_verbose(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Measure, look, and show; exit code 1 where nothing could be measured."""
    operations = _chosen(options.operation)

    from dataclasses import replace

    from tito_bench.cli.live import live_progress
    from tito_bench.measure.schedule import QUICK
    from tito_bench.report.explain import print_explanation
    from tito_bench.report.terminal import Symbols
    from tito_bench.runs.explain import explain

    check_kernel_target()
    root = project_root(options, streams)
    budget = QUICK
    if options.time_budget is not None:
        budget = replace(budget, time_s=options.time_budget)
    if options.subject != "numpy":
        say_stale_exports(root.path, options.package, streams)
    with live_progress(streams) as progress:
        explanation = explain(
            root.path,
            subject=options.subject,
            package=options.package,
            operations=operations,
            budget=budget,
            environ=streams.environ,
            progress=progress,
        )
    if options.json:
        streams.write_json(explanation)
    print_explanation(
        streams.console(),
        explanation,
        Symbols.choose(streams.unicode),
        detailed=options.operation is not None,
        verbose=options.verbose,
    )
    say_whose_tito(streams)
    measured = any(operation.split is not None for operation in explanation.operations)
    return Exit.OK if measured else Exit.FAILED


def _chosen(word: str | None) -> tuple[Operation, ...]:
    """Return the operations that `word` names. Raises `UsageError` where it names none."""
    from tito_bench.did_you_mean import did_you_mean
    from tito_bench.safe_text import safe_text
    from tito_bench.workloads.baseline import BASELINE
    from tito_bench.workloads.suites import OPERATIONS

    if word is None:
        return BASELINE
    name = word.strip().lower().replace(" ", "_").replace("-", "_")
    if name in OPERATIONS:
        return (OPERATIONS[name],)
    meant = did_you_mean(name, OPERATIONS)
    raise UsageError(
        f"there is no operation {safe_text(word)!r}; {meant}{meant and ' '}"
        f"there are {', '.join(OPERATIONS)}"
    )
