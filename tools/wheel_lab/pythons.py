"""The Pythons of this machine, and the wheel installed and tested in each."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import CommandFailed, run

from wheel_lab.building import lab

__all__ = [
    "INTERPRETER_TESTS", "Interpreter", "clean_environ", "install_wheel", "installed",
    "run_baseline", "run_tests",
]  # fmt: skip

Environ = Mapping[str, str] | None

# What a new interpreter could break; the rest of the suite is Python that none of them changes.
INTERPRETER_TESTS = ("kernels", "workloads", "machine", "measure", "subjects", "records")
_OLDEST = (3, 10)


@dataclass(frozen=True)
class Interpreter:
    version: tuple[int, int]
    path: Path

    def __str__(self) -> str:
        return f"Python {self.version[0]}.{self.version[1]}"


def installed() -> list[Interpreter]:
    """Return one CPython for every minor version found, 3.10 among them, the oldest first."""
    uv = lab().with_name("uv")
    options = ("--only-installed", "--no-python-downloads", "--all-versions")
    found: dict[tuple[int, int], Interpreter] = {}
    pyenv = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    folders = sorted(Path(pyenv).glob("versions/3.*/bin"))
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    listed = run(uv, "python", "list", *options, "--output-format", "json",
                 environ={**os.environ, "PATH": path})  # fmt: skip
    for one in json.loads(listed[listed.index("[") :]):
        parts = one["version_parts"]
        version = (parts["major"], parts["minor"])
        usable = one["implementation"] == "cpython" and one["variant"] == "default"
        if usable and version >= _OLDEST and "shims" not in one["path"]:
            found.setdefault(version, Interpreter(version, Path(one["path"])))
    return [found[version] for version in sorted(found)]


def install_wheel(interpreter: Path, home: Path, wheel: Path, extra: str = "") -> Path:
    """Return the interpreter of a new virtual environment with the wheel and nothing else in it."""
    uv = lab().with_name("uv")
    seeded = ("--seed",) if extra else ()  # some tests run pip
    run(uv, "venv", "--quiet", *seeded, "--python", interpreter, home)
    python = home / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", python, f"{wheel}{extra}")
    return python


def run_tests(
    python: Path | str,
    sources: Path,
    folders: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
) -> str:
    """Return pytest's last line, for all tests of the sdist's `sources` or some folders of them."""
    tests = [f"tests/{name}" for name in folders] or ["tests"]
    command = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *tests)
    said = run(*command, cwd=sources, environ=clean_environ())
    return said.splitlines()[-1].strip("= ")


def run_baseline(command: Sequence[Path | str], folder: Path, environ: Environ = None) -> str:
    """Run a quick baseline to its end in `folder`; say what the record says of it.

    `command` is tito-bench, however it is reached. Raises CommandFailed where there is no score;
    how high it is says nothing, for the CPU may be emulated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = (
        "benchmark",
        "baseline",
        "--quick",
        "--subject",
        "numpy",
        "--skip-submit",
        "--json",
        "--time-budget",
        "300",
    )  # fmt: skip - what is emulated needs more than --quick gives
    run(*command, *words, cwd=folder, environ=clean_environ() if environ is None else environ)
    saved = next((folder / ".tito" / "benchmarks").glob("*.json"))
    record = json.loads(saved.read_text(encoding="utf-8"))
    runtime = record["system_info"]["runtime"]
    score = record["normalized_metrics"]["score"]
    if score is None:
        raise CommandFailed(f"{saved} has no score: {record['verdict']}")
    return f"Python {runtime['python']}, kernels {runtime['kernel_target']}, score {score:.0f}"


def clean_environ() -> dict[str, str]:
    """Return the environment without what would lead Python or a benchmark elsewhere."""
    leave = ("PYTHON", "VIRTUAL_ENV", "OPENBLAS_", "TITO_", "COV_", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(leave)}
