"""Options that every command has, and how a group without a verb behaves."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from tito_bench.cli.exits import Exit
from tito_bench.errors import KernelError

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.cli.streams import Streams
    from tito_bench.records.project import ProjectRoot

__all__ = [
    "DOCUMENTS",
    "Subparsers",
    "add_common_options",
    "add_group",
    "add_verbose",
    "any_project_root",
    "check_kernel_target",
    "file_path",
    "percent",
    "points",
    "project_root",
    "record_count",
    "round_count",
    "seconds",
]

DOCUMENTS = {
    "json": "write one JSON document to stdout and nothing else",
    "csv": "write CSV to stdout and nothing else",
    "markdown": "write a Markdown table to stdout and nothing else",
}
"""What a command can write to stdout for a program to read, in place of text for people."""

_MOST_ROUNDS = 10_000
_MOST_RECORDS = 10_000_000
_A_DAY_S = 86_400
_MOST_PERCENT = 1_000_000

Subparsers = argparse._SubParsersAction  # argparse has no public name for it


def add_common_options(parser: argparse.ArgumentParser, *documents: str) -> None:
    """Add `--project`, `--json`, and the other kinds of DOCUMENTS that are named."""
    parser.add_argument(
        "--project",
        type=file_path,
        metavar="PATH",
        help="project folder (default: TITO_PROJECT, else the nearest one from here upwards)",
    )
    only_one = parser.add_mutually_exclusive_group()
    for name in ("json", *documents):
        only_one.add_argument(f"--{name}", action="store_true", help=DOCUMENTS[name])


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Add `--verbose`."""
    parser.add_argument(
        "--verbose", action="store_true", help="show all facts about code, machine and score"
    )


def add_group(
    subparsers: Subparsers[argparse.ArgumentParser], name: str, summary: str, tito: str = ""
) -> Subparsers[argparse.ArgumentParser]:
    """Add a command that only groups verbs; without a verb it shows its help and exits 2.

    `tito` is what its help says besides where it is called by that name.
    """
    parser = subparsers.add_parser(name, help=summary, description=summary)
    if parser.prog == f"tito {name}":
        parser.epilog = tito

    def show_help(_options: argparse.Namespace, streams: Streams) -> int:
        parser.print_help(streams.err)
        return Exit.USAGE

    parser.set_defaults(run=show_help)
    return parser.add_subparsers(title="commands", metavar="COMMAND")


def project_root(options: argparse.Namespace, streams: Streams) -> ProjectRoot:
    """Return the project of this call; print it once, so that a wrong guess is seen.

    Raises `StoreError` where a folder of its state leads out of it.
    """
    from tito_bench.records.project_layout import Layout

    root = any_project_root(options, streams)
    Layout(root.path).check_folders()
    return root


def any_project_root(options: argparse.Namespace, streams: Streams) -> ProjectRoot:
    """Return the project and print it, whatever is wrong with its folders."""
    from tito_bench.records.project import find_root
    from tito_bench.records.store import show_path

    root = find_root(options.project, streams.environ, streams.cwd)
    streams.people.write(f"Project: {show_path(root.path)} ({root.found_by})\n")
    return root


def check_kernel_target() -> None:
    """Raise `KernelError` where TITO_KERNELS_TARGET names no kernels that run here.

    Asked before a measuring process is started, which could only end over it.
    """
    from tito_bench import _native

    try:
        _native.build_info()
    except _native.TargetError as error:
        raise KernelError(str(error)) from error


def file_path(text: str) -> Path:
    """Parse a path for argparse; pathlib is imported here because `--help` needs none."""
    from pathlib import Path

    return Path(text)


def round_count(text: str) -> int:
    """Parse a whole number from 1 to 10,000 for argparse."""
    return _count(text, _MOST_ROUNDS)


def record_count(text: str) -> int:
    """Parse a whole number from 1 to 10,000,000 for argparse."""
    return _count(text, _MOST_RECORDS)


def _count(text: str, most: int) -> int:
    short = text.isascii() and text.isdigit() and len(text) < 9
    if not short or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
    return int(text)


def percent(text: str) -> float:
    """Parse a percentage from 0 upwards, with or without its sign, for argparse."""
    value = _number(text.removesuffix("%"))
    if not 0 <= value <= _MOST_PERCENT:
        message = f"{text!r} is not a percentage from 0 to {_MOST_PERCENT}"
        raise argparse.ArgumentTypeError(message)
    return value


def points(text: str) -> float:
    """Parse a score from 0 to 100 for argparse."""
    value = _number(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a score from 0 to 100")
    return value


def seconds(text: str) -> float:
    """Parse a number of seconds above 0 and at most a day for argparse."""
    value = _number(text)
    if not 0 < value <= _A_DAY_S:
        message = f"{text!r} is not a number of seconds above 0 and up to {_A_DAY_S}"
        raise argparse.ArgumentTypeError(message)
    return value


def _number(text: str) -> float:
    """Return NaN for what is no number, as for "nan": neither is within any range."""
    try:
        return float(text)
    except ValueError:
        return math.nan
