"""How long a run takes on code that is nothing but loops of Python: the slowest that is right.

    python benchmarks/time_limits.py [--era E5]

Builds the heaviest teaching package of the tests, every product and convolution
element by element, and prints the wall time of `baseline` and `capstone`, and of
both with --quick, beside what they may take (on 2 cores).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from command import environ, tito_bench_command

from tito_bench.machine.environment import describe_machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from packages.build import ERAS, build_package  # the student packages of the tests

_LIMITS_S = {
    ("baseline",): 25.0,
    ("capstone",): 60.0,
    ("baseline", "--quick"): 8.0,
    ("capstone", "--quick"): 20.0,
}


def main() -> int:
    """Print a line for each command; 1 where one takes longer than it may, or fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--era", choices=ERAS, default=ERAS[-1], help="layout of the package")
    options = parser.parse_args()
    machine = describe_machine()
    print(f"{machine.cpu_model}, {machine.cores_logical} cores, {machine.os}")
    print(f"load average at the start {os.getloadavg()[0]:.1f}\n")
    print(f"{'command':<20}{'takes':>9}{'at most':>8}{'exit':>6}")
    held = True
    with tempfile.TemporaryDirectory() as folder:
        build_package(Path(folder), options.era, slow=True)
        for words, limit_s in _LIMITS_S.items():
            command = [tito_bench_command(), "benchmark", *words, "--skip-submit"]
            started = time.perf_counter()
            done = subprocess.run(
                command, cwd=folder, env=environ(), stdout=subprocess.DEVNULL, check=False
            )
            spent_s = time.perf_counter() - started
            held &= spent_s <= limit_s and done.returncode == 0
            took = f"{spent_s:>7.1f} s{limit_s:>6.0f} s{done.returncode:>6}"
            print(f"{' '.join(words):<20}{took}", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
