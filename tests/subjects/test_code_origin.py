"""Yours, the course's, both, or not to be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from packages.build import ERAS, build_package
from tito_bench.subjects import code_origin
from tito_bench.subjects.code_origin import CodeOrigin, find_origin
from tito_bench.subjects.course_solutions import CourseSolutions, PublishedVersion, course_solutions
from tito_bench.subjects.function_hashes import hashed_functions
from tito_bench.subjects.redaction import display_path


def origin_of(root: Path, version: str | None = "0.1.0") -> CodeOrigin:
    used = {display_path(file, root) for file in (root / "tinytorch").rglob("*.py")}
    found = find_origin(root, None, used, version)
    assert found is not None
    return found


@pytest.fixture
def published(monkeypatch, tmp_path):
    """The package at `tmp_path`, published as the course's solution, all but Trainer's functions.

    Those are handed out.
    """
    package = build_package(tmp_path, "E3")
    solutions, handed_out = set(), set()
    for file in package.rglob("*.py"):
        for one in hashed_functions(file.read_bytes()):
            (handed_out if one.name.startswith("Trainer") else solutions).add(one.digest)
    known = CourseSolutions(
        [PublishedVersion("0.1.0", "2025-07-10", "2025-12-05")],
        frozenset(solutions),
        frozenset(handed_out),
    )
    monkeypatch.setattr(code_origin, "course_solutions", lambda: known)
    return package


def test_the_published_package_is_the_courses(published: Path) -> None:
    found = origin_of(published.parent)
    assert found.whose == "course"
    assert found.own == []
    assert "Tensor.matmul" in found.same
    assert not any(name.startswith("Trainer") for name in found.same)


def test_one_function_rewritten_is_exactly_that_one_yours(published: Path) -> None:
    file = published / "core" / "spatial.py"
    text = file.read_text()
    pooling = text.index("def forward", text.index("class MaxPool2d"))
    file.write_text(text[:pooling] + text[pooling:].replace("self.patches", "self.all_patches", 1))
    found = origin_of(published.parent)
    assert (found.whose, found.own) == ("mixed", ["MaxPool2d.forward"])


def test_words_changed_are_not_a_function_rewritten(published: Path) -> None:
    file = published / "core" / "tensor.py"
    file.write_text("# mine\n" + file.read_text().replace("other", "the_other"))
    assert origin_of(published.parent).whose == "course"


def test_a_handed_out_function_is_nobodys(published: Path) -> None:
    for file in (published / "core").glob("*.py"):
        if file.name != "training.py":
            file.write_text("")
    found = origin_of(published.parent)
    assert "clip_grad_norm" in found.same
    assert found.own == []


def test_only_the_files_that_were_used_are_judged(published: Path) -> None:
    root = published.parent
    found = find_origin(root, None, {"tinytorch/core/tensor.py"}, "0.1.0")
    assert found is not None
    assert found.same
    assert "Conv2d.forward" not in found.same


def test_the_projects_own_src_is_never_compared_with(tmp_path: Path) -> None:
    package = build_package(tmp_path, "E3", 1)
    (tmp_path / "src" / "01_tensor").mkdir(parents=True)
    (tmp_path / "src" / "01_tensor" / "01_tensor.py").write_text(
        (package / "core" / "tensor.py").read_text()
    )
    assert origin_of(tmp_path).whose == "yours"


@pytest.mark.parametrize("era", ERAS)
def test_packages_written_by_hand_are_none_of_the_courses(tmp_path: Path, era: str) -> None:
    build_package(tmp_path, era)
    found = origin_of(tmp_path)
    assert (found.whose, found.same) == ("yours", [])
    assert len(found.own) > 20


def test_of_a_newer_version_than_known_nothing_is_called_yours(tmp_path: Path) -> None:
    build_package(tmp_path, "E5", version="99.0")
    assert origin_of(tmp_path, "99.0").whose == "unknown"


def test_short_functions_alone_tell_nothing(tmp_path: Path) -> None:
    build_package(tmp_path, "E3", 1, replace={"tensor": "class Tensor:\n    def f(self): pass\n"})
    found = origin_of(tmp_path)
    assert (found.whose, found.same, found.own) == ("unknown", [], [])


def test_what_a_file_takes_from_the_course_is_named(tmp_path: Path) -> None:
    package = build_package(tmp_path, "E5", 3)
    (package / "extensions").mkdir()
    (package / "extensions" / "simd.py").write_text("def simd_matmul(a, b): ...\n")
    layers = package / "core" / "layers.py"
    layers.write_text("from ..extensions.simd import simd_matmul\n" + layers.read_text())
    assert origin_of(tmp_path).shipped == ["tinytorch.extensions.simd"]


def test_files_that_are_no_python_are_passed_over(tmp_path: Path) -> None:
    package = build_package(tmp_path, "E3", 2)
    (package / "core" / "layers.py").write_bytes(b"\xff\xfe class")
    assert origin_of(tmp_path).whose == "yours"


def test_the_shipped_solutions_are_hashes_and_nothing_else() -> None:
    known = course_solutions()
    digests = known.solutions | known.handed_out
    assert len(known.solutions) > 400
    assert not known.solutions & known.handed_out
    assert all(len(one) == 12 and set(one) <= set("0123456789abcdef") for one in digests)
    assert known.newest.name == "0.1.0"
