"""What `baseline` prints on a project in each of five states, for docs/guide/packages.md.

    python tools/package_states.py            print it
    python tools/package_states.py --write    put it into the page

Each state is a folder that is made anew, and the command a process of its own. What is left out of
its output says nothing of the package: the machine, where the record is, other programs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from packages.build import build_package, source, stub_of  # noqa: E402

PAGE = ROOT / "docs" / "guide" / "packages.md"
BEGINS, ENDS = "<!-- package_states -->\n", "<!-- end of package_states -->\n"
# One round is enough to say what is measured; the time never decides what is printed.
_WORDS = ("benchmark", "baseline", "--skip-submit", "--rounds", "1", "--time-budget", "120")
_MODULES = ("tensor", "activations", "layers")


def _nothing(_project: Path) -> None:
    pass


def _notebooks_only(project: Path) -> None:
    for module in ("01_tensor", "02_activations"):
        notebook = project / "modules" / module / f"{module[3:]}.ipynb"
        notebook.parent.mkdir(parents=True)
        notebook.write_text("{}", encoding="utf-8")


def _stub(project: Path) -> None:
    layers = stub_of(source("layers", "E5"), "raise NotImplementedError")
    build_package(project, "E5", _MODULES, replace={"layers": layers})


def _fails_to_import(project: Path) -> None:
    tensor = source("tensor", "E5").replace("def __repr__(self):", "def __repr__(self)")
    build_package(project, "E5", _MODULES, replace={"tensor": tensor})


def _complete(project: Path) -> None:
    build_package(project, "E5")


_STATES: dict[str, Callable[[Path], None]] = {
    "nothing": _nothing,
    "notebooks only": _notebooks_only,
    "stub": _stub,
    "fails to import": _fails_to_import,
    "complete": _complete,
}


def main() -> int:
    """Print the transcript, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put it into the page")
    options = parser.parse_args()
    text = "".join(f"**{state}**\n\n```\n{transcript(state)}```\n\n" for state in _STATES)
    if not options.write:
        print(text, end="")
        return 0
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGINS)
    after = rest.partition(ENDS)[2]
    PAGE.write_text(f"{before}{BEGINS}\n{text}{ENDS}{after}", encoding="utf-8")
    return 0


def transcript(state: str) -> str:
    """Return what is printed on a project in that state, and the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        _STATES[state](project)
        done = subprocess.run(  # noqa: S603 - this project's own command
            [sys.executable, "-m", "tito_bench", *_WORDS],
            cwd=project,
            env={**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        records = [*project.glob(".tito/benchmarks/*.json")]
        subject = json.loads(records[0].read_bytes())["subject"] if records else {}
        printed = f"{done.stdout}\n\n{done.stderr}"
        shown = "\n\n".join(_of_the_package(printed, subject.get("note") or ""))
    return f"$ tito-bench benchmark baseline\n{shown}\n[exit {done.returncode}]\n"


def _of_the_package(printed: str, note: str) -> Iterator[str]:
    """Yield the paragraphs that say something of the package."""
    for paragraph in printed.split("\n\n"):
        lines = [line for line in _whole_lines(paragraph) if _is_of_the_package(line, note)]
        if lines:
            yield "\n".join(lines)


def _whole_lines(paragraph: str) -> Iterator[str]:
    """Yield the lines, each with those that it was wrapped into."""
    whole = ""
    for line in filter(None, paragraph.split("\n")):
        if whole and line.startswith("   ") and not line.startswith("   •"):
            whole += f"\n{line}"
            continue
        if whole:
            yield whole
        whole = line
    if whole:
        yield whole


def _is_of_the_package(line: str, note: str) -> bool:
    if line.startswith("💡"):
        return bool(note) and note[:20] in line
    # Which operation costs the most, and what there is to celebrate, is another each time.
    return not line.startswith(("Project: ", "Machine: ", "Saved: ", "🎉")) and "costs" not in line


if __name__ == "__main__":
    sys.exit(main())
