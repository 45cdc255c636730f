"""Options that every command has, and how a group without a verb behaves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tito_bench.cli.exits import Exit

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.records.project import ProjectRoot

__all__ = [
    "Subparsers",
    "add_common_options",
    "add_group",
    "positive_int",
    "positive_seconds",
    "project_root",
]

Subparsers = argparse._SubParsersAction  # argparse has no public name for it


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add `--project` and `--json`."""
    parser.add_argument(
        "--project",
        type=Path,
        metavar="PATH",
        help="project folder (default: TITO_PROJECT, else the nearest one from here upwards)",
    )
    parser.add_argument(
        "--json", action="store_true", help="write one JSON document to stdout and nothing else"
    )


def add_group(
    subparsers: Subparsers[argparse.ArgumentParser], name: str, summary: str
) -> Subparsers[argparse.ArgumentParser]:
    """Add a command that only groups verbs; without a verb it shows its help and exits 2."""
    parser = subparsers.add_parser(name, help=summary, description=summary)

    def show_help(_options: argparse.Namespace, streams: Streams) -> int:
        parser.print_help(streams.err)
        return Exit.USAGE

    parser.set_defaults(run=show_help)
    return parser.add_subparsers(title="commands", metavar="COMMAND")


def project_root(options: argparse.Namespace, streams: Streams) -> ProjectRoot:
    """The project of this call; printed once, so that a wrong guess is seen."""
    from tito_bench.records.project import find_root

    root = find_root(options.project, streams.environ, streams.cwd)
    streams.people.write(f"Project: {root.path} ({root.found_by})\n")
    return root


def positive_int(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def positive_seconds(text: str) -> float:
    """A finite number of seconds above 0, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value
