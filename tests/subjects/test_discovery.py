"""Where the student's package is found, without importing it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from packages.build import build_unrelated
from tito_bench.subjects.discovery import PackageLocation, locate_package
from tito_bench.subjects.missing import Missing


@pytest.mark.parametrize("place", [".", "srcs", "src", "tinytorch"])
def test_every_known_place_below_the_root(tmp_path, build_package, place):
    folder = build_package(tmp_path / place, modules=1)
    location = locate_package(tmp_path)
    assert location == PackageLocation(folder, tmp_path, "project")
    assert location.display == folder.relative_to(tmp_path).as_posix()


def test_nothing_is_imported(tmp_path, build_package):
    build_package(tmp_path, replace={"__init__": "raise SystemExit(3)", "tensor": "1 +"})
    assert isinstance(locate_package(tmp_path), PackageLocation)
    assert "tinytorch" not in sys.modules


def test_a_fresh_clone_is_the_students_package_still(tmp_path, build_package):
    folder = build_package(tmp_path, modules=0)
    assert locate_package(tmp_path) == PackageLocation(folder, tmp_path, "project")


def test_a_package_with_tensor_is_preferred_to_one_without(tmp_path, build_package):
    build_package(tmp_path, modules=0)
    begun = build_package(tmp_path / "src", modules=1)
    assert locate_package(tmp_path).folder == begun


def test_relative_root(tmp_path, build_package, monkeypatch):
    folder = build_package(tmp_path, modules=1)
    monkeypatch.chdir(tmp_path)
    location = locate_package(Path())
    assert location.folder == folder
    assert location.root == tmp_path


@pytest.mark.parametrize("pointing_at", ["course", "course/tinytorch"])
def test_explicit_path_may_be_the_package_or_hold_it(tmp_path, build_package, pointing_at):
    project = tmp_path / "project"
    build_package(project, modules=1)
    folder = build_package(tmp_path / "course", modules=1)
    location = locate_package(project, tmp_path / pointing_at)
    assert location == PackageLocation(folder, project, "explicit")


def test_explicit_path_of_any_name(tmp_path, build_package):
    folder = build_package(tmp_path, modules=1).rename(tmp_path / "my solution")
    assert locate_package(tmp_path, folder).folder == folder


def test_explicit_package_without_init(tmp_path, build_package):
    folder = build_package(tmp_path, modules=1)
    for init in folder.rglob("__init__.py"):
        init.unlink()
    assert locate_package(tmp_path, folder).folder == folder


def test_explicit_fresh_clone(tmp_path, build_package):
    folder = build_package(tmp_path, modules=0)
    assert locate_package(tmp_path, folder).folder == folder


def test_explicit_path_is_never_replaced_by_another(tmp_path, build_package):
    build_package(tmp_path, modules=1)
    (tmp_path / "empty").mkdir()
    nothing = locate_package(tmp_path, tmp_path / "empty")
    assert isinstance(nothing, Missing)
    assert str(nothing) == "empty: no TinyTorch package (core/tensor.py) in it"
    assert str(locate_package(tmp_path, tmp_path / "gone")) == "gone: no such folder"


def test_nothing_anywhere(tmp_path):
    missing = locate_package(tmp_path, search_path=[])
    assert isinstance(missing, Missing)
    assert missing.name == "tinytorch"
    assert str(missing).startswith("no TinyTorch package: looked for tinytorch/, srcs/tinytorch/")


def test_a_folder_called_tinytorch_that_is_no_package(tmp_path):
    (tmp_path / "tinytorch" / "datasets").mkdir(parents=True)
    assert isinstance(locate_package(tmp_path, search_path=[]), Missing)


OTHER = {"tensor": "class Tensor:\n    pass\n", "layers": "class Linear:\n    pass\n"}


def write_modules(folder, texts):
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)


@pytest.mark.parametrize("layout", ["foundation", "nn/basics", "."])
@pytest.mark.parametrize("name", ["tinytorch", "mytorch", "my solution"])
def test_an_explicit_folder_may_have_any_layout_that_defines_tensor(tmp_path, layout, name):
    write_modules(tmp_path / name / layout, OTHER)
    location = locate_package(tmp_path, tmp_path / name)
    assert location == PackageLocation(tmp_path / name, tmp_path, "explicit")


def test_an_explicit_folder_may_hold_the_one_package_that_defines_tensor(tmp_path):
    write_modules(tmp_path / "data" / "trentorch" / "base", OTHER)
    (tmp_path / "data" / "trentorch" / "__init__.py").touch()
    location = locate_package(tmp_path, tmp_path / "data")
    assert location.folder == tmp_path / "data" / "trentorch"


def test_a_stand_in_in_another_modules_home_makes_no_package(tmp_path):
    write_modules(tmp_path / "tinytorch" / "optimization", {"compression": OTHER["tensor"]})
    nothing = locate_package(tmp_path, tmp_path / "tinytorch")
    assert str(nothing) == "tinytorch: no TinyTorch package (core/tensor.py) in it"


@pytest.mark.parametrize("place", ["tinytorch", "srcs/tinytorch"])
def test_a_package_of_another_layout_is_said_with_what_to_do(tmp_path, place):
    write_modules(tmp_path / place / "foundation", OTHER)
    assert str(locate_package(tmp_path, search_path=[])) == (
        f"{place}/ has no core/tensor.py, {place}/foundation/tensor.py defines Tensor: "
        f"add --package {place}"
    )


@pytest.mark.parametrize(
    ("notebook", "step"),
    [
        ("modules/01_tensor/tensor.ipynb", "modules/01_tensor"),
        ("modules/source/01_tensor/tensor_dev.ipynb", "modules/source/01_tensor"),
        ("tinytorch/modules/01_tensor/tensor.ipynb", "tinytorch/modules/01_tensor"),
    ],
)
@pytest.mark.parametrize("unrelated", [False, True])
def test_a_notebook_that_was_never_exported_is_the_next_step(tmp_path, notebook, step, unrelated):
    project = tmp_path / "project"
    (project / notebook).parent.mkdir(parents=True)
    (project / notebook).write_text("{}")
    search_path = [str(tmp_path / "site-packages")] if unrelated else []
    if unrelated:
        build_unrelated(tmp_path / "site-packages")
    said = str(locate_package(project, search_path=search_path))
    assert said.endswith(f"{step} is written but not exported: tito module complete 01")
    assert ("unrelated project" in said) == unrelated
    assert "looked for" not in said


def test_a_folder_of_that_name_with_other_code_is_not_denied(tmp_path):
    write_modules(tmp_path / "tinytorch", {"engine": "class Value:\n    pass\n"})
    assert str(locate_package(tmp_path, search_path=[])) == (
        "tinytorch/ is no package of the course: there is no core/ in it"
    )


def test_installed_package_of_the_course(tmp_path, build_package):
    site = tmp_path / "venv" / "site-packages"
    folder = build_package(site)
    root = tmp_path / "project"
    root.mkdir()
    location = locate_package(root, search_path=[str(site)])
    assert location == PackageLocation(folder, root, "installed")
    assert location.display == "site-packages/tinytorch"


def test_the_projects_package_wins_over_an_installed_one(tmp_path, build_package):
    site = tmp_path / "site-packages"
    build_package(site)
    folder = build_package(tmp_path / "project", modules=0)
    assert locate_package(tmp_path / "project", search_path=[str(site)]).folder == folder


def test_the_current_folder_is_no_installation(tmp_path, build_package, monkeypatch):
    build_package(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    missing = locate_package(tmp_path, search_path=["", os.fspath(tmp_path / "elsewhere")])
    assert isinstance(missing, Missing)


@pytest.mark.parametrize("name", ["tinytorch", "knoxtinytorch"])
@pytest.mark.parametrize("one_file", [False, True])
def test_unrelated_distribution_is_named_as_such(tmp_path, name, one_file):
    site = tmp_path / "lib" / "site-packages"
    build_unrelated(site, name, one_file=one_file)
    missing = locate_package(tmp_path / "project", search_path=[str(site)])
    assert isinstance(missing, Missing)
    assert str(missing).startswith(
        f"the installed distribution {name} 0.1.0 in site-packages/tinytorch"
    )
    assert "is an unrelated project" in str(missing)


def test_unrelated_package_of_no_distribution(tmp_path):
    (tmp_path / "lib" / "tinytorch").mkdir(parents=True)
    missing = locate_package(tmp_path / "project", search_path=[str(tmp_path / "lib")])
    assert str(missing).startswith("the installed tinytorch in ")


def test_folders_that_may_not_be_read_are_not_there(tmp_path, build_package, monkeypatch):
    build_package(tmp_path)

    def refuse(self, **options):
        raise PermissionError(13, "NetworkPolicy denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    monkeypatch.setattr(Path, "is_dir", refuse)
    assert isinstance(locate_package(tmp_path, search_path=[]), Missing)
    assert isinstance(locate_package(tmp_path, tmp_path / "tinytorch"), Missing)


def test_editable_installation_with_a_finder_of_its_own(tmp_path, build_package, monkeypatch):
    folder = build_package(tmp_path / "clone")

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name != "tinytorch":
                return None
            return importlib_spec(folder)

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    (tmp_path / "project").mkdir()
    location = locate_package(tmp_path / "project")
    assert location == PackageLocation(folder, tmp_path / "project", "installed")


def importlib_spec(folder):
    """The spec an editable finder gives for a package folder."""
    from importlib.util import spec_from_file_location

    return spec_from_file_location("tinytorch", folder / "__init__.py")
