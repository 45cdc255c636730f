"""Arrays, timed loops and the spot check of one operation, each by itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

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

ADD = Operation("add", "tensor_ops", "add", ((8, 8), (8, 8)), 1)


@dataclass(frozen=True)
class _Summed:
    function: Callable[..., np.ndarray]
    variant: str = ""

    def arguments(self, inputs: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        return inputs

    def inputs(self, arguments: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        return arguments


@dataclass(frozen=True)
class Sides:
    """The parts of a paired operation, one by one."""

    arrays: PairedArrays
    timing: PairedTiming
    spot_check: SpotCheck


def sides_of(function: Callable[..., np.ndarray] = np.add) -> Sides:
    """Return the parts for a subject that calls `function(a, b)`."""
    pool = InputPool(1024, 3)
    kernels, hooks = _native.Kernels("portable"), _native.Hooks()
    arrays = PairedArrays(ADD, lambda _kind, _weights: _Summed(function), kernels, pool, hooks)
    changes = InputPerturbation(ADD, pool)
    spot_check = SpotCheck(arrays, changes)
    return Sides(arrays, PairedTiming(arrays, changes, spot_check, hooks), spot_check)


def result_of(sides: Sides, step: Step) -> object:
    return sides.timing.take([step])[1].result


CHEAP_NS, DEAR_NS = 1000.0, 1e9
LOOP = Step("subject", 3, 40)


def test_both_sides_get_the_same_new_inputs_in_arrays_of_their_own() -> None:
    arrays = sides_of().arrays
    seen = set()
    for seed in range(5):
        arrays.refill(seed)
        for mine, theirs in zip(arrays.native_inputs, arrays.inputs, strict=True):
            assert np.array_equal(mine, theirs)
            assert not np.shares_memory(mine, theirs)
        seen.add(arrays.inputs[0].tobytes())
    assert len(seen) == 5


def test_expected_is_what_the_native_inputs_give() -> None:
    arrays = sides_of().arrays
    arrays.refill(1)
    arrays.compute_expected()
    right = arrays.inputs[0] + arrays.inputs[1]
    assert arrays.disagreement(right) is None
    assert arrays.disagreement(right + 1e-3) is not None
    earlier = arrays.expected.copy()
    arrays.refill(2)
    arrays.compute_expected()
    assert arrays.disagreement(right) is not None
    assert arrays.disagreement(right, earlier) is None


def test_every_call_of_a_loop_finds_other_inputs() -> None:
    seen: list[bytes] = []

    def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        seen.append(a.tobytes() + b.tobytes())
        return a + b

    sides = sides_of(add)
    sides.timing.begin(1)
    (reading,), _ = sides.timing.take([LOOP])
    assert reading.loops == 40
    assert len(seen) == len(set(seen)) == 43
    assert sides.timing.subject_ns == reading.call_ns > 0


def test_a_result_is_copied_so_that_nothing_fills_it_in_later() -> None:
    kept = np.zeros((8, 8), dtype=np.float32)

    def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.add(a, b, out=kept)

    sides = sides_of(add)
    sides.timing.begin(1)
    result = result_of(sides, LOOP)
    assert isinstance(result, np.ndarray)
    assert result is not kept
    assert sides.timing.call()[1] is kept


def test_the_kernel_is_timed_on_its_own_inputs() -> None:
    sides = sides_of()
    sides.timing.begin(1)
    before = [array.copy() for array in sides.arrays.inputs]
    (reading,), _ = sides.timing.take([Step("native", 2, 100)])
    assert reading.loops == 100
    assert sides.timing.native_ns == reading.call_ns > 0
    assert all(map(np.array_equal, before, sides.arrays.inputs))


@pytest.mark.parametrize("native_ns", [CHEAP_NS, DEAR_NS])
def test_right_results_pass_however_many_loops_ran(native_ns: float) -> None:
    sides = sides_of()
    for seed in range(20):
        sides.timing.begin(seed)
        for loops in (1, 7, 30):
            result = result_of(sides, Step("subject", 2, loops))
        assert sides.spot_check.check(result, native_ns) is None


def test_a_wrong_last_result_is_seen_where_the_kernel_is_cheap() -> None:
    sides = sides_of(lambda a, b: a - b)
    sides.timing.begin(1)
    result = result_of(sides, LOOP)
    assert sides.spot_check.check(result, CHEAP_NS) is not None


def test_a_result_that_is_only_right_at_the_end_is_found_at_once() -> None:
    """Of 40 calls one is drawn, and 39 of them are wrong."""
    calls = itertools.count(1)

    def only_the_last(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a + b if next(calls) % 40 == 0 else a - b

    sides = sides_of(only_the_last)
    found = 0
    for seed in range(20):
        sides.timing.begin(seed)
        result = result_of(sides, Step("subject", 0, 40))
        found += sides.spot_check.check(result, CHEAP_NS) is not None
    assert found >= 15  # 19.5 expected: fewer than 15 in one of 10 million runs


def test_every_loop_since_the_inputs_were_filled_is_looked_back_at() -> None:
    """Two loops of the same length: half of the checks look into the first."""
    wrong_until = itertools.count()

    def wrong_at_first(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a - b if next(wrong_until) % 80 < 40 else a + b

    sides = sides_of(wrong_at_first)
    found = 0
    for seed in range(60):
        sides.timing.begin(seed)
        result_of(sides, Step("subject", 0, 40))
        result = result_of(sides, Step("subject", 0, 40))
        found += sides.spot_check.check(result, CHEAP_NS) is not None
    assert 10 <= found <= 50  # 30 expected, and five deviations to each side


def test_code_that_changes_its_inputs_is_found() -> None:
    def greedy(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        result = a + b
        a[0, 0] = 0.0
        return result

    sides = sides_of(greedy)
    sides.timing.begin(1)
    result = result_of(sides, LOOP)
    assert sides.spot_check.check(result, CHEAP_NS) == "the operation changed its own inputs"


def test_a_result_of_another_shape_in_the_loop_is_found() -> None:
    calls = itertools.count(1)
    sides = sides_of(lambda a, b: a + b if next(calls) % 40 == 0 else a[0])
    said = set()
    for seed in range(10):
        sides.timing.begin(seed)
        result = result_of(sides, Step("subject", 0, 40))
        said.add(sides.spot_check.check(result, CHEAP_NS))
    assert "a result in the loop is no array of floats of the expected shape" in said
