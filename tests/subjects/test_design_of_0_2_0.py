"""Packages of TinyTorch 0.2.0: Function.apply, Layer.train and eval, what is shipped with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packages.build import build_0_2_0, build_package
from tito_bench.kinds import KINDS
from tito_bench.subjects.code_origin import find_origin
from tito_bench.subjects.discovery import PackageLocation, locate_package
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.package import Found
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).standard_normal(shape).astype(np.float32)


def test_its_operations_are_right(tmp_path: Path, open_package) -> None:
    build_0_2_0(tmp_path)
    subject = TinyTorchSubject(open_package(tmp_path))
    subject.check_tensor()
    a, weights = normal(4, 6), (normal(6, 5), normal(5), normal(5, 3), normal(3))
    first, bias, second, last = weights
    for kind, parameters, inputs, expected in (
        ("add", (), (a, a), a + a),
        ("mul", (), (a, a), a * a),
        ("matmul", (), (a, first), a @ first),
        ("mlp", weights, (a,), np.maximum(a @ first + bias, 0) @ second + last),
    ):
        operation = subject.operation(KINDS[kind], parameters)
        result = operation.function(*operation.arguments(inputs))
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    assert subject.version == "0.2.0"


@pytest.mark.parametrize("name", ["GPT", "TransformerBlock", "vectorized_matmul"])
def test_what_the_course_ships_is_never_the_students(
    tmp_path: Path, open_package, name: str
) -> None:
    build_0_2_0(tmp_path)
    found = open_package(tmp_path).find(name)
    assert isinstance(found, Missing)
    if name == "GPT":
        assert "tinytorch/models/transformer.py comes with the course" in str(found)


def test_a_name_that_the_package_takes_from_there_is_not_either(
    tmp_path: Path, open_package
) -> None:
    package = build_0_2_0(tmp_path)
    (package / "__init__.py").write_text(
        '__version__ = "0.2.0"\nfrom .models.transformer import GPT\n'
    )
    assert isinstance(open_package(tmp_path).find("GPT"), Missing)


def test_in_2025_models_was_where_the_module_was_exported_to(tmp_path: Path, open_package) -> None:
    build_package(tmp_path, "E1")
    assert isinstance(open_package(tmp_path).find("GPT"), Found)


@pytest.mark.parametrize(
    ("version", "shipped"),
    [("0.1.0", False), ("0.1.10", False), ("0.1.11", True), ("0.1.19", True), ("0.2.0", True)],
)
def test_from_which_version_on_models_are_shipped(
    tmp_path: Path, open_package, version: str, shipped: bool
) -> None:
    build_package(tmp_path, "E1", version=version)
    assert isinstance(open_package(tmp_path).find("GPT"), Missing) == shipped


def test_it_is_none_of_the_courses(tmp_path: Path) -> None:
    build_0_2_0(tmp_path)
    used = {f"tinytorch/core/{module}.py" for module in ("tensor", "activations", "layers")}
    found = find_origin(tmp_path, None, used, "0.2.0")
    assert found is not None
    assert found.same == []


def test_the_forks_package_is_found_and_imported_by_its_own_name(
    tmp_path: Path, open_package
) -> None:
    build_0_2_0(tmp_path / "data", name="trentorch")
    location = locate_package(tmp_path)
    assert isinstance(location, PackageLocation)
    assert location.display == "data/trentorch"
    subject = TinyTorchSubject(open_package(tmp_path))
    subject.check_tensor()
    subject.operation(KINDS["mlp"], (normal(6, 5), normal(5), normal(5, 3), normal(3)))
