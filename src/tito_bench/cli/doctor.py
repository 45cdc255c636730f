"""`tito-bench doctor`: what keeps this machine, project or installation from measuring well."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options, any_project_root

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.cli.streams import Streams
    from tito_bench.doctor.diagnosis import Diagnosis
    from tito_bench.measure.worker_process import WorkerProcess

__all__ = ["add_parsers", "run"]


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="Say what is wrong with this machine or installation, and how to repair it.",
        description="Look at the machine, NumPy, the native kernels, your TinyTorch package, the "
        "scripts on PATH and the project's files. Your package is imported, which runs its code; "
        "nothing is changed. Exits 1 if something breaks measuring.",
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Look, and show."""
    from tito_bench.doctor.diagnosis import diagnose
    from tito_bench.report.doctor import print_diagnosis

    root = any_project_root(options, streams)
    streams.people.write("Your package is imported for a look, which runs its code.\n")
    diagnosis = diagnose(
        root.path, streams.environ, lambda: _worker(root.path, streams), streams.now()
    )
    if options.json:
        streams.write_json(_document(diagnosis))
    print_diagnosis(streams.console(), diagnosis)
    return Exit.FAILED if diagnosis.breaks else Exit.OK


def _worker(root: Path, streams: Streams) -> WorkerProcess:
    from tito_bench.machine.environment import describe_machine
    from tito_bench.runs.start_worker import worker_starter

    return worker_starter(root, streams.environ, describe_machine(), "baseline")()


def _document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the diagnosis as JSON, each finding with its words."""
    import msgspec

    from tito_bench.report.wording import words

    document: dict[str, Any] = msgspec.to_builtins(diagnosis)
    for shown, finding in zip(document["findings"], diagnosis.findings, strict=True):
        shown |= words(finding)._asdict()
    return document
