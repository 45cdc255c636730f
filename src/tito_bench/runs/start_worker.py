"""How every use case starts its workers."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

from tito_bench.machine.environment import Machine
from tito_bench.measure.messages import Purpose
from tito_bench.measure.worker_process import WorkerProcess

__all__ = ["worker_starter"]

_LEAST_MEMORY_GIB, _MOST_MEMORY_GIB = 2, 8


def worker_starter(
    root: Path,
    environ: Mapping[str, str],
    machine: Machine,
    purpose: Purpose,
    *,
    order: random.Random | None = None,
) -> Callable[[], WorkerProcess]:
    """Return what starts a worker for `purpose` in the folder `root`.

    Its code may take all the memory of `machine`, from 2 to 8 GiB. Each worker's seed
    comes from `order`, without which the system's own randomness decides: the code
    under test must not foresee it.
    """
    seeds = order or random.SystemRandom()
    memory_gib = min(_MOST_MEMORY_GIB, max(_LEAST_MEMORY_GIB, machine.ram_gib))
    return lambda: WorkerProcess(
        root,
        environ,
        memory_bytes=memory_gib * 2**30,
        seed=seeds.getrandbits(32),
        purpose=purpose,
    )
