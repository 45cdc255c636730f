"""Every kind knows all of it, and its parts agree with one another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tito_bench import _native
from tito_bench.kinds import KINDS, Kind, base, kind_of
from tito_bench.kinds.base import Kind as Base
from tito_bench.subjects import choose_subject
from tito_bench.subjects.course_modules import COURSE_MODULES
from tito_bench.subjects.numpy_subject import NumpySubject
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject
from tito_bench.worker.input_perturbation import InputPerturbation
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.oracle import disagreement, same_values
from tito_bench.workloads.suites import LARGEST_INPUT, OPERATIONS

POOL = InputPool(LARGEST_INPUT, 3)
ONE_EACH = {operation.kind: operation for operation in OPERATIONS.values()}


def arrays_of(operation: Operation) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    inputs = tuple(np.zeros(shape, np.float32) for shape in operation.inputs)
    POOL.fill(inputs, 5)
    return inputs, kind_of(operation).weights(operation)


def native(operation: Operation, inputs, weights) -> np.ndarray:
    kind = kind_of(operation)
    out = np.full(kind.output_shape(operation), np.nan, np.float32)
    kind.native(_native.Kernels(), inputs, weights, out)()
    return out


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def operation(kind: Kind) -> Operation:
    return ONE_EACH[kind.name]


def test_every_module_of_a_kind_is_found_and_every_kind_is_in_a_suite() -> None:
    files = {path.stem for path in Path(base.__file__).parent.glob("*.py")}
    modules = {type(kind).__module__.rpartition(".")[2] for kind in KINDS.values()}
    assert modules == files - {"__init__", "base", "sizes"}
    assert set(ONE_EACH) == set(KINDS)


def test_every_kind_says_which_methods_of_the_student_compute_it(kind: Kind) -> None:
    classes = {name for module in COURSE_MODULES for name in module.names}
    owners = {method.partition(".")[0] for method in kind.student_methods}
    assert owners
    assert owners <= classes


def test_a_kind_that_forgets_something_cannot_be_made() -> None:
    class Forgetful(Base):
        name = "forgetful"

        def flops(self, operation: Operation) -> int:
            return 1

    with pytest.raises(TypeError, match="abstract"):
        Forgetful()  # type: ignore[abstract]


def test_it_says_what_it_is(kind: Kind) -> None:
    assert kind.name
    assert kind.flops_formula
    assert kind.form.result
    assert type(kind).__doc__


def test_numpy_agrees_with_the_native_reference(kind: Kind, operation: Operation) -> None:
    inputs, weights = arrays_of(operation)
    expected = native(operation, inputs, weights)
    built = NumpySubject().operation(kind, weights)
    result = built.function(*built.arguments(inputs))
    allowed = kind.tolerance(inputs, weights, expected)
    assert 0 < allowed < np.abs(expected).max()
    assert disagreement(result, expected, allowed) is None
    assert disagreement(expected + 2 * np.float32(allowed), expected, allowed) is not None


def test_a_packages_own_agrees_too(kind: Kind, operation: Operation, complete: Path) -> None:
    subject, _ = choose_subject("tinytorch", complete)
    assert isinstance(subject, TinyTorchSubject)
    inputs, weights = arrays_of(operation)
    expected = native(operation, inputs, weights)
    built = subject.operation(kind, tuple(array.copy() for array in weights))
    result = built.function(*built.arguments(inputs))
    subject.package.close()
    kind.recompute(built.variant, inputs, weights, expected)
    assert disagreement(result, expected, kind.tolerance(inputs, weights, expected)) is None


def test_changed_inputs_change_the_result(operation: Operation) -> None:
    inputs, weights = arrays_of(operation)
    before = native(operation, inputs, weights)
    InputPerturbation(operation, POOL).of(inputs, 7, whole=False).advance(3)
    assert not same_values(before, native(operation, inputs, weights))


def test_its_work_is_that_of_its_kernels(kind: Kind, operation: Operation) -> None:
    inputs, weights = arrays_of(operation)
    out = np.zeros(kind.output_shape(operation), np.float32)
    call = kind.bind(_native.Kernels("portable"), inputs, weights, out)
    work = kind.work(operation)
    assert work.flops == call.flops > 0
    assert work.bytes >= work.bytes_written > 0


def test_its_sizes_give_it_back_in_any_size(kind: Kind, operation: Operation) -> None:
    sizes = kind.sizes(operation)
    assert sizes.resized({}) == operation
    assert sizes.activation_elements > 0
    smaller = sizes.halved(1)
    inputs, weights = arrays_of(smaller)
    assert native(smaller, inputs, weights).shape == kind.output_shape(smaller)


def test_only_kinds_with_products_have_one_to_choose(kind: Kind) -> None:
    assert kind.multiplies or kind.form.product is None
