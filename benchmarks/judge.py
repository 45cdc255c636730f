"""Does the judge sit apart? Every surrounding, leftover and edit beside the score that it leaves.

    python benchmarks/judge.py [--repeats 3] [--only WORD]...

Measures one package by the installed command, again and again: as it is, in every surrounding,
with every honest habit, with every cheat; and edits its record. What they are is in
tests/measure/leftovers.py, for the tests as well. A row holds if its score is within a point of
the honest one, or there is none, or the verdict has a reason that names the cause. The honest
package is measured beside each row, so that both saw the same machine.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from command import machine_line

from tito_bench.cli.streams import utc_now
from tito_bench.records.read import NotARecord, read_record

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "measure"))
from cheating import dedented, write_package
from leftovers import CHEATS, EDITS, HABITS, SURROUNDINGS, Surrounding, run_baseline

_POINTS = 1.0
_NOISE = frozenset({"wide_interval", "noisy_operation", "preempted", "drift"})
"""Reasons that say that the machine was busy, and name no cause."""


@dataclass(frozen=True)
class Run:
    """The score of a run, None without one, and the reasons of its verdict that name a cause."""

    score: float | None
    named: tuple[str, ...]
    record: dict[str, Any]


def measure(code: str, surrounding: Surrounding) -> Run:
    """Measure the package with `code` appended."""
    with tempfile.TemporaryDirectory() as folder:
        write_package(Path(folder), dedented(code))
        done = run_baseline(Path(folder), surrounding)
    if not done.stdout:
        return Run(None, (done.stderr.strip()[-100:],), {})
    record = json.loads(done.stdout)
    reasons = record["verdict"]["reasons"]
    named = tuple(dict.fromkeys(map(_named, (r for r in reasons if r["code"] not in _NOISE))))
    return Run(record["normalized_metrics"]["score"], named, record)


def _named(reason: dict[str, str]) -> str:
    return f"{reason['code']}: {reason['value']}"


def rows() -> Iterator[tuple[str, str, str, Surrounding]]:
    """Yield (what it is, its name, code, surrounding) of every row."""
    usual = Surrounding()
    for name, surrounding in SURROUNDINGS.items():
        yield "surrounding, honest code", name, "", surrounding
    for name, code in HABITS.items():
        yield "habit", name, code, usual
    for name, code in CHEATS.items():
        yield "cheat", name, code, usual


def main() -> int:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each row")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="rows with it")
    options = parser.parse_args()
    first = measure("", Surrounding())
    print(machine_line(first.record), "\n", sep="")
    print(f"{'':<26}{'':<46}{'score':>7}{'honest':>8}{'change':>8}  holds")
    failed = 0
    for kind, name, code, surrounding in rows():
        if options.only and not any(word in f"{kind} {name}" for word in options.only):
            continue
        pairs = [
            (measure(code, surrounding), measure("", Surrounding())) for _ in range(options.repeats)
        ]
        failed += not print_row(kind, name, pairs)
    for name, (pattern, value) in EDITS.items():
        failed += not print_edit(name, first.record, pattern, value)
    print(f"\n{failed} rows do not hold" if failed else "\nevery row holds")
    return 1 if failed else 0


def print_row(kind: str, name: str, pairs: list[tuple[Run, Run]]) -> bool:
    """Print the median of a row; return whether it holds."""
    honest = [run.score for _, run in pairs if run.score is not None]
    scores = [run.score for run, _ in pairs if run.score is not None]
    named = ", ".join(dict.fromkeys(code for run, _ in pairs for code in run.named))
    honest_score = median(honest or [math.nan])
    if len(scores) <= len(pairs) // 2:
        print(f"{kind:<26}{name:<46}{'none':>7}{honest_score:>8.1f}{'':>8}  {named[:90]}")
        return kind == "cheat"
    change = median(scores) - honest_score
    holds = abs(change) <= _POINTS or (kind == "cheat" and (change < 0 or bool(named)))
    shown = named[:90] or ("yes" if holds else "NO")
    print(f"{kind:<26}{name:<46}{median(scores):>7.1f}{honest_score:>8.1f}{change:>+8.1f}  {shown}")
    sys.stdout.flush()
    return holds


def print_edit(name: str, record: dict[str, Any], pattern: str, value: str) -> bool:
    """Print what is said of a record with one place edited; return whether it was noticed."""
    text = re.sub(pattern, value, json.dumps(record), count=1)
    try:
        read_record(text.encode(), "record", utc_now())
    except NotARecord as why:
        print(f"{'edited record':<26}{name:<46}{'none':>7}{'':>16}  {why}")
        return True
    print(f"{'edited record':<26}{name:<46}{'':>23}  NO")
    return False


if __name__ == "__main__":
    sys.exit(main())
