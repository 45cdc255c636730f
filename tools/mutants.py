"""Break the code in ways that somebody thought of, and demand that a test sees each.

    python tools/mutants.py [--only GLOB] [--name GLOB] [--since COMMIT] [--list]

tests/mutants/*.toml name the mutants: a file, a text that stands in it exactly once, the text that
takes its place, the tests that must fail then, and `target` where only some CPUs run what it
breaks. Each is made in a copy of this checkout, with an environment of its own, where the kernels
are built again if the file is one of theirs. A crash or a test that never ends is seen as well; a
mutant that cannot be built, or whose text is no longer there, is a mistake in the list, and fails
like one that lives.

--only and --since choose by the file that a mutant breaks: GLOB as in "src/_kernels/*", or what
differs from COMMIT (uncommitted changes included). --name chooses by name.
"""

# ruff: noqa: S603  runs git, pip and pytest

import argparse
import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import CACHE, ROOT, CommandFailed, environment_beside, run, virtual_environment

MUTANTS = ROOT / "tests" / "mutants"
BUILT = "src/_kernels"
SERVER = "server"
_LONGEST_TESTS_S = 600
_PYTEST_FAILED = 1
_PYTEST_SAID_WHY = range(1, 6)
"""Its exit codes; any other is the system's word on how the process ended."""


@dataclass(frozen=True)
class Mutant:
    """One change of one file, and what must see it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    target: str | None = None
    """What the CPU must be able to run for the tests to see it."""


class Mistake(Exception):
    """The list of mutants is wrong: it says nothing about the tests."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="GLOB", help="mutants of these files")
    parser.add_argument("--name", metavar="GLOB", help="mutants with such a name")
    parser.add_argument("--since", metavar="COMMIT", help="mutants of files changed since then")
    parser.add_argument("--list", action="store_true", help="only show which they are")
    options = parser.parse_args()
    try:
        chosen = choose(read_mutants(MUTANTS), options.only, options.name, options.since)
    except Mistake as mistake:
        print(mistake)
        return 1
    if options.list or not chosen:
        for mutant in chosen:
            print(f"{mutant.file}: {mutant.name}: {' '.join(mutant.tests)}")
        print(f"{len(chosen)} mutants")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        return judge(chosen, Path(folder))


def judge(mutants: Sequence[Mutant], folder: Path) -> int:
    """Try every mutant and print what became of it; return the exit code."""
    laboratory = Laboratory(folder)
    every_test = sorted({test for mutant in mutants for test in mutant.tests})
    healthy, said = laboratory.run_tests(every_test)
    if healthy != 0:
        print(f"{said}\nthe tests fail although nothing is broken")
        return 1
    failed = skipped = 0
    for mutant in mutants:
        if mutant.target not in (None, *laboratory.targets):
            print(f"no {mutant.target} here:  {mutant.file}: {mutant.name}")
            skipped += 1
            continue
        started = time.monotonic()
        try:
            fate = laboratory.fate(mutant)
        except Mistake as mistake:
            fate = f"MISTAKE: {mistake}"
        failed += fate.startswith(("LIVES", "MISTAKE"))
        seconds = time.monotonic() - started
        print(f"{fate:7} {seconds:5.0f} s  {mutant.file}: {mutant.name}", flush=True)
    tried = len(mutants) - skipped
    print(f"{tried - failed} of {tried} mutants died")
    return 1 if failed else 0


# ---------------------------------------------------------------- the list


def read_mutants(folder: Path) -> list[Mutant]:
    """Read every list in `folder`. Raises Mistake."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]:
            known = {"name", "file", "old", "new", "tests"}
            if set(entry) - {"target"} != known or not entry["tests"]:
                raise Mistake(f"{path.name}: {entry.get('name')}: needs exactly {sorted(known)}")
            found.append(Mutant(**{**entry, "tests": tuple(entry["tests"])}))
    twice = [key for key, n in Counter((m.file, m.name) for m in found).items() if n > 1]
    if twice:
        raise Mistake(f"two mutants with one name: {twice}")
    return found


def choose(
    mutants: Sequence[Mutant], only: str | None, name: str | None, since: str | None
) -> list[Mutant]:
    changed = None if since is None else set(changed_files(since))
    return [
        mutant
        for mutant in mutants
        if (only is None or fnmatch.fnmatch(mutant.file, only))
        and (name is None or fnmatch.fnmatch(mutant.name, name))
        and (changed is None or mutant.file in changed)
    ]


def changed_files(commit: str) -> Iterator[str]:
    """Yield the files that differ from `commit`. Raises Mistake where git does not know it."""
    try:
        yield from run("git", "-C", ROOT, "diff", "--name-only", commit, "--").splitlines()
    except CommandFailed as failure:
        raise Mistake(str(failure)) from failure


def mutate(text: str, mutant: Mutant) -> str:
    """Return `text` with the mutant's change. Raises Mistake unless its place is there, once."""
    places = text.count(mutant.old)
    if places != 1:
        raise Mistake(f"its text stands {places} times in the file")
    if mutant.old == mutant.new:
        raise Mistake("it changes nothing")
    return text.replace(mutant.old, mutant.new)


# ---------------------------------------------------------------- trying one


class Laboratory:
    """A copy of the checkout, installed in an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self._copy, self._build = folder / "copy", folder / "build"
        copy_checkout(self._copy)
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        server = tomllib.loads((ROOT / SERVER / "pyproject.toml").read_text(encoding="utf-8"))
        wanted = [
            *project["build-system"]["requires"],
            *(need for one in (project, server) for need in one["project"]["dependencies"]),
            *project["project"]["optional-dependencies"]["website"],
            *project["project"]["optional-dependencies"]["test"],
            *server["project"]["optional-dependencies"]["postgres"],
            *server["project"]["optional-dependencies"]["test"],
        ]
        needs = [need for need in wanted if not need.startswith("tito-bench")]
        self._tools = virtual_environment(CACHE / "mutants", "cmake", "ninja", *needs)
        self._python = environment_beside(self._tools, folder / "venv")
        self._built_is_whole = False
        self.install()
        code = "from tito_bench import _native; print(*_native.supported_targets())"
        self.targets = run(self._python, "-c", code).split()

    def install(self) -> None:
        """Build the copy and point the environment at it. Raises CommandFailed."""
        path = os.pathsep.join((str(self._tools.parent), os.environ.get("PATH", "")))
        run(
            self._tools, "-m", "pip", "--python", self._python, "install", "-q", "--no-deps",
            "--no-build-isolation", f"-Cbuild-dir={self._build}", "-e", self._copy,
            environ={**os.environ, "PATH": path},
        )  # fmt: skip
        self._built_is_whole = True

    def fate(self, mutant: Mutant) -> str:
        """Make the mutant, run its tests, undo it; return how it ended. Raises Mistake."""
        path = self._copy / mutant.file
        if not path.is_file():
            raise Mistake("there is no such file")
        before = path.read_text(encoding="utf-8")
        after = mutate(before, mutant)
        in_kernels = mutant.file.startswith(BUILT)
        try:
            path.write_text(after, encoding="utf-8")
            if in_kernels:
                self._built_is_whole = False
                self.install()
            elif not self._built_is_whole:
                path.write_text(before, encoding="utf-8")
                self.install()
                path.write_text(after, encoding="utf-8")
            code, said = self.run_tests(mutant.tests)
        except CommandFailed as failure:
            raise Mistake(f"it cannot be built\n{failure}") from failure
        finally:
            path.write_text(before, encoding="utf-8")
            self._built_is_whole = self._built_is_whole and not in_kernels
        if code is None:
            return "hangs"
        if code not in _PYTEST_SAID_WHY and code != 0:
            return "crashes"
        if code not in (0, _PYTEST_FAILED):
            raise Mistake(f"its tests cannot be run\n{said}")
        return "dies" if code else "LIVES"

    def run_tests(self, tests: Sequence[str]) -> tuple[int | None, str]:
        """Return pytest's exit code, None where it never ended, and what it said last.

        The server's tests have a configuration of their own, and run in its folder.
        """
        of_server = [test.removeprefix(f"{SERVER}/") for test in tests if test.startswith(SERVER)]
        others = [test for test in tests if not test.startswith(SERVER)]
        code, said = self._run_in(self._copy, others) if others else (0, "")
        if code == 0 and of_server:
            code, said = self._run_in(self._copy / SERVER, of_server)
        return code, said

    def _run_in(self, folder: Path, tests: Sequence[str]) -> tuple[int | None, str]:
        command = [
            str(self._python), "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider",
            *tests,
        ]  # fmt: skip
        environ = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",  # a changed file may look its age
            "PYTHONPATH": str(self._copy / SERVER / "src"),
        }
        try:
            done = subprocess.run(
                command, cwd=folder, env=environ, capture_output=True, text=True,
                errors="replace", timeout=_LONGEST_TESTS_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, "\n".join(done.stdout.splitlines()[-20:])


def copy_checkout(to: Path) -> None:
    """Copy what git knows of, and what it does not ignore."""
    listed = run("git", "-C", ROOT, "ls-files", "-z", "-c", "-o", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


if __name__ == "__main__":
    sys.exit(main())
