"""What twice the work costs: 10 points.

    python benchmarks/doubled_work.py [--runs 3]

Measures the same student's package twice: as it is, and with every operation,
its Tensor too, done two times over. Prints the difference of the scores
(asked: 10.0 +- 0.5).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import mean

from command import baseline_record, machine_line
from fairness_lab.packages import working_package


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    runs = parser.parse_args().runs
    scores: dict[int, list[float]] = {1: [], 2: []}
    print(f"{'run':>4} {'once':>7} {'twice':>7} {'difference':>11}")
    with tempfile.TemporaryDirectory() as work:
        for times in scores:
            working_package(Path(work) / str(times), times)
        for run in range(1, runs + 1):
            for times, found in scores.items():
                record = baseline_record(Path(work) / str(times), "--subject", "tinytorch")
                found.append(record["normalized_metrics"]["score"])
            once, twice = scores[1][-1], scores[2][-1]
            print(f"{run:>4} {once:>7.2f} {twice:>7.2f} {once - twice:>11.2f}")
    print(f"Difference of the means: {mean(scores[1]) - mean(scores[2]):.2f} points")
    print(machine_line(record))


if __name__ == "__main__":
    main()
