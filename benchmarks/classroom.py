"""What a class costs: the wall time and memory of `community stats --from` over many exports.

    python benchmarks/classroom.py [--students 200 100000] [--runs 5]

Writes exports as `community export` does, one a student, and prints the wall time of the whole
command for the gradebook (`--csv`) and the counts (`--json`), with the largest memory of each.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median
from typing import Any

from command import environ, tito_bench_command

FORMS = ("--csv", "--json")


def export(number: int, draw: random.Random) -> dict[str, Any]:
    """Return what one student hands in: a profile, and two submissions of each kind."""
    submissions = [
        {
            "schema": 1,
            "kind": "submission",
            "created_at": f"2026-10-{day:02d}T08:00:00Z",
            "benchmark": benchmark,
            "measured_at": f"2026-10-{day:02d}T08:00:00Z",
            "subject": {"name": "tinytorch", "version": "0.1.11"},
            "normalized_metrics": {
                metric: round(draw.uniform(20, 100), 1),
                "slowdowns": {name: draw.uniform(1, 500) for name in ("tensor_ops", "matmul")},
            },
            "verdict": {"status": "stable", "reasons": []},
        }
        for benchmark, metric in (("baseline", "score"), ("capstone", "overall"))
        for day in (3, 17)
    ]
    return {
        "schema": 1,
        "kind": "community_export",
        "profile": {
            "anonymous_id": str(uuid.UUID(int=number)),
            "location": {"country": draw.choice(["Kenya", "Chile", "India"])},
            "context": {"cohort": "Fall 2026", "course_type": "university"},
            "progress": {"modules_completed": draw.randrange(21), "milestones_passed": 2},
        },
        "submissions": submissions,
    }


def fill(folder: Path, students: int) -> None:
    draw = random.Random(18)  # noqa: S311 - the same class every time
    for number in range(students):
        path = folder / f"student{number:06d}.json"
        path.write_text(json.dumps(export(number, draw), indent=2), "utf-8")


def cost(command: list[str], project: Path) -> tuple[float, float]:
    """Return the wall time in seconds and the largest resident memory in MB of one run."""
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=project, env=environ(), stdout=subprocess.DEVNULL) as run:
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {run.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--students", type=int, nargs="+", default=[200, 100_000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print(f"{'students':>8}  {'form':6}  {'seconds':>7}  {'MB':>4}")
    for students in options.students:
        with tempfile.TemporaryDirectory() as name:
            project = Path(name)
            (project / "handed-in").mkdir()
            fill(project / "handed-in", students)
            for form in FORMS:
                command = [tito_bench_command(), "community", "stats", "--from", "handed-in", form]
                costs = [cost(command, project) for _ in range(options.runs)]
                seconds = median(one for one, _ in costs)
                print(f"{students:8}  {form:6}  {seconds:7.2f}  {max(mb for _, mb in costs):4.0f}")


if __name__ == "__main__":
    main()
