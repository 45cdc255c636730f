"""Runs tito-bench on the course's own tree at commits of its history: what it finds, and whose.

Run: python tools/run_on_course.py CHECKOUT [--commits N] [--only COMMIT...] [--cli-tests]

CHECKOUT is a git repository of the course, with or without a work tree; it is only read. Of N
commits that change the package, spread over the history, each is written into a temporary folder
and measured there with `benchmark baseline --quick`: the reference package must be named as the
course's, or "unknown" where its functions are too short. With --cli-tests the course's own tests
of its command line run too, where the commit has some: once as they are, and once with the `tito`
of this installation in place of its own. They need what the course needs, in this Python.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from git_history import GitHistory

_PACKAGES = ("tinytorch/core", "tinytorch/tinytorch/core")
_CLI_TESTS = ("tests/cli", "tinytorch/tests/cli")
_THEIR_COMMAND = re.compile(r"""sys\.executable,\s*['"]-m['"],\s*['"]tito\.main['"]""")
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
_LONGEST_S = 300


@dataclass(frozen=True)
class Run:
    """What came of one commit."""

    whose: str
    same: int
    own: tuple[str, ...]
    score: float | None
    exit_code: int
    reason: str


def measure(root: Path) -> Run:
    """Measure the package in a work tree, in a process of its own."""
    command = (sys.executable, "-m", "tito_bench", "benchmark", "baseline", "--quick", "--json")
    done = subprocess.run(  # noqa: S603 - this installation
        [*command, "--project", root, "--time-budget", "8"],
        capture_output=True,
        timeout=_LONGEST_S,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    try:
        record = json.loads(done.stdout)
    except ValueError:
        return Run("none", 0, (), None, done.returncode, said[-1] if said else "nothing said")
    origin = record["subject"].get("origin")
    score = record["normalized_metrics"]["score"]
    failures = [op["failure"]["reason"] for op in record["operations"] if op["failure"]]
    reason = record["subject"]["note"] or next(iter(failures), "")
    if origin is None:
        return Run("none", 0, (), score, done.returncode, reason)
    whose = "unknown" if not origin["same"] else "mixed" if origin["own"] else "course"
    if origin["own"] and not origin["same"]:
        whose = "yours"
    own = tuple(origin["own"])
    return Run(whose, len(origin["same"]), own, score, done.returncode, reason)


def cli_tests(root: Path) -> str:
    """Run the course's tests of its command line, with its own `tito` and with ours."""
    folder = next((root / place for place in _CLI_TESTS if (root / place).is_dir()), None)
    if folder is None:
        return "no tests of its own command line"
    with_theirs = _tests(folder)
    script = str(Path(sys.executable).with_name("tito"))
    for file in folder.glob("test_*.py"):  # of the copy
        text = file.read_text("utf-8")
        file.write_text(_THEIR_COMMAND.sub(lambda _: repr(script), text), "utf-8")
    return f"its own tests: {with_theirs}; through our tito: {_tests(folder)}"


def _tests(folder: Path) -> str:
    course = folder.parents[1]
    quiet = {"TITO_NO_SYNC": "1", "TITO_ALLOW_SYSTEM": "1", "HOME": str(course)}
    environ = {**os.environ, **quiet, "PYTHONPATH": str(course)}
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder)
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=course, env=environ, capture_output=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end within {_LONGEST_S} s"
    last = done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2]
    counts = _COUNTS.findall(last)
    return ", ".join(f"{count} {what}" for count, what in counts) or f"exit {done.returncode}"


def chosen(git: GitHistory, wanted: int) -> list[tuple[str, str]]:
    """Return that many commits that change the package, from the first to the last."""
    commits = git.commits(*_PACKAGES)
    if len(commits) <= wanted:
        return commits
    step = (len(commits) - 1) / max(1, wanted - 1)
    return [commits[round(index * step)] for index in range(wanted)]


def main() -> int:
    """Print a line a commit; fail where one is not named as the course's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--commits", type=int, default=10, metavar="N")
    parser.add_argument("--only", nargs="+", metavar="COMMIT")
    parser.add_argument("--cli-tests", action="store_true")
    options = parser.parse_args()
    git = GitHistory(options.checkout)
    found: Counter[str] = Counter()
    commits = [(one, "") for one in options.only or ()] or chosen(git, options.commits)
    for commit, day in commits:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            git.check_out(commit, root)
            run = measure(root)
            score = "-" if run.score is None else f"{run.score:.0f}"
            line = f"{commit[:10]} {day}: {run.whose}, {run.same} the same, score {score}"
            line += f", yours {', '.join(run.own[:4])}" if run.own else ""
            print(f"{line}, exit {run.exit_code} {run.reason[:160]}".rstrip())
            if options.cli_tests:
                print(f"    {cli_tests(root)}")
            sys.stdout.flush()
        found[run.whose] += 1
    git.close()
    print(", ".join(f"{whose}: {count}" for whose, count in sorted(found.items())))
    return 1 if found["yours"] + found["mixed"] else 0


if __name__ == "__main__":
    sys.exit(main())
