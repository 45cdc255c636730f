"""Makes the machine card: all measurements of `benchmark calibrate`, in order."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from tito_bench import __version__, _native
from tito_bench.errors import WorkerError
from tito_bench.machine.findings import find_environment
from tito_bench.machine.fingerprint import fingerprint_of
from tito_bench.machine.probe import read_probe
from tito_bench.machine.system import System
from tito_bench.measure.sampling import Sampler
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import Progress
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.records.calibration import Calibration, Figure, OperationTime
from tito_bench.runs.baseline import measure_baseline
from tito_bench.runs.kernel_speed import measure_bandwidth, measure_clocks, measure_target

__all__ = ["QUICK", "STANDARD", "Effort", "calibrate"]

_SYSTEM_NAME = re.compile(r"\w+(?: \d+(?:\.\d+)?)?")
_POOL_SHARE = 16  # the largest working set may take this part of the memory


@dataclass(frozen=True)
class Effort:
    """How much is measured; `budget` is that of the baseline operations."""

    rounds: int
    sample_ns: int
    sizes: tuple[int, ...]
    working_sets_kib: tuple[int, ...]
    budget: Budget


STANDARD = Effort(
    # A peak and a bandwidth move more slowly than a student's code: fewer rounds than a baseline's,
    # and samples twice as long, for the largest working sets are read once in a sample.
    rounds=21,
    sample_ns=2_000_000,
    sizes=(32, 64, 128, 256, 512),
    # From inside every first-level cache to beyond most last ones, in steps of 2 and 3.
    working_sets_kib=(16, 24, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 49152, 196608),
    budget=Budget(rounds=30, time_s=6.0, workers=3),
)
QUICK = Effort(
    rounds=3,
    sample_ns=1_000_000,
    sizes=(64, 256),
    working_sets_kib=(16, 256, 2048, 16384, 98304),
    budget=Budget(rounds=9, time_s=3.0, sample_ns=500_000, workers=1),
)


def calibrate(
    root: Path,
    *,
    effort: Effort,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    progress: Callable[[Progress], None],
) -> Calibration:
    """Measure this machine; nothing is saved.

    The baseline operations are timed by the engine of `benchmark baseline`
    with NumPy as the subject, in its worker processes: only times that were
    taken in the same way can be compared with those of a later run.

    Raises
    ------
    WorkerError
        The measuring process cannot be started, or NumPy fails in it.
    """
    record = measure_baseline(
        root,
        subject="numpy",
        package=None,
        budget=effort.budget,
        environ=environ,
        now=now,
        progress=progress,
    )
    machine, runtime = record.system_info.machine, record.system_info.runtime
    targets = _native.supported_targets()
    working_sets = _affordable(effort.working_sets_kib, machine.ram_gib)
    samples = len(targets) * (1 + len(effort.sizes)) + 2 * len(working_sets)
    sampler = Sampler(
        effort.rounds,
        random.Random(),  # noqa: S311 - only the order of samples
        effort.sample_ns,
        tick=_counted(progress, samples * effort.rounds),
    )
    with _native.AlignedArrays():
        speeds = [measure_target(target, effort.sizes, sampler) for target in targets]
        bandwidth = measure_bandwidth(working_sets, sampler)
    return Calibration(
        created_at=now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        tito_bench_version=__version__,
        quick=effort is QUICK,
        fingerprint=fingerprint_of(machine, runtime),
        # A card can be shared, and the full release may say who built the system.
        machine=msgspec.structs.replace(machine, os=_system_name(machine.os)),
        runtime=runtime,
        targets=speeds,
        bandwidth=bandwidth,
        dispatch_ns=_dispatch(record),
        clocks=measure_clocks(effort.rounds),
        operations=_operation_times(record),
        environment=list(find_environment(read_probe(runtime, System(environ=environ)))),
    )


def _system_name(os: str) -> str:
    """Return name and main version: "Linux 6.18" of "Linux 6.18.44-custom"."""
    found = _SYSTEM_NAME.match(os)
    return found.group() if found else ""


def _affordable(working_sets_kib: tuple[int, ...], ram_gib: int) -> tuple[int, ...]:
    most_kib = max(1, ram_gib) * 2**20 // _POOL_SHARE
    return tuple(kib for kib in working_sets_kib if kib <= most_kib)


def _counted(progress: Callable[[Progress], None], total: int) -> Callable[[str], None]:
    done = 0

    def tick(name: str) -> None:
        nonlocal done
        done += 1
        progress(Progress(name, done, total))

    return tick


def _dispatch(record: BenchmarkRecord) -> Figure:
    """Return the time of the smallest array call, over the rounds of all operations."""
    return Figure.of(
        [
            spent / loops
            for operation in record.operations
            for spent, loops in zip(
                operation.samples.dispatch_cpu_ns, operation.samples.dispatch_loops, strict=True
            )
        ]
    )


def _operation_times(record: BenchmarkRecord) -> list[OperationTime]:
    times = []
    for operation in record.operations:
        if operation.native_ns is None or operation.reference_ns is None:
            reason = operation.failure.reason if operation.failure else "no rounds"
            raise WorkerError(f"NumPy itself cannot be measured: {operation.name}: {reason}")
        times.append(
            OperationTime(
                operation.name, operation.version, operation.native_ns, operation.reference_ns
            )
        )
    return times
