"""Which rounds should stand for a run: all, or those in which the subject was fastest?

    python benchmarks/fastest_rounds.py [--repeats 3]

Runs a package whose Tensor objects hand everything to NumPy so often under each kind of
contention, and takes the score of each run anew from the samples of its record, by so many of its
rounds. Prints how far that score moves over all runs, and each operation's slowdown: by all of
its rounds and by those that count.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median, stdev

import msgspec
from fairness_lab.contention import CONTENTION
from fairness_lab.machines import clean_environ
from fairness_lab.packages import working_package
from fairness_lab.runs import run_baseline

from tito_bench.machine.environment import describe_machine
from tito_bench.records.benchmark import BenchmarkRecord, OperationRecord, kept_slowdowns
from tito_bench.score import composite_slowdown, geometric_mean, score
from tito_bench.statistics import FEWEST_FOR_INTERVAL, coefficient_of_variation

_SHARES = {"all": 1.0, "half": 1 / 2, "a third": 1 / 3, "a quarter": 1 / 4, "a tenth": 1 / 10}
_INTERRUPTED = 1.05


def main() -> int:
    """Parse the command line and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="of each contention")
    options = parser.parse_args()
    machine = describe_machine()
    print(f"{machine.cpu_model}, {machine.os}, Python {sys.version.split()[0]}\n")
    with tempfile.TemporaryDirectory() as folder:
        working_package(Path(folder), 1)
        kinds = [kind for kind in CONTENTION for _ in range(options.repeats)]
        random.shuffle(kinds)
        words = ["--subject", "tinytorch"]
        runs = [
            run_baseline(Path(folder), words, clean_environ(), CONTENTION[kind]) for kind in kinds
        ]
    print(f"score of {len(runs)} runs, by      median   range   deviation")
    for name, share in _SHARES.items():
        scores = [_score(run, share) for run in runs]
        moved = max(scores) - min(scores)
        print(f"{name:<24}{median(scores):>10.2f}{moved:>8.2f}{stdev(scores):>12.2f}")
    print(f"\n{'slowdown, CV over runs':<24}{'all rounds':>12}{'a quarter':>12}")
    for number, op in enumerate(runs[0].operations):
        found = [
            coefficient_of_variation([_slowdown(run.operations[number], share) for run in runs])
            for share in (1.0, 1 / 4)
        ]
        print(f"{op.name:<24}" + "".join(f"{100 * each:>11.2f}%" for each in found))
    return 0


def _score(run: BenchmarkRecord, share: float) -> float:
    groups = defaultdict(list)
    for op in run.operations:
        if op.scored:
            groups[op.group].append(_slowdown(op, share))
    return score(composite_slowdown(map(geometric_mean, groups.values())))


def _slowdown(op: OperationRecord, share: float) -> float:
    """Return the median slowdown of the rounds that were not interrupted, of the fastest share."""
    taken = op.samples
    spent = [
        ns / loops for ns, loops in zip(taken.subject_cpu_ns, taken.subject_loops, strict=True)
    ]
    calm = [
        number
        for number, cpu_ns in enumerate(taken.subject_cpu_ns)
        if taken.subject_wall_ns[number] <= _INTERRUPTED * cpu_ns
    ] or list(range(len(spent)))
    count = max(FEWEST_FOR_INTERVAL, math.ceil(share * len(calm)))
    chosen = set(sorted(calm, key=spent.__getitem__)[:count])
    kept = [number in chosen for number in range(len(spent))]
    samples = msgspec.structs.replace(taken, kept=kept)
    return median(kept_slowdowns(msgspec.structs.replace(op, samples=samples)))


if __name__ == "__main__":
    raise SystemExit(main())
