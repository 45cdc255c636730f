"""What `benchmark compare` tells apart, and what it does not.

    python benchmarks/comparison.py [--runs 10]

Measures one student's package again and again, unchanged, and once more with
every operation, its Tensor too, done two times over. Prints the comparison of
the first unchanged run with the doubled one as the command prints it, and how
often two runs of the unchanged package were separated (asked: about one
operation in twenty, for the intervals are at 95%).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections import Counter
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from command import baseline_record, environ, machine_line, tito_bench_command
from fairness_lab.packages import working_package

from tito_bench.records.read import load_record, read_history
from tito_bench.report.comparison_view import ComparisonView, comparison_view


def measure(project: Path, times: int, runs: int) -> Path:
    """Records of so many runs of a package that does its work `times` times; their folder."""
    working_package(project, times)
    for _ in range(runs):
        record = baseline_record(project, "--subject", "tinytorch")
    print(machine_line(record))
    return project / ".tito" / "benchmarks"


def views(folder: Path) -> list[ComparisonView]:
    """Every record compared with every later one."""
    now = datetime.now(UTC)
    chosen = [load_record(folder / each.file, now) for each in read_history(folder, now).entries]
    return [
        comparison_view(before.record, after.record, before.entry, after.entry)
        for before, after in combinations(chosen, 2)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, metavar="N")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as work:
        same = measure(Path(work) / "once", 1, runs)
        doubled = measure(Path(work) / "twice", 2, 1)
        words = [str(next(iter(sorted(folder.iterdir())))) for folder in (same, doubled)]
        command = [tito_bench_command(), "benchmark", "compare", *words]
        subprocess.run(command, cwd=work, env=environ(), check=True)
        found = views(same)
    separated: Counter[str] = Counter()
    largest: dict[str, float] = {}
    for row in (row for view in found for row in view.rows):
        if row.ratio is not None:
            separated[row.operation] += row.ratio.change != "not separated"
            off = max(row.ratio.value, 1 / row.ratio.value)
            largest[row.operation] = max(off, largest.get(row.operation, 1.0))
    print(f"\nTwo of {runs} runs of the same code, {len(found)} pairs:")
    print(f"{'operation':<16} {'separated':>10} {'largest ratio':>14}")
    for name, count in separated.items():
        print(f"{name:<16} {100 * count / len(found):>9.1f}% {largest[name]:>14.3f}")
    share = separated.total() / (len(found) * len(separated))
    print(f"{'all':<16} {100 * share:>9.1f}%")


if __name__ == "__main__":
    main()
