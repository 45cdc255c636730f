"""The `tito-bench` command: parse, run, map every error to one line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tito_bench import __version__
from tito_bench.cli import benchmark, community
from tito_bench.cli.exits import Exit
from tito_bench.cli.streams import Streams
from tito_bench.errors import TitoBenchError, UsageError

__all__ = ["build_parser", "main"]


def build_parser(prog: str = "tito-bench") -> argparse.ArgumentParser:
    """The whole argument tree. Imports neither numpy nor rich: `--help` must be quick."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Benchmarks that mean the same on every laptop, and a cohort to learn with.",
        epilog="Everything stays on this machine unless you say otherwise.",
    )
    parser.add_argument("--version", action="version", version=f"tito-bench {__version__}")
    parser.set_defaults(run=None)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    benchmark.add_parsers(subparsers)
    community.add_parsers(subparsers)
    return parser


def main(argv: Sequence[str] | None = None, prog: str = "tito-bench") -> int:
    """Run one command.

    Parameters
    ----------
    argv
        The words after the program's name; those of this process by default.
    prog
        The name shown in usage lines.

    Returns
    -------
    int
        An `Exit` code. Usage errors of argparse leave through SystemExit(2).
    """
    parser = build_parser(prog)
    options = parser.parse_args(argv)
    if options.run is None:
        parser.print_help()
        return Exit.OK
    streams = Streams.of_process().for_json(getattr(options, "json", False))
    try:
        status = int(options.run(options, streams))
        streams.out.flush()
    except UsageError as error:
        streams.err.write(f"{prog}: error: {error}\n")
        return Exit.USAGE
    except TitoBenchError as error:
        streams.err.write(f"{prog}: error: {error}\n")
        return Exit.FAILED
    except KeyboardInterrupt:
        streams.err.write(f"\n{prog}: interrupted\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return status
