"""The `tito-bench` command: parse, run, map every error to one line and an exit code."""

from __future__ import annotations

import _tracemalloc
import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper

from tito_bench import __version__
from tito_bench.cli.commands import ALWAYS_OURS, COMMANDS, VERBS
from tito_bench.cli.exits import Exit
from tito_bench.did_you_mean import did_you_mean
from tito_bench.errors import TitoBenchError, UsageError

TYPE_CHECKING = False  # importing `typing` would take 2 of the 33 ms of --help
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from _typeshed import SupportsWrite

__all__ = ["UnknownOption", "build_parser", "main"]

_EPILOG = "Everything stays on this machine unless you say otherwise."
_ALWAYS_OURS = f" `tito {ALWAYS_OURS} ...` is tito-bench whatever TinyTorch has of the same name."
_LONGEST = 1000  # characters of a message that repeats foreign text


class _Parser(argparse.ArgumentParser):
    """Help in colour for a terminal; complaints that are safe to show.

    The complaints repeat words of the command line, which may be anybody's.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.color = False  # argparse of Python 3.14 would colour pipes too, if FORCE_COLOR is set
        self.suggest_on_error = False  # ours does it in every Python, for options too

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        stream = sys.stdout if file is None else file
        if isinstance(stream, TextIOWrapper) and _takes_colour(stream, os.environ):
            from tito_bench.cli.coloured_help import coloured

            titles = [group.title for group in self._action_groups if group.title]
            self._print_message(coloured(self.format_help(), titles), stream)
        else:
            super().print_help(stream)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Complain here, not at the top: this parser knows which options there are."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.refuse(unknown)
        return found, unknown

    def refuse(self, unknown: Sequence[str]) -> None:
        """Complain about words that this parser does not know."""
        known = [word for action in self._actions for word in action.option_strings]
        options = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        meant = " ".join(filter(None, (did_you_mean(word, known) for word in options)))
        self.error(f"unrecognized arguments: {' '.join(unknown)}{meant and '; '}{meant}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            meant = did_you_mean(str(value), map(str, action.choices or ()))
            error.message = f"{error.message}{meant and '; '}{meant}"
            raise

    def error(self, message: str) -> NoReturn:
        from tito_bench.safe_text import safe_text

        super().error(safe_text(message, _LONGEST))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(status or _flush(self.prog.split()[0]), message)


class UnknownOption(Exception):
    """There is an option that is not ours, and nothing was run."""


class _RaisingParser(_Parser):
    """Raises `UnknownOption`, so that somebody else can be asked who may know it."""

    def refuse(self, unknown: Sequence[str]) -> None:
        if any(word.startswith("-") for word in unknown):
            raise UnknownOption
        super().refuse(unknown)


def build_parser(
    prog: str = "tito-bench",
    words: Sequence[str] | None = None,
    *,
    short_forms: bool = True,
    raises: bool = False,
) -> argparse.ArgumentParser:
    """Build the argument tree.

    Imports neither numpy nor rich: `--help` must be quick. With the `words`
    of a command line, only the branches that they name are filled. The verbs of
    `benchmark` are there twice: below it, and, as `short_forms`, by themselves. Where it
    `raises`, an option that is not ours is an `UnknownOption` and no usage error.
    """
    parser = (_RaisingParser if raises else _Parser)(
        prog=prog,
        description="Benchmarks that mean the same on every laptop, and a cohort to learn with.",
        epilog=_EPILOG + (_ALWAYS_OURS if prog == "tito" else ""),
    )
    parser.add_argument("--version", action="version", version=f"tito-bench {__version__}")
    parser.set_defaults(run=None)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        if words is None or name in words:
            import_module(f"tito_bench.cli.{name}").add_parsers(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    for name, summary in VERBS.items() if short_forms else ():
        if words is None or list(words[:1]) == [name]:
            import_module(f"tito_bench.cli.benchmark.{name}").add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser


def main(
    argv: Sequence[str] | None = None, prog: str = "tito-bench", *, raises: bool = False
) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        The words after the program's name; those of this process by default.
    prog
        The name shown in usage lines.
    raises
        Raise `UnknownOption` for an option that is not ours; nothing was run then.

    Returns
    -------
    int
        An `Exit` code. Usage errors of argparse leave through SystemExit(2).
    """
    _tracemalloc.stop()  # PYTHONTRACEMALLOC: imports would take ten times as long
    try:
        words = sys.argv[1:] if argv is None else argv
        if words[:1] == ["server"]:
            return _serve(words[1:], prog)
        parser = build_parser(prog, words, raises=raises)
        options = parser.parse_args(words)
        if options.run is None:
            parser.print_help()
            return _flush(prog)
        return _run(options, prog)
    except KeyboardInterrupt:
        return _say(f"\n{prog}: interrupted", Exit.INTERRUPTED)


def _serve(words: Sequence[str], prog: str) -> int:
    from tito_bench.cli.server import hand_over

    try:
        return hand_over(words, prog)
    except TitoBenchError as error:
        return _say(f"{prog}: error: {error}", Exit.FAILED)


def _takes_colour(stream: TextIOWrapper, environ: Mapping[str, str]) -> bool:
    """Tell whether help on this stream may be coloured."""
    if environ.get("NO_COLOR") or environ.get("TERM") in {"dumb", "unknown"}:
        return False
    # Windows' old console would show the escapes; its newer terminals say who they are.
    if os.name == "nt" and not {"WT_SESSION", "TERM_PROGRAM", "TERM"} & environ.keys():
        return False
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _run(options: argparse.Namespace, prog: str) -> int:
    from tito_bench.cli.options import DOCUMENTS
    from tito_bench.cli.signals import ended_by_signals
    from tito_bench.cli.streams import Streams

    try:
        document = any(getattr(options, name, False) for name in DOCUMENTS)
        streams = Streams.of_process().for_json(document)
        with ended_by_signals():
            status = int(options.run(options, streams))
        streams.out.flush()
    except UsageError as error:
        return _say(f"{prog}: error: {error}", Exit.USAGE)
    except TitoBenchError as error:
        return _say(f"{prog}: error: {error}", Exit.FAILED)
    except OSError as error:
        return _not_written(error, prog)
    return status


def _flush(prog: str) -> int:
    """Write what is still in the buffer: the exit code of help that nothing else comes after."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        return _not_written(error, prog)
    return Exit.OK


def _not_written(error: OSError, prog: str) -> int:
    """Say what kept output from being written; a reader who has left needs no words."""
    from tito_bench.safe_text import safe_text

    _forget_output()
    if isinstance(error, BrokenPipeError):
        return Exit.FAILED
    where = safe_text(str(error.filename or "standard output"), _LONGEST)
    return _say(f"{prog}: error: {where}: {error.strerror or error}", Exit.FAILED)


def _say(line: str, status: Exit) -> int:
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
    return status


def _forget_output() -> None:
    """Drop what standard output could not take; Python would complain once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
