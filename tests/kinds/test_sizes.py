"""The sizes of an operation, and the operation in another size."""

from __future__ import annotations

import pytest

from tito_bench.kinds import kind_of
from tito_bench.kinds.sizes import Sizes
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.suites import OPERATIONS

BY_NAME = {operation.name: operation for operation in BASELINE}
MATMUL = Operation("m", "g", "matmul", ((3, 5), (5, 7)), 1)
MLP = BY_NAME["mlp_batch_256"]


def sizes_of(operation: Operation) -> Sizes:
    return kind_of(operation).sizes(operation)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_operation_is_known_and_unchanged_sizes_give_it_back(
    operation: Operation,
) -> None:
    assert sizes_of(operation).resized({}) == operation


def test_one_size_changes_every_shape_that_it_is_in() -> None:
    sizes = sizes_of(MATMUL)
    assert {letter: size for letter, _, size in sizes} == {"m": 3, "k": 5, "n": 7}
    assert sizes.resized({"k": 2}).inputs == ((3, 2), (2, 7))
    wider = sizes_of(MLP).resized({"h": 64})
    assert wider.inputs == MLP.inputs
    assert wider.weights == ((784, 64), (64,), (64, 10), (10,))


def test_halving_stops_at_two_and_leaves_what_is_smaller() -> None:
    assert sizes_of(MATMUL).halved(1).inputs == ((2, 2), (2, 3))
    assert sizes_of(MATMUL).halved(9).inputs == ((2, 2), (2, 2))
    single = sizes_of(BY_NAME["mlp_batch_1"]).halved(3)
    assert single.inputs == ((1, 98),)


def test_what_must_be_stored() -> None:
    assert sizes_of(MATMUL).result_elements == sizes_of(MATMUL).needed_elements == 21
    assert sizes_of(MLP).result_elements == 2560
    assert sizes_of(MLP).needed_elements == 2560 + 256 * 128
    assert sizes_of(MLP).largest_made_elements == 256 * 128
    assert 784 * 128 in sizes_of(MLP).array_elements


def test_the_largest_product() -> None:
    assert sizes_of(MATMUL).product == (3, 5, 7)
    assert sizes_of(MLP).product == (256, 784, 128)
    assert sizes_of(BY_NAME["add_512x512"]).product is None


def test_what_follows_from_a_changed_size_changes_with_it() -> None:
    cnn = sizes_of(OPERATIONS["cnn_forward_32"]).resized({"g": 4})
    assert cnn.weights == ((8, 1, 3, 3), (8,), (4, 8, 3, 3), (4,), (100, 10), (10,))
    assert cnn.inputs == ((32, 1, 28, 28),)
    block = sizes_of(OPERATIONS["transformer_forward_1"]).resized({"d": 8})
    assert block.inputs == ((1, 32, 8),)
    assert block.weights[-4:] == ((8, 32), (32,), (32, 8), (8,))


def test_shipped_parameters_are_those_of_unchanged_shapes_only() -> None:
    sizes = sizes_of(OPERATIONS["mlp_forward_32"])
    assert sizes.resized({"b": 2}).trained == "mlp"
    assert sizes.resized({"h": 4}).trained is None


def test_a_convolution_has_no_size_that_leaves_nothing_to_compute() -> None:
    assert sizes_of(OPERATIONS["cnn_forward_1"]).smallest is None
    assert sizes_of(OPERATIONS["transformer_forward_1"]).product == (32, 64, 256)
