"""The `tito-bench-server` command: parse, run, map every error to one line and an exit code."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from tito_bench_server import __version__
from tito_bench_server.client_package import (
    Exit,
    Streams,
    TitoBenchError,
    UsageError,
    ended_by_signals,
    safe_text,
)

__all__ = ["build_parser", "main"]

_LONGEST = 1000
_PARTS = ("setup", "courses", "names", "moderate", "upkeep", "copies", "examine")


class _Parser(argparse.ArgumentParser):
    """Complaints that are safe to show: they repeat words of the command line."""

    def error(self, message: str) -> NoReturn:
        super().error(safe_text(message, _LONGEST))


def build_parser(prog: str = "tito-bench-server") -> argparse.ArgumentParser:
    """Return the argument tree."""
    parser = _Parser(
        prog=prog,
        description="Host a course's community: members, map and cohorts, on your own machine.",
        epilog="Listens on this machine only unless you say otherwise.",
    )
    parser.add_argument("--version", action="version", version=f"tito-bench-server {__version__}")
    parser.set_defaults(run=None, called=prog)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for part in _PARTS:
        import_module(f"tito_bench_server.cli.{part}").add_parsers(subparsers)
    return parser


def main(argv: Sequence[str] | None = None, prog: str = "tito-bench-server") -> int:
    """Run one command.

    Parameters
    ----------
    argv
        The words after the program's name; those of this process by default.
    prog
        The name shown in usage lines: `tito-bench server` where that hands over.

    Returns
    -------
    int
        An `Exit` code. Usage errors of argparse leave through SystemExit(2).
    """
    parser = build_parser(prog)
    options = parser.parse_args(sys.argv[1:] if argv is None else argv)
    if options.run is None:
        parser.print_help()
        return Exit.OK
    try:
        streams = Streams.of_process().for_json(getattr(options, "json", False))
        with ended_by_signals():
            status = int(options.run(options, streams))
        streams.out.flush()
    except UsageError as error:
        return _say(f"{prog}: error: {error}", Exit.USAGE)
    except TitoBenchError as error:
        return _say(f"{prog}: error: {error}", Exit.FAILED)
    except KeyboardInterrupt:
        return _say(f"\n{prog}: interrupted", Exit.INTERRUPTED)
    except OSError as error:
        where = safe_text(str(error.filename or "standard output"), _LONGEST)
        return _say(f"{prog}: error: {where}: {error.strerror or error}", Exit.FAILED)
    return status


def _say(line: str, status: Exit) -> int:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    return status
