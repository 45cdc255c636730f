"""What a long history costs: the wall time of `benchmark history` over many records.

    python benchmarks/history.py [--records 10000] [--runs 5]

Takes one real baseline and one real capstone, and makes so many records of
them in a project of its own: every tenth a capstone, each with a time of its own, all of
their real size and with the figures that their samples give, for every record is computed
again. Then prints the wall time of the whole command for each form of its output.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from command import baseline_record, environ, machine_line, tito_bench_command
from fairness_lab.packages import working_package

from tito_bench.records.schema import record_bytes

FORMS: tuple[tuple[str, ...], ...] = ((), ("--json",), ("--csv",), ("--markdown",))


def of_time(record: dict[str, Any], made_at: datetime) -> bytes:
    """Return the record as of another time."""
    return record_bytes(record | {"created_at": f"{made_at:%Y-%m-%dT%H:%M:%SZ}"})


def fill(project: Path, count: int) -> int:
    """Make the records; the bytes of all of them together."""
    working_package(project, 1)
    real = [
        baseline_record(project, "--subject", "tinytorch"),
        baseline_record(project, verb="capstone"),
    ]
    draw = random.Random(8)  # noqa: S311 - the same records every time
    folder = project / ".tito" / "benchmarks"
    start = datetime(2026, 1, 1, tzinfo=UTC)
    size = 0
    for index in range(count - len(real)):
        record = real[index % 10 == 9]
        made_at = start + timedelta(minutes=30 * index)
        data = of_time(record, made_at)
        name = f"{record['kind']}_{made_at:%Y%m%dT%H%M%SZ}_{draw.getrandbits(16):04x}.json"
        (folder / name).write_bytes(data)
        size += len(data)
    print(machine_line(real[0]))
    return size


def seconds(command: list[str], project: Path) -> float:
    """Return the wall time in seconds of one run, its output going into a pipe."""
    start = time.perf_counter()
    subprocess.run(command, cwd=project, env=environ(), capture_output=True, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000, metavar="N")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        project = Path(work)
        size = fill(project, options.records)
        print(f"{options.records} records, {size / 1e6:.0f} MB")
        for form in FORMS:
            command = [tito_bench_command(), "benchmark", "history", *form]
            times = [seconds(command, project) for _ in range(options.runs)]
            print(
                f"history {' '.join(form) or 'for people':<12} median {median(times):.2f} s, "
                f"worst {max(times):.2f} s"
            )


if __name__ == "__main__":
    main()
