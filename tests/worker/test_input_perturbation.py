"""Which inputs change before a call, by what the operation does and how long its calls are."""

from __future__ import annotations

import numpy as np
import pytest

from tito_bench import _native
from tito_bench.measure.messages import Step
from tito_bench.worker.input_perturbation import InputPerturbation
from tito_bench.worker.paired_arrays import PairedArrays
from tito_bench.worker.paired_timing import PairedTiming
from tito_bench.worker.spot_check import SpotCheck
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation

MATMUL = Operation("matmul", "matmul", "matmul", ((8, 8), (8, 8)), 1)
ADD = Operation("add", "tensor_ops", "add", ((8, 8), (8, 8)), 1)


def _changed(operation: Operation, call_ns: float, calls: int = 1) -> list[np.ndarray]:
    """Return which elements of each input a loop of `calls` calls of that length changed."""
    pool = InputPool(1024, 3)
    changes = InputPerturbation(operation, pool)
    arrays = tuple(np.full((8, 8), -1.0, np.float32) for _ in range(2))
    changes.of(arrays, 7, changes.whole(call_ns)).advance(calls)
    return [array != -1.0 for array in arrays]


def test_every_row_of_a_product_changes_with_each_call():
    first, second = _changed(MATMUL, 1000.0, calls=2)
    assert first.any(axis=1).all()
    assert second.any(axis=1).all()


def test_long_calls_get_all_new_inputs():
    for changed in _changed(MATMUL, 60_000.0):
        assert changed.all()


def test_an_operation_that_mostly_reads_is_long_later():
    assert sum(changed.sum() for changed in _changed(ADD, 60_000.0)) < 64
    for changed in _changed(ADD, 6e6):
        assert changed.all()


@pytest.mark.parametrize("side", ["subject", "native"])
def test_each_side_gets_new_inputs_once_its_calls_are_long(side):
    asked = []

    class Watched(InputPerturbation):
        __slots__ = ()

        def of(self, arrays, seed, whole):
            asked.append(whole)
            return super().of(arrays, seed, whole)

    class Multiplied:
        function, variant = staticmethod(np.matmul), ""

        def arguments(self, inputs):
            return inputs

        def inputs(self, arguments):
            return arguments

    pool, hooks = InputPool(1024, 3), _native.Hooks()
    arrays = PairedArrays(MATMUL, lambda *_: Multiplied(), _native.Kernels("portable"), pool, hooks)
    changes = Watched(MATMUL, pool)
    timing = PairedTiming(arrays, changes, SpotCheck(arrays, changes), hooks)
    timing.begin(1)
    timing.subject_ns = 60_000.0 if side == "subject" else 0.0
    timing.native_ns = 60_000.0 if side == "native" else 0.0
    timing.take([Step(side, 0, 2)])
    assert asked == [side == "subject", side == "native"]
