"""What `benchmark baseline` says first, in the five states of a project: five real runs.

    python benchmarks/first_screens.py [--columns 80]

A package of the course whose matrix product is a loop is measured for the first time; then with
that loop replaced by one array call (better), once more (unchanged), with the loop again (worse),
and with a product that is false (broken).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from command import environ, tito_bench_command

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from packages.build import build_package, source

_CELL = "# %% ../../modules/01_tensor/tensor.ipynb"
_STATES = ("First run", "Better", "Unchanged", "Worse", "Broken")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, default=80, metavar="N")
    columns = parser.parse_args().columns
    command = tito_bench_command()
    with tempfile.TemporaryDirectory() as home:
        project = make_project(Path(home))
        sources = (exported(slow=True), exported(slow=False), exported(slow=False))
        broken = exported(slow=False).replace("np.matmul(a, b)", "np.matmul(a, b) + 1")
        for state, text in zip(_STATES, (*sources, exported(slow=True), broken), strict=True):
            write_module(project, text)
            print(f"## {state}\n\n```text\n$ tito-bench baseline")
            print(f"{screen(command, project, home, columns)}\n```\n", flush=True)


def make_project(home: Path) -> Path:
    """Return a new project in `home`: three modules, the matrix product of which is a loop."""
    project = home / "my-course"
    build_package(project, "E5", 3)
    write_module(project, exported(slow=True))
    return project


def write_module(project: Path, text: str) -> None:
    """Put `text` in place of module 01, and what nbdev would have made it from in its notebook."""
    (project / "tinytorch" / "core" / "tensor.py").write_text(text, encoding="utf-8")
    cells: list[dict[str, object]] = []
    # By its comments: before each the number of a cell, after it the code.
    for number, code in re.findall(
        rf"^{_CELL} (\d+)\n(.*?)(?=^# %%|\Z)", text, re.DOTALL | re.MULTILINE
    ):
        cells += [{"cell_type": "markdown", "source": ""}] * (int(number) - len(cells))
        cells.append({"cell_type": "code", "source": f"#| export\n{code.strip()}"})
    notebook = project / "modules" / "01_tensor" / "tensor.ipynb"
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")


def exported(*, slow: bool) -> str:
    """Return module 01 as nbdev exports it, with the comments that name its cells."""
    text = source("tensor", "E5", slow=slow)
    return f"{_CELL} 3\n" + text.replace("class Tensor:", f"{_CELL} 5\nclass Tensor:").replace(
        "def multiply(", f"{_CELL} 7\ndef multiply("
    )


def screen(command: str, project: Path, home: str, columns: int) -> str:
    """Return what one run prints."""
    own = {"HOME": home, "COLUMNS": str(columns), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [command, "baseline", "--skip-submit"],
        cwd=project,
        env={**environ(), **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout.strip("\n").replace(home, "~")  # a folder that is gone by now


if __name__ == "__main__":
    main()
