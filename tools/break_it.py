"""Try to break the commands, area by area, and print the table "area, tried, failed".

    python tools/break_it.py [AREA...] [--parts GLOB] [--short] [--count N] [--seed N] [--jobs N]

tests/robustness/areas.py says which areas there are. Each failure is printed with what shows it
again; exits 1 where there is one. A run of everything takes about half an hour on two cores.
"""

# ruff: noqa: S311  chance that can be had again by its seed

import argparse
import fnmatch
import multiprocessing
import os
import platform
import random
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "measure")]

from robustness.areas import AREAS  # noqa: E402
from robustness.commands import Outcome, preload  # noqa: E402

_SHOWN = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("areas", nargs="*", metavar="AREA", help="those; all by default")
    parser.add_argument("--parts", metavar="GLOB", default="*", help="only these of an area")
    parser.add_argument("--short", action="store_true", help="a few tries of each")
    parser.add_argument("--count", type=int, help="so many tries of each part of an area")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many at once")
    parser.add_argument("--list", action="store_true", help="only show which areas there are")
    options = parser.parse_args()
    unknown = set(options.areas) - set(AREAS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are: {', '.join(AREAS)}")
    if options.list:
        print("\n".join(f"{name}: {', '.join(area.parts)}" for name, area in AREAS.items()))
        return 0
    print(f"seed {options.seed}, {platform.system()}, Python {platform.python_version()}")
    chosen = options.areas or list(AREAS)
    outcomes = try_areas(
        chosen, options.parts, options.short, options.count, options.seed, options.jobs
    )
    print("\n| area | tried | failed |\n| --- | ---: | ---: |")
    for name, outcome in outcomes.items():
        print(f"| {name} | {outcome.tried:,} | {len(outcome.failed)} |")
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


def try_areas(
    names: list[str], parts: str, short: bool, count: int | None, seed: int, jobs: int
) -> dict[str, Outcome]:
    """Try the areas, parts of them at once; print what fails as it comes."""
    preload()
    outcomes = {name: Outcome() for name in names}
    fork = multiprocessing.get_context("fork")
    with (
        tempfile.TemporaryDirectory(prefix="break-it-") as folder,
        ProcessPoolExecutor(jobs, mp_context=fork) as pool,
    ):
        running = {}
        for name in names:
            area = AREAS[name]
            tries = count if count is not None else area.short if short else area.full
            for part in fnmatch.filter(area.parts, parts):
                place = Path(folder) / str(len(running))
                running[pool.submit(_try, name, part, place, tries, seed)] = (name, part)
        for future, (name, part) in running.items():
            outcome, seconds = future.result()
            outcomes[name].add(outcome)
            for number, failure in enumerate(outcome.failed):
                shown = failure if number < _SHOWN else failure.partition("\n")[0]
                print(f"\n{name}, {part}: {shown}")
            said = f"{outcome.tried} tried, {len(outcome.failed)} failed, {seconds:.0f} s"
            print(f"{name}, {part}: {said}", flush=True)
    return outcomes


def _try(name: str, part: str, place: Path, count: int, seed: int) -> tuple[Outcome, float]:
    started = time.monotonic()
    rng = random.Random(f"{seed} {name} {part}")
    return AREAS[name].run(part, place, count, rng), time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
