"""Damage the files of a project at random, and read them by every command that does.

    python tools/damage_files.py [--count N] [--seed N]

tests/robustness/damaging.py says how. Prints how many runs there were of each area and how many
ended in a stack trace, each with what shows it again; exits 1 where any did.
"""

# ruff: noqa: S311  chance that can be had again by its seed

import argparse
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "measure")]

from robustness.damaging import AREAS, ODD  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="damages of each kind of file")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    failed = 0
    for area, count in (("damages", options.count), ("odd files", len(ODD))):
        with tempfile.TemporaryDirectory() as folder:
            home = {"HOME": str(Path(folder) / "home")}
            outcome = AREAS[area](Path(folder), count, random.Random(options.seed), home)
        for failure in outcome.failed[:10]:
            print(failure)
        print(f"{area}: {outcome.tried} tried, {len(outcome.failed)} failed", flush=True)
        failed += len(outcome.failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
