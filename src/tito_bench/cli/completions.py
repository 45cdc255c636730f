"""`tito-bench completions`: a script that lets a shell complete the commands."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from io import TextIOWrapper
from typing import TYPE_CHECKING

from tito_bench.cli.commands import COMMANDS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, file_path

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams

__all__ = ["SHELLS", "add_parsers", "completion_script", "run"]

SHELLS = ("bash", "zsh", "fish", "powershell")
_FILES = ("FILE", "RECORD")  # how the names of arguments begin that may be files, or other words
_WHAT = """\
Print a script that lets your shell complete commands, flags, choices and file
names. It completes the name that you call: tito-bench, or tito.
"""
_HOW = """\
Write it where your shell looks for such scripts, and open a new shell:
  bash   {name} completions bash \\
           > ~/.local/share/bash-completion/completions/{name}
  zsh    {name} completions zsh > FOLDER/_{name}
           (FOLDER is any folder of your $fpath)
  fish   {name} completions fish > ~/.config/fish/completions/{name}.fish

Or for this shell alone; with PowerShell, this is the line for your $PROFILE:
  bash         eval "$({name} completions bash)"
  zsh          eval "$({name} completions zsh)"
  fish         {name} completions fish | source
  powershell   {name} completions powershell | Out-String | Invoke-Expression
"""


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "completions",
        help=COMMANDS["completions"],
        description=_WHAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    name = parser.prog.split(" ", maxsplit=1)[0]
    parser.epilog = _HOW.format(name=name)
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    parser.set_defaults(run=run, completed=name)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Print the script."""
    if isinstance(streams.out, TextIOWrapper):
        streams.out.reconfigure(newline="\n")  # bash on Windows takes no carriage return
    streams.out.write(completion_script(options.completed, options.shell))
    return Exit.OK


def completion_script(name: str, shell: str) -> str:
    """The script for one of `SHELLS` that completes the words of the program `name`."""
    import shtab

    from tito_bench.cli.main import build_parser

    parser = build_parser(name)
    for action in _actions(parser):
        metavar = str(action.metavar or "")
        if metavar == "PATH":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # as shtab asks for it
        elif action.type is file_path or metavar.startswith(_FILES):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
            action.metavar = metavar.replace(":", " ")  # zsh would run what follows a colon
    script: str = shtab.complete(parser, shell)
    return script


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments of a parser and of the commands below it."""
    for action in parser._actions:  # argparse has no public way down its tree
        if isinstance(action, Subparsers):
            for below in action.choices.values():
                yield from _actions(below)
        else:
            yield action
