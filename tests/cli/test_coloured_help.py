"""Help in colour: for terminals that take it, with the same words; plain everywhere else."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from packages.terminal import read_to_end
from tito_bench.cli.coloured_help import coloured

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_REPORT = """
import json, os, sys
from tito_bench.cli.main import main
try:
    main(sys.argv[1:])
finally:
    rich = "rich" in sys.modules
    open(os.environ["REPORT"], "w").write(json.dumps(rich))
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")


@pytest.fixture
def in_terminal(clean_environ: Mapping[str, str]) -> Callable[..., tuple[str, bool]]:
    """What a terminal shows of a command, and whether rich was imported for it."""

    def run(*words: str, **variables: str) -> tuple[str, bool]:
        report = Path(clean_environ["HOME"], "report")
        kept = {k: v for k, v in clean_environ.items() if not k.startswith("COVERAGE")}
        environ = {**kept, "REPORT": str(report), "TERM": "xterm-256color", **variables}
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", _REPORT, *words], stdout=theirs, stderr=theirs, env=environ
        )
        os.close(theirs)
        shown = read_to_end(ours).decode().replace("\r\n", "\n")
        assert process.wait(timeout=60) == 0
        return shown, json.loads(report.read_text())

    return run


WORDS = [("--help",), (), ("benchmark", "baseline", "-h"), ("completions", "--help")]


@posix
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("columns", ["40", "80"])
def test_colour_changes_no_word(
    words: tuple[str, ...],
    columns: str,
    in_terminal: Callable[..., tuple[str, bool]],
    run_cli: RunCli,
) -> None:
    shown, rich = in_terminal(*words, COLUMNS=columns)
    plain = run_cli(*words, environ={"COLUMNS": columns}).stdout
    assert (rich, "\x1b" in shown, "\x1b" in plain) == (False, True, False)
    assert _ESCAPE.sub("", shown) == plain


@posix
@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "unknown"}], ids=str
)
def test_a_terminal_without_colour_has_plain_help(
    variables: dict[str, str], in_terminal: Callable[..., tuple[str, bool]], run_cli: RunCli
) -> None:
    shown, rich = in_terminal("--help", COLUMNS="80", **variables)
    assert (shown, rich) == (run_cli("--help", environ={"COLUMNS": "80"}).stdout, False)


@pytest.mark.parametrize("variables", [{"FORCE_COLOR": "1"}, {"CLICOLOR_FORCE": "1"}, {}], ids=str)
def test_a_pipe_has_plain_help(variables: dict[str, str], run_cli: RunCli) -> None:
    done = run_cli("benchmark", "baseline", "--help", environ=variables)
    assert (done.returncode, "\x1b" in done.stdout) == (0, False)


def test_headings_flags_and_commands_are_coloured_and_no_word_is_taken_as_markup() -> None:
    parser = argparse.ArgumentParser(
        prog="prog below",
        description="[bold]what[/bold] :smile: well-known\n",
        epilog="end of --flag",
    )
    parser.add_argument("-f", "--flag", help="[blink]help[/blink]", metavar="[b]")
    parser.add_subparsers(title="commands").add_parser("start", help="begins")
    plain = parser.format_help()
    shown = coloured(plain, ["options", "commands", "[bold]"])
    assert _ESCAPE.sub("", shown) == plain
    for bold in ("usage:", "prog below", "options:", "commands:"):
        assert f"\x1b[1m{bold}\x1b[0m" in shown
    for flag in ("-f", "--flag", "start"):
        assert f"\x1b[36m{flag}\x1b[0m" in shown
    assert "well-known" in shown
