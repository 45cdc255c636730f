"""Completions, asked of the real shells wherever they are installed."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from packages.terminal import read_to_end
from tito_bench.cli.commands import VERBS
from tito_bench.cli.completions import SHELLS, completion_script, run
from tito_bench.cli.main import build_parser
from tito_bench.cli.options import file_path
from tito_bench.cli.streams import Streams
from tito_bench.errors import TitoBenchError

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Complete = Callable[[str], set[str]]

# Asks the function that is registered for the command, as bash does on Tab.
_BASH = r"""
eval "$(cat "$SCRIPT")"
read -ra COMP_WORDS <<<"$LINE"
[[ $LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$LINE COMP_POINT=${#LINE}
found=$(complete -p "${COMP_WORDS[0]}")
[[ $found =~ -F\ ([^ ]+) ]]
"${BASH_REMATCH[1]}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}" >"$FOUND"
"""
# The line editor of zsh runs this when it is about to show its first prompt.
_ZSH = r"""
autoload -Uz compinit
compinit -u -D
eval "$(cat "$SCRIPT")"
compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    local -a hits
    builtin compadd -A hits "$@"
    print -rl -- "${(Q)hits[@]}" >>"$FOUND"
  fi
  builtin compadd "$@"
}
ask() {
  BUFFER=$LINE CURSOR=$#LINE
  zle list-choices
  exit 0
}
zle -N zle-line-init ask
"""
_FISH = 'source "$SCRIPT"; complete -C "$LINE" | string split -f 1 \\t >"$FOUND"; exit 0'

_AT_HAND = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A current folder with a file and a folder in it."""
    folder = tmp_path / "here"
    (folder / "a folder").mkdir(parents=True)
    (folder / "data.json").touch()
    return folder


@pytest.fixture(params=["bash", "zsh", "fish"])
def complete(
    request: pytest.FixtureRequest, folder: Path, clean_environ: Mapping[str, str]
) -> Complete:
    """What a shell offers to complete a line with."""
    shell: str = request.param
    if shell not in _AT_HAND or sys.platform == "win32":
        pytest.skip(f"needs {shell}")
    home = Path(clean_environ["HOME"])
    (home / ".zshrc").write_text(_ZSH)
    commands = {
        "bash": ["bash", "--norc", "--noprofile", "-c", _BASH],
        "zsh": ["zsh", "-d", "-i"],
        "fish": ["fish", "--no-config", "-c", _FISH],
    }

    def ask(line: str) -> set[str]:
        script, found = home / f"script.{shell}", home / "found"
        script.write_text(completion_script(line.split()[0], shell))
        found.write_text("")
        variables = {"SCRIPT": script, "FOUND": found, "LINE": line, "ZDOTDIR": home}
        environ = {**clean_environ, **{k: str(v) for k, v in variables.items()}, "TERM": "vt100"}
        _in_a_terminal(commands[shell], environ, folder)
        return {word.rstrip("/") for word in found.read_text().splitlines()} - {""}

    return ask


def _in_a_terminal(command: list[str], environ: Mapping[str, str], cwd: Path) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env=environ,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = read_to_end(ours)
    assert process.returncode == 0, shown.decode(errors="replace")


WORDS = {"benchmark", "community", "completions", "doctor", "server", *VERBS}
HERE = {"a folder", "data.json"}


@pytest.mark.parametrize("name", ["tito-bench", "tito"])
def test_commands_and_verbs(name: str, complete: Complete) -> None:
    assert complete(f"{name} ") == WORDS
    assert complete(f"{name} com") == {"community", "compare", "completions"}
    assert complete(f"{name} benchmark ") >= {"baseline", "calibrate", "capstone"}
    assert complete(f"{name} completions ") == set(SHELLS)


def test_flags_of_the_verb_and_no_others(complete: Complete) -> None:
    assert complete("tito-bench benchmark baseline --s") == {
        *("--subject", "--strict", "--submit", "--skip-submit")
    }
    assert complete("tito-bench doctor --") >= {"--help", "--json", "--project"}
    assert "--subject" not in complete("tito-bench doctor --")


def test_choices(complete: Complete) -> None:
    assert complete("tito-bench benchmark baseline --subject ") == {"auto", "numpy", "tinytorch"}
    assert complete("tito-bench benchmark baseline --quick --subject n") == {"numpy"}


def test_files_and_folders(complete: Complete) -> None:
    assert complete("tito-bench benchmark baseline --output ") == HERE
    assert complete("tito-bench benchmark baseline --output d") == {"data.json"}
    assert complete("tito-bench benchmark baseline --project ") == {"a folder"}
    assert complete("tito-bench benchmark capstone --model ") == HERE
    assert complete("tito-bench community export ") == HERE


def test_operations(complete: Complete) -> None:
    assert complete("tito-bench explain matmul") == {"matmul_100", "matmul_256"}
    assert "cnn_forward_32" in complete("tito benchmark explain ")


def test_records_by_word_and_by_name_and_any_file(folder: Path, complete: Complete) -> None:
    records = folder / ".tito" / "benchmarks"
    records.mkdir(parents=True)
    name = "baseline_20261122T203000Z_$(touch ran).json"
    (records / name).touch()
    (records / "notes.txt").touch()
    found = complete("tito-bench compare ")
    assert found >= {"latest", "latest~1", "data.json"}
    assert len([word for word in found if word.startswith("baseline_")]) == 1
    assert not any("notes" in word for word in found)
    assert not any((place / "ran").exists() for place in (folder, records))
    assert complete("tito-bench report lat") == {"latest", "latest~1"}


def test_nothing_where_nothing_is_known(complete: Complete) -> None:
    assert complete("tito-bench benchmark baseline --rounds ") == set()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", ["tito-bench", "tito"])
def test_every_word_of_the_tree_is_in_every_script(name: str, shell: str) -> None:
    script = completion_script(name, shell)
    assert script.isascii()  # whatever encoding a shell reads it with
    for parser in _parsers(build_parser(name)):
        for action in parser._actions:
            for word in (*action.option_strings, *(action.choices or ())):
                assert str(word).lstrip("-") in script


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for below in action.choices.values():
                yield from _parsers(below)


def test_every_option_that_takes_a_path_completes_paths() -> None:
    lines = completion_script("tito-bench", "fish").splitlines()
    for parser in _parsers(build_parser()):
        command = parser.prog.removeprefix("tito-bench ")
        for action in parser._actions:
            if action.type is file_path and action.option_strings:
                option = action.option_strings[-1].lstrip("-")
                (line,) = [x for x in lines if f"using {command}' -l {option} " in x]
                assert "__fish_complete_" in line


def test_powershell_can_parse_its_script() -> None:
    """No PowerShell runs here: a grammar of it is what can be asked."""
    tree_sitter = pytest.importorskip("tree_sitter", reason="needs tree-sitter")
    grammar = pytest.importorskip("tree_sitter_powershell", reason="needs its grammar")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    script = completion_script("tito-bench", "powershell")
    assert not parser.parse(script.encode()).root_node.has_error
    assert parser.parse(script.replace("}", "", 1).encode()).root_node.has_error
    assert "Register-ArgumentCompleter -Native -CommandName tito-bench " in script


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script_and_nothing_else(shell: str, run_cli: RunCli) -> None:
    done = run_cli("completions", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == completion_script("tito-bench", shell)


def test_a_package_that_was_not_built_says_what_to_do() -> None:
    with pytest.raises(TitoBenchError, match="pip install"):
        completion_script("tito", "no shell")


def test_lines_end_as_shells_want_them_on_windows_too() -> None:
    written = io.BytesIO()
    out = io.TextIOWrapper(written, encoding="cp1252", newline="\r\n")
    streams = replace(Streams.of_process(), out=out)
    assert run(build_parser().parse_args(["completions", "bash"]), streams) == 0
    out.flush()
    assert written.getvalue().decode() == completion_script("tito-bench", "bash")


@pytest.mark.parametrize("words", [(), ("tcsh",), ("bash", "zsh")])
def test_a_shell_that_is_not_supported_is_a_usage_error(
    words: tuple[str, ...], run_cli: RunCli
) -> None:
    done = run_cli("completions", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: tito-bench ")
