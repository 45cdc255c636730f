"""The sizes of an operation, and the operation in another size."""

from __future__ import annotations

import pytest

from tito_bench.explain.sizes import Sizes
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.operation import Operation

BY_NAME = {operation.name: operation for operation in BASELINE}
MATMUL = Operation("m", "g", "matmul", ((3, 5), (5, 7)), 1)
MLP = BY_NAME["mlp_batch_256"]


@pytest.mark.parametrize("operation", BASELINE, ids=lambda operation: operation.name)
def test_every_operation_of_the_baseline_is_known_and_unchanged_sizes_give_it_back(
    operation: Operation,
) -> None:
    assert Sizes(operation).resized({}) == operation


def test_one_size_changes_every_shape_that_it_is_in() -> None:
    sizes = Sizes(MATMUL)
    assert {letter: size for letter, _, size in sizes} == {"m": 3, "k": 5, "n": 7}
    assert sizes.resized({"k": 2}).inputs == ((3, 2), (2, 7))
    wider = Sizes(MLP).resized({"h": 64})
    assert wider.inputs == MLP.inputs
    assert wider.weights == ((784, 64), (64,), (64, 10), (10,))


def test_halving_stops_at_two_and_leaves_what_is_smaller() -> None:
    assert Sizes(MATMUL).halved(1).inputs == ((2, 2), (2, 3))
    assert Sizes(MATMUL).halved(9).inputs == ((2, 2), (2, 2))
    single = Sizes(BY_NAME["mlp_batch_1"]).halved(3)
    assert single.inputs == ((1, 98),)


def test_what_must_be_stored() -> None:
    assert Sizes(MATMUL).result_elements == Sizes(MATMUL).needed_elements == 21
    assert Sizes(MLP).result_elements == 2560
    assert Sizes(MLP).needed_elements == 2560 + 256 * 128
    assert Sizes(MLP).largest_made_elements == 256 * 128
    assert 784 * 128 in Sizes(MLP).array_elements


def test_the_largest_product() -> None:
    assert Sizes(MATMUL).product == (3, 5, 7)
    assert Sizes(MLP).product == (256, 784, 128)
    assert Sizes(BY_NAME["add_512x512"]).product is None
