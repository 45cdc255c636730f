"""`tito-bench server`: hands over to the distribution `tito-bench-server`, where it is installed.

Its words are its own, `--help` too: nothing of it is known here, so that students do not
carry it.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING

from tito_bench.cli.commands import COMMANDS
from tito_bench.errors import TitoBenchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tito_bench.cli.options import Subparsers
    from tito_bench.cli.streams import Streams

__all__ = ["add_parsers", "hand_over", "run"]

_PACKAGE = "tito_bench_server"


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command, for the help of all commands. A command line that begins with its word
    is handed over before it is parsed: argparse would take `--help` for itself."""
    parser = subparsers.add_parser(
        "server", help=COMMANDS["server"], description=COMMANDS["server"]
    )
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, help="words of the server's own command; try --help"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _streams: Streams) -> int:
    """Hand over what was parsed all the same."""
    return hand_over(options.words, "tito-bench")


def hand_over(words: Sequence[str], prog: str) -> int:
    """Run the server's own command line; its exit code.

    Raises `TitoBenchError` where it is not installed. An import error inside of it is its
    own to report.
    """
    try:
        module = import_module(f"{_PACKAGE}.cli.main")
    except ModuleNotFoundError as error:
        if error.name != _PACKAGE:
            raise
        raise TitoBenchError(
            "the community server is a package of its own; install it: "
            "pip install 'tito-bench[server]'"
        ) from error
    return int(module.main(words, prog=f"{prog} server"))
