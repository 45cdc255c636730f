"""The training that is timed, and what its time is of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from packages.build import build_package
from tito_bench import _native
from tito_bench.capstone import training
from tito_bench.capstone.task_context import TaskContext
from tito_bench.subjects import choose_subject
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject


def test_both_sides_train_on_the_same_batches_in_slices_that_take_turns() -> None:
    batches = [(np.full(1, float(number)), np.zeros(1)) for number in range(8)]
    seen: list[tuple[str, float]] = []
    steps = {
        side: lambda x, _y, side=side: seen.append((side, float(x[0])))
        for side in ("subject", "reference")
    }
    found = training._take_round(steps, batches, random.Random(1))
    for side in steps:
        assert [number for who, number in seen if who == side] == list(range(8))
        assert [reading.loops for reading in found[side]] == [2, 2, 2, 2]
    changes = sum(one != other for (one, _), (other, _) in pairwise(seen))
    assert changes >= 4


@pytest.mark.usefixtures("kept_imports")
@pytest.mark.parametrize(("waits", "expected"), [(0, 25.0), (1, 250.0)])
def test_a_step_that_was_stopped_takes_its_cpu_time_and_one_that_waits_all(
    waits: int, expected: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """25 and 63 times was read of the same code, by the wall clock."""
    build_package(tmp_path, "E5")
    subject, _ = choose_subject("tinytorch", tmp_path)
    assert isinstance(subject, TinyTorchSubject)
    real = training._time_callable

    def clocked(step: Any, ring: Sequence[Any], loops: int) -> Any:
        _, result = real(step, ring, loops)
        mine = "losses" in step.__code__.co_freevars
        cpu_ns = (25 if mine else 1) * 1000 * loops
        wall_ns, slept = (10 * cpu_ns, waits) if mine else (cpu_ns, 0)
        return SimpleNamespace(
            wall_ns=wall_ns, cpu_ns=cpu_ns, process_cpu_ns=cpu_ns, waits=slept
        ), result

    monkeypatch.setattr(training, "_time_callable", clocked)
    figures = training.assess_training(
        TaskContext(subject, _native.Kernels(), tmp_path, "mlp", 1, 30.0)
    )
    subject.package.close()
    assert figures.step_slowdown == expected
    assert (figures.step_ns, figures.twin_step_ns) == (1000 * expected, 1000.0)
    assert figures.steps == 186
