"""Write the manual page and the completions of the installed commands, for the wheel.

    python tools/shell_files.py FOLDER

The build runs it. FOLDER/share becomes a `share` folder: man, bash-completion, zsh
and fish look for their files there, in a virtual environment as in /usr.
FOLDER/completions goes into the package, for `tito-bench completions SHELL`. All is
made from the argument tree, so that no command can be missing or out of date.
`tito` has a manual page but no completions in `share`: the script of that name may
be TinyTorch's, and `tito completions SHELL` is there for whoever has ours.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

_ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_ROOT / "src"))  # what is being built, and nothing that is installed
sys.dont_write_bytecode = True
os.environ["COLUMNS"] = "70"  # usage lines must fit into a manual page as they are

from tito_bench import __version__  # noqa: E402
from tito_bench.cli.commands import VERBS  # noqa: E402
from tito_bench.cli.completions import SHELLS  # noqa: E402
from tito_bench.cli.main import build_parser  # noqa: E402
from tito_bench.cli.options import Subparsers, file_path  # noqa: E402
from tito_bench.workloads.suites import OPERATIONS  # noqa: E402

__all__ = ["completion_script", "manual_page", "write"]

_NAME = "tito-bench"
_WHAT = "how fast TinyTorch code runs beside native kernels, and a cohort to learn with"
_SECTIONS = {
    "short forms": {f"{_NAME} {verb}": f"the same as {_NAME} benchmark {verb}" for verb in VERBS},
    "exit status": {
        "0": "done",
        "1": "failed",
        "2": "the command line is wrong",
        "3": "measured but not stable, under --strict",
        "130": "interrupted",
    },
    "environment": {
        "TITO_PROJECT": "the project folder, where --project does not name one",
        "TITO_KERNELS_TARGET": "the native kernels to use instead of the best for this CPU",
        "NO_COLOR": "if set, no colour",
    },
    "files": {
        ".tito/benchmarks/": "records of measurements",
        ".tinytorch/": "profile, submissions and settings of the project",
    },
}
_RECORDS = {
    "bash": "_tito_bench_record_files",
    "zsh": "_tito_bench_record_files",
    "fish": "(_tito_bench_record_files)",
    "powershell": "_tito_bench_record_files",
    "preamble": {
        # Not `compgen -W` for the names of files: it would run what stands in one.
        "bash": """
_tito_bench_record_files() {
  compgen -W "latest latest~1" -- "$1"
  (cd .tito/benchmarks 2>/dev/null && compgen -f -X '!*.json' -- "$1")
  _shtab_compgen_files "$1"
}
""",
        "zsh": """
_tito_bench_record_files() {
  local -a records
  records=(.tito/benchmarks/*.json(N:t))
  compadd -- latest latest~1 "${records[@]}"
  _files
}
""",
        "fish": """
function _tito_bench_record_files
  printf '%s\\n' latest latest~1
  for file in .tito/benchmarks/*.json
    string replace -r '.*/' '' -- $file
  end
  __fish_complete_path (commandline -ct)
end
""",
        "powershell": """
function _tito_bench_record_files {
  param([string]$WordToComplete)
  $names = @('latest', 'latest~1')
  $names += Get-ChildItem -Path .tito/benchmarks -Filter *.json -ErrorAction SilentlyContinue |
    ForEach-Object { $_.Name }
  $names | Where-Object { $_ -like "$WordToComplete*" }
  _shtab_powershell_compgen_files $WordToComplete
}
""",
    },
}
"""What a record can be called, in the form in which shtab takes a completion of one's own."""
_COMPLETIONS = {
    "bash": f"bash-completion/completions/{_NAME}",
    "zsh": f"zsh/site-functions/_{_NAME}",
    "fish": f"fish/vendor_completions.d/{_NAME}.fish",
}


def manual_page() -> str:
    """Return the page of section 1, as roff; dated by SOURCE_DATE_EPOCH where that is set."""
    page = Manpage(build_parser(_NAME, short_forms=False))
    page.description, page.manual = _WHAT, "User Commands"
    page.source = f"{_NAME} {__version__}"
    for heading, terms in _SECTIONS.items():
        text = "".join(f".TP\n.B {term}\n{meaning}\n" for term, meaning in terms.items())
        page.add_section(heading, "=", text.replace("-", r"\-").rstrip("\n"))
    head, body = str(page).split("\n", maxsplit=1)
    # An escaped hyphen would make the date no date. Usage lines read badly where they are
    # stretched or hyphenated.
    head = re.sub(r"(\d{4})\\-(\d\d)\\-(\d\d)", r"\1-\2-\3", head)
    return f"{head}\n.ad l\n.nh\n{body}"


def completion_script(name: str, shell: str) -> str:
    """Return the script for one of `SHELLS` that completes the words of the program `name`."""
    parser = build_parser(name)
    for action in _actions(parser):
        metavar = str(action.metavar or "")
        if metavar == "OPERATION":
            action.choices = tuple(OPERATIONS)
        elif metavar.startswith("RECORD"):
            action.complete = _RECORDS
        elif metavar == "PATH":
            action.complete = shtab.DIRECTORY  # as shtab asks for it
        elif action.type is file_path or metavar.startswith("FILE"):
            action.complete = shtab.FILE
            action.metavar = metavar.replace(":", " ")  # zsh would run what follows a colon
    script: str = shtab.complete(parser, shell)
    return script


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield all arguments of a parser and of the commands below it."""
    for action in parser._actions:  # argparse has no public way down its tree
        if isinstance(action, Subparsers):
            for below in action.choices.values():
                yield from _actions(below)
        else:
            yield action


def write(folder: Path) -> None:
    """Write all files below the folder given."""
    scripts = {shell: completion_script(_NAME, shell) for shell in SHELLS}
    made = {
        f"share/man/man1/{_NAME}.1": manual_page(),
        "share/man/man1/tito.1": f".so man1/{_NAME}.1\n",
        **{f"share/{path}": scripts[shell] for shell, path in _COMPLETIONS.items()},
        **{f"completions/{_NAME}.{shell}": script for shell, script in scripts.items()},
    }
    for path, text in made.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
