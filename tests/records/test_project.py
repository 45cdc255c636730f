"""Which folder is the project."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tito_bench.errors import ProjectError
from tito_bench.records.project import find_root
from tito_bench.subjects.discovery import PACKAGE_PLACES, PackageLocation, locate_package


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_explicit_wins_over_everything(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / ".tito").mkdir(parents=True)
    root = find_root(Path("../a"), {"TITO_PROJECT": str(tmp_path / "b")}, tmp_path / "b")
    assert root.path == tmp_path / "a"
    assert root.found_by == "--project"


def test_the_variable_wins_over_the_search(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / ".tito").mkdir(parents=True)
    root = find_root(None, {"TITO_PROJECT": str(tmp_path / "a")}, tmp_path / "b")
    assert (root.path, root.found_by) == (tmp_path / "a", "TITO_PROJECT")


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    assert find_root(None, {"TITO_PROJECT": ""}, tmp_path).found_by == "current folder"


@pytest.mark.parametrize(
    ("named", "message"),
    [("nowhere", "does not exist"), ("file", "is not a folder"), ("nul\0", "does not exist")],
)
def test_a_named_folder_must_be_one(tmp_path: Path, named: str, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ProjectError, match=message) as caught:
        find_root(Path(named), {}, tmp_path)
    assert "\n" not in str(caught.value)
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize(
    "marker",
    [
        ".tinytorch/config.json",
        ".tito/progress.json",
        *(
            f"{place}/{file}"
            for place in PACKAGE_PLACES
            for file in ("core/tensor.py", "__init__.py")
        ),
    ],
)
def test_the_nearest_parent_that_looks_like_one(tmp_path: Path, marker: str) -> None:
    _touch(tmp_path / "project" / marker)
    (tmp_path / ".tito").mkdir()
    inside = tmp_path / "project" / "modules" / "01"
    inside.mkdir(parents=True)
    assert find_root(None, {}, inside).path == tmp_path / "project"


def test_from_within_the_package_itself(tmp_path: Path) -> None:
    file = _touch(tmp_path / "tinytorch" / "core" / "tensor.py")
    assert find_root(None, {}, file.parent).path == tmp_path


def test_nothing_anywhere_is_the_current_folder(tmp_path: Path) -> None:
    root = find_root(None, {"HOME": str(tmp_path)}, tmp_path / "work")
    assert (root.path, root.found_by) == (tmp_path / "work", "current folder")


@pytest.mark.parametrize("variable", ["HOME", "USERPROFILE"])
@pytest.mark.parametrize("marker", [".tinytorch", ".tito"])
def test_home_is_never_found_from_below(tmp_path: Path, variable: str, marker: str) -> None:
    (tmp_path / marker).mkdir()
    work = tmp_path / "work"
    work.mkdir()
    assert find_root(None, {variable: str(tmp_path)}, work).path == work


def test_nor_is_anything_above_home(tmp_path: Path) -> None:
    (tmp_path / ".tinytorch").mkdir()
    work = tmp_path / "home" / "work"
    work.mkdir(parents=True)
    assert find_root(None, {"HOME": str(tmp_path / "home")}, work).path == work


def test_home_behind_a_link_is_still_home(tmp_path: Path) -> None:
    (tmp_path / "real" / ".tinytorch").mkdir(parents=True)
    (tmp_path / "real" / "work").mkdir()
    try:
        (tmp_path / "link").symlink_to(tmp_path / "real")
    except OSError:
        pytest.skip("no links here")
    work = tmp_path / "real" / "work"
    assert find_root(None, {"HOME": str(tmp_path / "link")}, work).path == work


def test_in_home_itself_home_is_the_project(tmp_path: Path) -> None:
    (tmp_path / ".tinytorch").mkdir()
    root = find_root(None, {"HOME": str(tmp_path)}, tmp_path)
    assert (root.path, root.found_by) == (tmp_path, "current folder")


def test_the_credentials_of_another_home_make_no_project(tmp_path: Path) -> None:
    _touch(tmp_path / ".tinytorch" / "credentials.json")
    work = tmp_path / "work"
    work.mkdir()
    assert find_root(None, {"HOME": "/root-of-sudo"}, work).path == work


def test_a_file_named_like_a_state_folder_is_no_marker(tmp_path: Path) -> None:
    _touch(tmp_path / ".tito")
    work = tmp_path / "work"
    work.mkdir()
    assert find_root(None, {}, work).path == work


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root sees all")
def test_a_folder_that_cannot_be_looked_into_is_no_marker(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    work = closed / "work"
    work.mkdir(parents=True)
    closed.chmod(0o000)
    try:
        assert find_root(None, {}, work).path == work
    finally:
        closed.chmod(0o700)


@pytest.mark.parametrize("place", ["tinytorch", "srcs/tinytorch", "src/tinytorch"])
def test_the_package_is_found_from_a_folder_beside_it(tmp_path: Path, place: str) -> None:
    _touch(tmp_path / place / "core" / "tensor.py")
    beside = tmp_path / "notebooks" / "01"
    beside.mkdir(parents=True)
    location = locate_package(find_root(None, {}, beside).path)
    assert isinstance(location, PackageLocation)
    assert location.folder == tmp_path / place
