"""Build the sdist and wheels, and prove on this machine that people can install and run them.

    python tools/build_wheels.py [--quick] [--out FOLDER] [--only WORD]

Builds the sdist, manylinux wheels for x86_64 and aarch64 and a musllinux one, each twice: both
must be the same bytes. Checks what is in them, installs the x86_64 wheel in every Python found
here and the newest one of Debian, the aarch64 wheel in an emulated Python, and tests each there;
then installs as people do (wheel_lab/newcomers.py). Prints what was made and what ran where, as
Markdown.

--quick builds and checks the x86_64 wheel and stops there. What a step needs it installs: packages
of PyPI, and Debian's qemu and mmdebstrap (which takes Debian and root).
"""

import argparse
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import foreign_python
from toolchain import ROOT, CommandFailed, run, zig_compiler
from wheel_lab import pythons
from wheel_lab.building import build_sdist, cross_wheel, lab
from wheel_lab.contents import check_sdist, check_wheel, tags
from wheel_lab.newcomers import NEWCOMERS, refused_by_old_python

MACHINES = ("x86_64", "aarch64", "x86_64-musl")
EMULATED_TESTS = ("kernels", "workloads")
# One spins for as long as a kernel runs: under qemu, minutes.
EMULATED_OPTIONS = ("--timeout=900", "-k", "not gil_is_released")
LANES = 2


@dataclass(frozen=True)
class Step:
    """One row of the last table: on what, what is done there, and how."""

    where: str
    what: str
    do: Callable[[], str]


@dataclass(frozen=True)
class Outcome:
    step: Step
    passed: bool
    said: str
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="build and check one wheel, no more")
    parser.add_argument("--out", type=Path, default=ROOT / "wheelhouse", metavar="FOLDER")
    parser.add_argument("--only", metavar="WORD", help="only steps with this word in their name")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tito-bench-wheels-") as name:
        work = Path(name)
        work.chmod(0o755)  # one of the newcomers is another user
        lab(), zig_compiler()  # made before two lanes want them
        outcomes = build_and_check(work, MACHINES[:1] if options.quick else MACHINES)
        if all(outcome.passed for outcome in outcomes):
            if not options.quick:
                outcomes += perform(chosen(later_steps(work), options.only))
            publish(work, options.out)
    print_table(outcomes)
    print(f"\n{time.monotonic() - started:.0f} s in all")
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n{outcome.step.where}: {outcome.step.what}: failed\n{outcome.said}")
    return 1 if failed else 0


def build_and_check(work: Path, machines: tuple[str, ...]) -> list[Outcome]:
    outcomes = perform([Step("sdist", "built twice, same bytes", partial(sdist_twice, work))])
    if not outcomes[0].passed:
        return outcomes
    builds = [
        Step(f"{machine} wheel", "built twice, same bytes", partial(wheel_twice, work, machine))
        for machine in machines
    ]
    outcomes += perform(builds)
    if not all(outcome.passed for outcome in outcomes):
        return outcomes
    checks = [Step("sdist", "contents", partial(check_sdist, sdist(work)))]
    for machine in machines:
        check = partial(check_wheel, wheel(work, machine), work)
        checks.append(Step(f"{machine} wheel", "contents", check))
    return outcomes + perform(checks)


def later_steps(work: Path) -> list[Step]:
    """Return all that is done with the sdist and the wheels, the longest first."""
    found = pythons.installed()
    current = [one for one in found if one.version >= (3, 11)]
    steps = []
    for python in reversed(current):
        whole = python is current[-1]  # .ci/run does the whole on the oldest
        folders = () if whole else pythons.INTERPRETER_TESTS
        what = "all tests" if whole else f"tests of {', '.join(folders)}"
        tested = partial(test_in_venv, work, python, folders)
        steps.append(Step(f"x86_64, {python}", f"{what}; baseline", tested))
    for foreign in (foreign_python.AARCH64, foreign_python.NEWEST):
        what = f"tests of {', '.join(EMULATED_TESTS)}; baseline"
        steps.append(Step(str(foreign), what, partial(test_in_foreign, work, foreign)))
    for newcomer in NEWCOMERS:
        name = newcomer.__name__.replace("_", " ")
        arguments = work / newcomer.__name__, sdist(work), wheel(work, "x86_64")
        steps.append(Step("x86_64, newcomer", name, partial(newcomer, *arguments)))
    for old in found:
        if old.version < (3, 11):
            files = [sdist(work), wheel(work, "x86_64")]
            refused = partial(refused_by_old_python, old.path, work / "old", files)
            steps.append(Step(f"x86_64, {old}", "refused, with the reason", refused))
    return steps


def chosen(steps: list[Step], word: str | None) -> list[Step]:
    return [step for step in steps if word is None or word in f"{step.where} {step.what}"]


def perform(steps: Iterable[Step]) -> list[Outcome]:
    with ThreadPoolExecutor(LANES) as lanes:
        return list(lanes.map(attempt, steps))


def attempt(step: Step) -> Outcome:
    started = time.monotonic()
    try:
        said, passed = step.do(), True
    except (CommandFailed, OSError, LookupError, StopIteration, ValueError) as error:
        said, passed = f"{type(error).__name__}: {error}", False
    seconds = time.monotonic() - started
    mark = "ok" if passed else "FAILED"
    print(f"{mark:6} {seconds:5.0f} s  {step.where}: {step.what}", flush=True)
    return Outcome(step, passed, said, seconds)


# -- the steps ----------------------------------------------------------------------


def sdist_twice(work: Path) -> str:
    return same(build_sdist(ROOT, work / "sdist"), build_sdist(ROOT, work / "sdist-again"))


def wheel_twice(work: Path, machine: str) -> str:
    first, second = (
        cross_wheel(sdist(work), work / name / machine, machine) for name in ("wheel", "again")
    )
    return same(first, second)


def test_in_venv(work: Path, python: pythons.Interpreter, folders: tuple[str, ...]) -> str:
    home = work / f"venv-{python.version[1]}"
    inside = pythons.install_wheel(python.path, home / "venv", wheel(work, "x86_64"), "[test]")
    said = pythons.run_tests(inside, unpacked(work, home), folders)
    baseline = pythons.run_baseline([inside, "-m", "tito_bench"], home / "project")
    return f"{said}; {baseline}"


def test_in_foreign(work: Path, python: foreign_python.ForeignPython) -> str:
    home = work / python.machine
    inside = foreign_python.make(python, home)
    needed = ("hypothesis", "pytest", "pytest-timeout")
    foreign_python.install(python, home, wheel(work, python.machine), *needed)
    options = EMULATED_OPTIONS if python is foreign_python.AARCH64 else ()
    said = pythons.run_tests(inside, unpacked(work, home), EMULATED_TESTS, options)
    return f"{said}; {pythons.run_baseline([inside, '-m', 'tito_bench'], home / 'project')}"


def unpacked(work: Path, folder: Path) -> Path:
    """Return what the sdist holds, in `folder`."""
    with tarfile.open(sdist(work)) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("tito_bench-*/"))


def same(first: Path, second: Path) -> str:
    if first.name != second.name or first.read_bytes() != second.read_bytes():
        raise CommandFailed(f"{first} and {second} differ")
    return first.name


def sdist(work: Path) -> Path:
    return next((work / "sdist").glob("*.tar.gz"))


def wheel(work: Path, machine: str) -> Path:
    return next((work / "wheel" / machine).glob("*.whl"))


# -- what is shown ------------------------------------------------------------------


def publish(work: Path, out: Path) -> None:
    """Put what was made into `out` and print it."""
    out.mkdir(parents=True, exist_ok=True)
    print("\n| artifact | kB | tags |\n|---|---|---|")
    for made in (sdist(work), *sorted((work / "wheel").glob("*/*.whl"))):
        shutil.copy(made, out)
        kind = tags(made) if made.suffix == ".whl" else "source"
        print(f"| {made.name} | {made.stat().st_size / 1000:.0f} | {kind} |")
        if "manylinux" in made.name:
            shown = run(lab(), "-m", "auditwheel", "show", made)
            print(f"\nauditwheel show:\n{shown.strip()}\n", file=sys.stderr)


def print_table(outcomes: list[Outcome]) -> None:
    print("\n| where | what | result | s |\n|---|---|---|---|")
    for one in outcomes:
        said = one.said.splitlines()[0] if one.passed else "**failed**, see below"
        print(f"| {one.step.where} | {one.step.what} | {said} | {one.seconds:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
