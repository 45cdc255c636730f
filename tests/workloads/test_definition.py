"""Versions answer for definitions: changing one without the other is seen here."""

from __future__ import annotations

from dataclasses import fields, make_dataclass, replace
from typing import Any

import msgspec
import pytest

from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.capstone import CAPSTONE
from tito_bench.workloads.definition import definition_hash
from tito_bench.workloads.operation import Operation

# The version of every operation and the hash of its definition, as they were published, by name.
# Red here? Whoever changed a definition raises the `version` of the operation, names that in
# CHANGELOG.md and puts the new pair here. A pair that was published is never used again.
PUBLISHED = {
    "add_100x100": (1, "dcb2a2eadf89"),
    "mul_100x100": (1, "d95a58336245"),
    "add_512x512": (1, "57cd29429233"),
    "matmul_100": (1, "64946a33ab3b"),
    "matmul_256": (1, "c192aafe04c1"),
    "mlp_batch_256": (2, "e79d08a7e946"),
    "mlp_batch_1": (1, "aec9b2277a36"),
    "tensor_add": (1, "74cda4c004b0"),
    "tensor_mul": (1, "8a6b66ee2886"),
    "tensor_matmul": (1, "d3bad4503491"),
    "mlp_forward_1": (1, "dc316651167b"),
    "mlp_forward_32": (1, "2e2aa8f3130d"),
    "mlp_wide_forward_1": (2, "64c78f24c40d"),
    "mlp_wide_forward_32": (2, "366a59b24874"),
    "transformer_forward_1": (1, "418bbf966016"),
    "cnn_forward_1": (2, "79dc343ad6b8"),
    "transformer_forward_32": (1, "e8fe3806ae70"),
    "cnn_forward_32": (2, "3831299cf362"),
}
SCORED = {
    "baseline": "add_100x100 mul_100x100 add_512x512 matmul_100 matmul_256 mlp_batch_256",
    "capstone": "tensor_add tensor_mul tensor_matmul "
    "mlp_forward_32 mlp_wide_forward_32 transformer_forward_32 cnn_forward_32",
}


def changed(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return (*value, (3, 5))
    return "other"


@pytest.mark.parametrize("operation", [*BASELINE, *CAPSTONE], ids=lambda op: op.name)
def test_a_definition_changes_only_with_its_version(operation: Operation) -> None:
    assert PUBLISHED[operation.name] == (operation.version, definition_hash(operation)), (
        f"{operation.name} is not what was published under version {operation.version}: "
        "raise its version, then pin the new pair"
    )


def test_what_the_scores_are_made_of_is_published_too() -> None:
    """Which operations count is no field of theirs: a change of it is a change of the score."""
    for name, suite in (("baseline", BASELINE), ("capstone", CAPSTONE)):
        found = " ".join(op.name for op in suite if op.scored)
        assert found == SCORED[name], f"say in CHANGELOG.md that the {name} score changed"


@pytest.mark.parametrize("name", [field.name for field in fields(Operation)])
def test_every_field_but_two_is_part_of_the_definition(name: str) -> None:
    operation = BASELINE[-2]
    other = replace(operation, **{name: changed(getattr(operation, name))})
    same = definition_hash(other) == definition_hash(operation)
    assert same == (name in {"version", "scored"})


def test_a_new_field_at_its_default_leaves_the_hash_as_it_was() -> None:
    old = BASELINE[0]
    extended = make_dataclass("Extended", [("extra", int, 0)], bases=(Operation,), frozen=True)
    values = {field.name: getattr(old, field.name) for field in fields(old)}
    assert definition_hash(extended(**values)) == definition_hash(old)
    assert definition_hash(extended(**values, extra=1)) != definition_hash(old)


def test_the_hash_is_that_of_the_values_not_of_this_process() -> None:
    operation = BASELINE[0]
    read_back = msgspec.json.decode(msgspec.json.encode(operation), type=Operation)
    assert definition_hash(read_back) == definition_hash(operation)
