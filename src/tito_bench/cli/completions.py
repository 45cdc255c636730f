"""`tito-bench completions`: a script that lets a shell complete the commands."""

from __future__ import annotations

import argparse
from importlib.resources import files
from io import TextIOWrapper
from typing import TYPE_CHECKING

from tito_bench.cli.commands import COMMANDS
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers
from tito_bench.errors import TitoBenchError

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams

__all__ = ["SHELLS", "add_parsers", "completion_script", "run"]

SHELLS = ("bash", "zsh", "fish", "powershell")
_MADE_FOR = "tito-bench"
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
    """Return the script for one of `SHELLS` that completes the words of the program `name`.

    It was made from the argument tree when this package was built (tools/shell_files.py), for
    tito-bench; the name stands in nothing but the program and the functions of the script.

    Raises
    ------
    TitoBenchError
        This package was not built, as where it runs from its sources.
    """
    made = files("tito_bench").joinpath("completions", f"{_MADE_FOR}.{shell}")
    try:
        script = made.read_text("utf-8")
    except OSError as error:
        raise TitoBenchError(
            "this installation has no completions; run: pip install --force-reinstall tito-bench"
        ) from error
    return script.replace(_MADE_FOR, name).replace(_identifier(_MADE_FOR), _identifier(name))


def _identifier(name: str) -> str:
    return name.replace("-", "_")
