"""Calls timed in turns: each gets its time, and none is called without end."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from tito_bench.explain.turns import Turn, time_in_turns


def test_every_call_has_a_time_and_all_take_part() -> None:
    called: Counter[str] = Counter()

    def call(name: str) -> None:
        called[name] += 1

    turns = {name: Turn(call, (name,)) for name in ("a", "b", "c")}
    found = time_in_turns(turns, 0.05, random.Random(1))
    assert set(found) == set(called) == set(turns)
    assert all(ns > 0 for ns in found.values())


def test_inputs_change_before_every_call() -> None:
    values = np.zeros(4, dtype=np.float32)
    seen = set()
    time_in_turns(
        {"a": Turn(lambda: seen.add(values.tobytes()), (), (values,))}, 0.01, random.Random(1)
    )
    assert len(seen) > 10


def test_without_time_for_rounds_there_is_what_calibration_found() -> None:
    calls: list[int] = []
    found = time_in_turns({"a": Turn(lambda: calls.append(1))}, 0.0, random.Random(1))
    assert found["a"] > 0


def test_what_a_call_raises_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        time_in_turns({"a": Turn(lambda: 1 // 0)}, 0.01, random.Random(1))
