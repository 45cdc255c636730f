"""The bytes that a model really needs."""

import numpy as np
import pytest

from tito_bench.capstone.arrays import encoded_bytes, needed_arrays


@pytest.mark.parametrize(
    ("values", "size"),
    [
        (np.linspace(-1.1, 1.1, 100, dtype=np.float32), 400),
        (np.arange(-50, 50, dtype=np.float32), 100 + 8),
        (np.arange(100, dtype=np.float32) * 2, 400),  # up to 198: no int8
        (np.eye(100, dtype=np.float32) * 0.5, 400 + 1250),
        (np.zeros(80, dtype=np.float32), 10 + 8),
        (np.arange(100, dtype=np.int8), 100 + 8),
    ],
)
def test_the_smallest_encoding_counts(values: np.ndarray, size: int) -> None:
    assert encoded_bytes(values) == size


class Layer:
    def __init__(self) -> None:
        self.weight = np.arange(4, dtype=np.float32) + 1
        self.unused = np.ones(7, dtype=np.float32)
        self.hidden = {"deep": [np.full(3, 2.0, dtype=np.float32)]}
        self.whole = np.array([1, 2], dtype=np.int64)
        self.scale = 3.0

    def answer(self) -> np.ndarray:
        return self.weight * self.hidden["deep"][0].sum() * self.scale + self.whole.sum()


def test_an_array_is_needed_if_spoiling_it_changes_the_answer() -> None:
    layer = Layer()
    needed = needed_arrays(layer, lambda each: each.answer())
    assert [array.size for array in needed] == [4, 3, 2]
    assert layer.answer().tolist() == [21, 39, 57, 75], "the model itself is left alone"
