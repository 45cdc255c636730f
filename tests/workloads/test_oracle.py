"""What counts as right: float32 in any order and float64, no half precision, no fakes."""

from __future__ import annotations

import numpy as np
import pytest

from tito_bench.kinds import KINDS
from tito_bench.workloads.oracle import disagreement, same_values


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


@pytest.fixture
def product() -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, float]:
    """Two matrices, their float32 product, and the tolerance for it."""
    inputs = draw(64, 512, seed=1), draw(512, 32, seed=2)
    return (
        inputs,
        inputs[0] @ inputs[1],
        KINDS["matmul"].tolerance(inputs, (), inputs[0] @ inputs[1]),
    )


Product = tuple[tuple[np.ndarray, np.ndarray], np.ndarray, float]


def test_float64_and_any_order_of_summation_are_right(product: Product) -> None:
    (a, b), expected, allowed = product
    assert disagreement(a.astype(np.float64) @ b.astype(np.float64), expected, allowed) is None
    total = np.zeros_like(expected)
    for k in reversed(range(a.shape[1])):
        total += a[:, k : k + 1] * b[k : k + 1, :]
    assert disagreement(total, expected, allowed) is None


def test_half_precision_is_wrong(product: Product) -> None:
    (a, b), expected, allowed = product
    half = (a.astype(np.float16) @ b.astype(np.float16)).astype(np.float32)
    assert "off by" in str(disagreement(half, expected, allowed))


def test_one_wrong_element_is_enough(product: Product) -> None:
    _, expected, allowed = product
    wrong = expected.copy()
    wrong[63, 31] += 3 * allowed
    assert "off by" in str(disagreement(wrong, expected, allowed))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_wrong(bad: float, product: Product) -> None:
    _, expected, allowed = product
    wrong = expected.copy()
    wrong[0, 0] = bad
    assert disagreement(wrong, expected, allowed) is not None


class _Liar(np.ndarray):
    """Equal to everything, if it were asked."""


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        (None, "the result is a NoneType, not a numpy.ndarray"),
        ([[0.0]], "the result is a list"),
        ("zeros", "the result is a str"),
        (np.zeros((2, 2)).view(_Liar), "the result is a _Liar"),
        (np.zeros((2, 3)), "has shape (2, 3), expected (2, 2)"),
        (np.zeros(4), "has shape (4,), expected (2, 2)"),
        (np.zeros((2, 2), complex), "has dtype complex128, expected real numbers"),
        (np.full((2, 2), None), "has dtype object, expected real numbers"),
        (np.zeros((2, 2), bool), "has dtype bool, expected real numbers"),
    ],
)
def test_what_is_no_result_at_all(result: object, complaint: str) -> None:
    assert complaint in str(disagreement(result, np.zeros((2, 2), np.float32), 1.0))


def test_whole_numbers_can_be_right() -> None:
    assert disagreement(np.array([3, 4]), np.array([3.0, 4.0], np.float32), 0.0) is None


@pytest.mark.parametrize("kind", ["add", "mul"])
def test_elementwise_results_may_differ_by_a_rounding_each(kind: str) -> None:
    inputs = draw(9, seed=1), draw(9, seed=2)
    function = np.add if kind == "add" else np.multiply
    allowed = KINDS[kind].tolerance(inputs, (), inputs[0])
    expected = function(*inputs)
    in_double = function(*(array.astype(np.float64) for array in inputs))
    assert disagreement(in_double, expected, allowed) is None
    assert disagreement(in_double + 1e-6, expected, allowed) is not None


def test_tolerance_grows_with_the_length_of_the_sums_only() -> None:
    def of(length: int) -> float:
        ones = np.ones((4, length), np.float32), np.ones((length, 4), np.float32)
        return KINDS["matmul"].tolerance(ones, (), ones[0])

    assert of(400) / of(100) == pytest.approx(8.0)  # length ** 1.5


def test_same_values() -> None:
    row = draw(7)
    assert same_values(row, row.astype(np.float64))
    changed = row.copy()
    changed[3] = np.nan
    assert not same_values(row, changed)
