"""How far the score of the same code moves from run to run.

    python benchmarks/repeatability.py [--runs 10]

Runs the whole installed command so many times in a row and prints each
composite slowdown, and their coefficient of variation (asked: at most 1.5%).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from command import baseline_record, machine_line

from tito_bench.statistics import coefficient_of_variation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, metavar="N")
    runs = parser.parse_args().runs
    composites = []
    print(f"{'run':>4} {'composite':>10} {'score':>7}  verdict")
    with tempfile.TemporaryDirectory() as project:
        for run in range(1, runs + 1):
            record = baseline_record(Path(project), "--subject", "numpy")
            metrics = record["normalized_metrics"]
            composites.append(metrics["composite"])
            status = record["verdict"]["status"]
            print(f"{run:>4} {composites[-1]:>10.4f} {metrics['score']:>7.2f}  {status}")
    print(f"CV of the composite slowdown: {100 * coefficient_of_variation(composites):.2f}%")
    print(machine_line(record))


if __name__ == "__main__":
    main()
