"""Break the code in ways that somebody thought of, and demand that a test sees each.

    python tools/mutants.py [--only GLOB] [--name GLOB] [--since COMMIT] [--jobs N] [--list]

tests/mutants/*.toml name the mutants: a file, a text that stands in it exactly once, the text that
takes its place, the tests that must fail then, and `target` where only some CPUs run what it
breaks. Each is made in a copy of this checkout, with an environment of its own, where the kernels
are built again if the file is one of theirs. A crash or a test that never ends is seen as well; a
mutant that cannot be built, or whose text is no longer there, is a mistake in the list, and fails
like one that lives.

--only and --since choose by the file that a mutant breaks: GLOB as in "src/_kernels/*", or what
differs from COMMIT (uncommitted changes included). --name chooses by name. --jobs tries so many
at once, each in a copy of its own.
"""

# ruff: noqa: S603  runs git, pip and pytest

from __future__ import annotations

import argparse
import fnmatch
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from toolchain import CACHE, ROOT, CommandFailed, environment_beside, run, virtual_environment

MUTANTS = ROOT / "tests" / "mutants"
BUILT = "src/_kernels"
SERVER = "server"
LIVES, MISTAKE, NO_TARGET = "LIVES", "MISTAKE", "no"
_LONGEST_TESTS_S = 600.0
_LONGEST_TEST_S = 60.0
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


@dataclass
class Trial:
    """What became of a mutant, and the tests that saw it."""

    fate: str
    seen_by: tuple[str, ...] = ()


class Mistake(Exception):
    """The list of mutants is wrong: it says nothing about the tests."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="GLOB", help="mutants of these files")
    parser.add_argument("--name", metavar="GLOB", help="mutants with such a name")
    parser.add_argument("--since", metavar="COMMIT", help="mutants of files changed since then")
    parser.add_argument("--jobs", type=int, default=1, help="so many at once; default 1")
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
        return judge(chosen, [Path(folder) / str(number) for number in range(options.jobs)])


def judge(mutants: Sequence[Mutant], folders: Sequence[Path]) -> int:
    """Try every mutant, in as many laboratories as there are folders; return the exit code.

    What saw one must then be content with the code as it is.
    """
    laboratories = [Laboratory(folder) for folder in folders]
    free = queue.SimpleQueue[Laboratory]()
    for laboratory in laboratories:
        free.put(laboratory)

    def tried(mutant: Mutant) -> Trial:
        laboratory = free.get()
        try:
            return try_mutant(laboratory, mutant)
        finally:
            free.put(laboratory)

    with ThreadPoolExecutor(len(laboratories)) as threads:
        trials = list(threads.map(tried, mutants))
    discontent = laboratories[0].failing({test for trial in trials for test in trial.seen_by})
    for trial in trials:
        if not discontent.isdisjoint(trial.seen_by):
            trial.fate = f"{MISTAKE}: what saw it fails although nothing is broken"
            print(f"{trial.fate}: {', '.join(discontent.intersection(trial.seen_by))}")
    asked = [trial for trial in trials if not trial.fate.startswith(NO_TARGET)]
    failed = sum(trial.fate.startswith((LIVES, MISTAKE)) for trial in asked)
    print(f"{len(asked) - failed} of {len(asked)} mutants died")
    return 1 if failed else 0


def try_mutant(laboratory: Laboratory, mutant: Mutant) -> Trial:
    """Print and return what became of a mutant."""
    started = time.monotonic()
    if mutant.target not in (None, *laboratory.targets):
        trial = Trial(f"{NO_TARGET} {mutant.target} here")
    else:
        try:
            trial = laboratory.trial(mutant)
        except Mistake as mistake:
            trial = Trial(f"{MISTAKE}: {mistake}")
    seconds = time.monotonic() - started
    print(f"{trial.fate:7} {seconds:5.0f} s  {mutant.file}: {mutant.name}", flush=True)
    return trial


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
        self._made_at, self._writes = int(time.time()), 0
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

    def trial(self, mutant: Mutant) -> Trial:
        """Make the mutant, run its tests, undo it. Raises Mistake."""
        path = self._copy / mutant.file
        if not path.is_file():
            raise Mistake("there is no such file")
        before = path.read_text(encoding="utf-8")
        after = mutate(before, mutant)
        in_kernels = mutant.file.startswith(BUILT)
        try:
            if in_kernels:
                self._built_is_whole = False
            else:
                self.make_whole()
            self._write(path, after)
            if in_kernels:
                self.install()
            code, said = self.run_tests(mutant.tests, "-x")
        except CommandFailed as failure:
            raise Mistake(f"it cannot be built\n{failure}") from failure
        finally:
            self._write(path, before)
            self._built_is_whole = self._built_is_whole and not in_kernels
        if code == 0:
            return Trial(LIVES)
        if code is None:
            return Trial("hangs", mutant.tests)
        if code not in _PYTEST_SAID_WHY:
            return Trial("crashes", mutant.tests)
        if code != _PYTEST_FAILED:
            raise Mistake(f"its tests cannot be run\n{said[-3000:]}")
        return Trial("dies", tuple(_failed(said)) or mutant.tests)

    def _write(self, path: Path, text: str) -> None:
        """Write a file with a time of its own: by it Python tells whether it has to compile it."""
        path.write_text(text, encoding="utf-8")
        self._writes += 1
        os.utime(path, (self._made_at + self._writes,) * 2)

    def make_whole(self) -> None:
        """Build the kernels again where a mutant of theirs is what is installed."""
        if not self._built_is_whole:
            self.install()

    def failing(self, tests: Collection[str]) -> set[str]:
        """Return which of the tests fail although nothing is broken."""
        self.make_whole()
        code, said = self.run_tests(sorted(tests)) if tests else (0, "")
        return set() if code == 0 else set(_failed(said)) or set(tests)

    def run_tests(self, tests: Sequence[str], *options: str) -> tuple[int | None, str]:
        """Return pytest's exit code, None where it never ended, and what it said.

        The server's tests have a configuration of their own, and run in its folder.
        """
        of_server = [test.removeprefix(f"{SERVER}/") for test in tests if test.startswith(SERVER)]
        others = [test for test in tests if not test.startswith(SERVER)]
        code, said = self._run_in(self._copy, others, options) if others else (0, "")
        if of_server and code in (0, _PYTEST_FAILED):
            its_code, its_said = self._run_in(self._copy / SERVER, of_server, options)
            code = its_code if its_code != 0 else code
            said += re.sub(r"^(FAILED|ERROR) ", rf"\1 {SERVER}/", its_said, flags=re.MULTILINE)
        return code, said

    def _run_in(
        self, folder: Path, tests: Sequence[str], options: Sequence[str]
    ) -> tuple[int | None, str]:
        command = [
            str(self._python), "-m", "pytest", "-q", "-rfE", "--no-header",
            "-p", "no:cacheprovider", f"--basetemp={self._copy.with_name('tests')}",
            *options, *tests,
        ]  # fmt: skip
        longest_s = max(_LONGEST_TESTS_S, _LONGEST_TEST_S * len(tests))
        environ = {**os.environ, "PYTHONPATH": str(self._copy / SERVER / "src")}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environ, capture_output=True, text=True,
                errors="replace", timeout=longest_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout


def _failed(said: str) -> list[str]:
    """Return the tests that failed, from pytest's summary."""
    return re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", said, re.MULTILINE)


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
