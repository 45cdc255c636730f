"""Help in colour: for terminals that take it, with the same words; plain everywhere else."""

from __future__ import annotations

import argparse
import io
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
    rich = any(name.split(".")[0] in ("rich", "rich_argparse") for name in sys.modules)
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
    assert (rich, "\x1b" in shown, "\x1b" in plain) == (True, True, False)
    assert _ESCAPE.sub("", shown) == plain


@posix
@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "unknown"}], ids=str
)
def test_a_terminal_without_colour_has_plain_help_and_no_rich(
    variables: dict[str, str], in_terminal: Callable[..., tuple[str, bool]], run_cli: RunCli
) -> None:
    shown, rich = in_terminal("--help", COLUMNS="80", **variables)
    assert (shown, rich) == (run_cli("--help", environ={"COLUMNS": "80"}).stdout, False)


@pytest.mark.parametrize("variables", [{"FORCE_COLOR": "1"}, {"CLICOLOR_FORCE": "1"}, {}], ids=str)
def test_a_pipe_has_plain_help(variables: dict[str, str], run_cli: RunCli) -> None:
    done = run_cli("benchmark", "baseline", "--help", environ=variables)
    assert (done.returncode, "\x1b" in done.stdout) == (0, False)


def test_words_are_never_taken_as_markup() -> None:
    stream = io.StringIO()
    parser = argparse.ArgumentParser(
        prog="[red]prog[/red]",
        description="[bold]what[/bold] :smile: [/nothing]",
        epilog="[link=https://example.org]end[/link]",
    )
    parser.add_argument("--flag", help="[blink]help[/blink]", metavar="[b]")
    plain = parser.format_help()
    parser.formatter_class = coloured(parser.formatter_class, stream)  # type: ignore[assignment]
    assert _ESCAPE.sub("", parser.format_help()) == plain
