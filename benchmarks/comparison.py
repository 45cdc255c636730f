"""What `benchmark compare` tells apart, and what it does not.

    python benchmarks/comparison.py [--pairs 24]

Measures three packages again and again, in turns: one that does the work of each operation
once, one that does it twice, and one that is 5% slower in matmul_256 alone: it multiplies as
many rows again as were found to take that. Prints

- how many lines of so many pairs of runs of the same code are called faster or slower, with
  the floor and with what was learned from the other runs (asked: at most 5% of the operations'
  lines and 2% of the overall ones),
- in how many pairs the 5% are found (asked: 90%), and 44 times, made by multiplying the
  samples of one round (asked: always),
- what the floor is to cover: the standard deviation of each operation between runs, and how
  far a single round ever was from its median.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from command import baseline_record, machine_line
from fairness_lab.packages import working_package

from tito_bench.measure.comparison import (
    FEWEST_PAIRS,
    Drift,
    Estimate,
    compare,
)
from tito_bench.records.read import RecordHeader, load_record, read_history
from tito_bench.records.repeated_runs import drifts_of, estimate_of
from tito_bench.report.comparison_view import ComparisonView, comparison_view
from tito_bench.statistics import median

EDITED = "matmul_256"
_PRODUCT = "            result = apply(np.matmul, self, other)\n"
_SIZE = 256
_PILOT_ROWS, _PILOTS = 24, 4  # enough that its effect stands out of the noise
_EXTRA = """        if self.data.shape == ({size}, {size}):
            np.matmul(self.data[:{rows}], other.data)
"""


def edited_package(folder: Path, rows: int) -> None:
    """Write the package that does everything once, and so many rows of one product twice."""
    working_package(folder, 1)
    tensor = folder / "tinytorch" / "core" / "tensor.py"
    source = tensor.read_text(encoding="utf-8")
    if source.count(_PRODUCT) != 1:
        raise ValueError("the package has no product of its own to edit")
    extra = _EXTRA.format(size=_SIZE, rows=rows)
    tensor.write_text(source.replace(_PRODUCT, _PRODUCT + extra), encoding="utf-8")


def rows_of_five_percent(work: Path) -> int:
    """Return how many rows make the product 5% slower here: few are dearer on some CPUs."""
    logs = []
    for rows in (0, _PILOT_ROWS):
        project = work / f"pilot{rows}"
        edited_package(project, rows)
        for _ in range(_PILOTS):
            baseline_record(project, "--subject", "tinytorch")
        logs.append(median(Runs(project).logs()[EDITED]))
    return round(_PILOT_ROWS * math.log(1.05) / (logs[1] - logs[0]))


class Runs:
    """The records of one package, in the order they were made."""

    def __init__(self, project: Path) -> None:
        folder = project / ".tito" / "benchmarks"
        now = datetime.now(UTC)
        self.entries: list[RecordHeader] = list(read_history(folder, now).entries)
        self.records = [load_record(folder / entry.file, now).record for entry in self.entries]

    def logs(self) -> dict[str, list[float]]:
        """Return the logarithm of each operation's slowdown, run by run."""
        found = defaultdict(list)
        for record in self.records:
            for op in record.operations:
                if op.slowdown is not None:
                    found[op.name].append(math.log(op.slowdown))
        return found

    def drifts(self, *left_out: int) -> dict[str, Drift]:
        """Return what all successive runs but those that are `left_out` say."""
        kept = [i for i in range(len(self.records) - 1) if not {i, i + 1} & {*left_out}]
        return drifts_of((self.records[i], self.records[i + 1]) for i in kept)

    def view(self, before: int, after: int, drifts: Mapping[str, Drift]) -> ComparisonView:
        """Return one comparison."""
        return comparison_view(
            self.records[before],
            self.records[after],
            self.entries[before],
            self.entries[after],
            drifts,
        )


def claims(views: Iterable[ComparisonView]) -> tuple[float, float]:
    """Return the shares of operation and of overall lines that are called faster or slower."""
    listed = list(views)
    lines = [row.change != "not separated" for view in listed for row in view.operations]
    overall = [view.overall.change != "not separated" for view in listed if view.overall]
    return sum(lines) / len(lines), sum(overall) / len(overall)


def found_edit(once: Runs, edited: Runs, drift: Drift | None) -> float:
    """Return the share of all pairs of runs in which the edited operation is called slower."""
    words = [
        compare(_named(before), _named(after), drift).change
        for before in once.records
        for after in edited.records
    ]
    return words.count("slower") / len(words)


def found_44(once: Runs) -> float:
    """Return the share of comparisons, of any operation, that call 44 times slower by one round."""
    words = []
    for record in once.records:
        for op in record.operations:
            before = estimate_of(op)
            if before is not None:
                after = Estimate(44 * before.value, 44 * before.value, 44 * before.value, 1)
                words += [
                    compare(before, after).change == "slower",
                    compare(after, before).change == "faster",
                ]
    return sum(words) / len(words)


def _named(record: Any) -> Estimate:
    found = estimate_of(next(op for op in record.operations if op.name == EDITED))
    if found is None:
        raise ValueError(f"{EDITED} was not measured")
    return found


def single_rounds(runs: Iterable[Runs]) -> tuple[int, float]:
    """Return how many rounds there are, and how many times off its median the furthest is."""
    furthest, count = 0.0, 0
    for record in (record for each in runs for record in each.records):
        for op in record.operations:
            taken = op.samples
            logs = sorted(
                math.log(subject / loops / (native / native_loops))
                for subject, loops, native, native_loops in zip(
                    taken.subject_cpu_ns,
                    taken.subject_loops,
                    taken.native_cpu_ns,
                    taken.native_loops,
                    strict=True,
                )
            )
            if logs:
                middle = logs[len(logs) // 2]
                furthest = max(furthest, middle - logs[0], logs[-1] - middle)
                count += len(logs)
    return count, math.exp(furthest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=24, metavar="N", help="of the same code")
    pairs = parser.parse_args().pairs
    runs = max(FEWEST_PAIRS + 4, 2 * math.ceil(pairs / 3))
    with tempfile.TemporaryDirectory() as work:
        projects = {name: Path(work) / name for name in ("once", "twice", "edited")}
        working_package(projects["once"], 1)
        working_package(projects["twice"], 2)
        edited_package(projects["edited"], rows_of_five_percent(Path(work)))
        for _ in range(runs):
            for project in projects.values():
                record = baseline_record(project, "--subject", "tinytorch")
        found = {name: Runs(project) for name, project in projects.items()}
    print(f"{machine_line(record)}\n{runs} runs of each of 3 packages\n")
    print(f"{'no edit':<24} {'pairs':>6} {'operation lines':>16} {'overall lines':>14}")
    couples = [(each, i) for i in range(0, runs - 1, 2) for each in found.values()][:pairs]
    for title, learned in (("floor", False), ("learned from the others", True)):
        views = [
            each.view(i, i + 1, each.drifts(i, i + 1) if learned else {}) for each, i in couples
        ]
        lines, overall = claims(views)
        print(f"{title:<24} {len(views):>6} {100 * lines:>15.1f}% {100 * overall:>13.1f}%")
    once, edited = found["once"], found["edited"]
    logs = [sorted(each.logs()[EDITED]) for each in (once, edited)]
    true = math.exp(logs[1][runs // 2] - logs[0][runs // 2])
    print(f"\n{EDITED} edited: {true:.3f} times by the medians of all runs; called slower in")
    print(f"  {100 * found_edit(once, edited, None):.1f}% of {runs * runs} pairs by the floor")
    learned_drift = once.drifts().get(EDITED)
    print(f"  {100 * found_edit(once, edited, learned_drift):.1f}% by what was learned")
    print(f"44 times in one round: called so in {100 * found_44(once):.1f}%")
    print(f"\n{'between runs':<16} {'deviation of one run':>22}")
    for name in once.logs():
        squares = [
            (b - a) ** 2
            for each in found.values()
            for a, b in zip(each.logs()[name], each.logs()[name][1:], strict=False)
        ]
        print(f"{name:<16} {100 * math.sqrt(math.fsum(squares) / len(squares) / 2):>21.2f}%")
    floor = 100 * (math.exp(Drift.floor().reach) - 1)
    print(f"the floor reaches at least {floor:.1f}% to each side of a ratio")
    count, furthest = single_rounds(found.values())
    print(f"the furthest of {count} single rounds was {furthest:.2f} times off its median")


if __name__ == "__main__":
    main()
