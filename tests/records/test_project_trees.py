"""One project has one root, from whichever of its folders a command is called."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.records.project import find_root, folders_upwards, state_folder

MARKS = {
    "package": "tinytorch/core/tensor.py",
    "modules": "modules/01_tensor/tensor.ipynb",
    "state": ".tito/progress.json",
    "git": ".git/HEAD",
}
NAMES = st.sampled_from(["a", "b", "srcs", "tinytorch"])
FOLDERS = st.lists(NAMES, max_size=4).map(lambda names: "/".join(names) or ".")
TREES = st.lists(st.tuples(FOLDERS, st.sampled_from(sorted(MARKS))), max_size=6)


@contextmanager
def tree_of(marks: list[tuple[str, str]]) -> Iterator[Path]:
    """A folder `top` below a home folder, with what `marks` says in its subfolders."""
    home = Path(tempfile.mkdtemp()).resolve()
    try:
        for folder, mark in [(".", "nothing"), *marks]:
            file = home / "top" / folder / MARKS.get(mark, "nothing")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        yield home / "top"
    finally:
        shutil.rmtree(home)


def root_of(folder: Path, top: Path) -> Path:
    return find_root(None, {"HOME": str(top.parent)}, folder).path


@given(TREES, FOLDERS)
def test_the_root_is_upwards_and_within_home_and_repository(
    marks: list[tuple[str, str]], called_from: str
) -> None:
    with tree_of([*marks, (called_from, "nothing")]) as top:
        folder = (top / called_from).resolve()
        root = root_of(folder, top)
        assert folder.is_relative_to(root)
        assert root.is_relative_to(top)
        for between in (folder, *folder.parents):
            if between == root:
                break
            assert not (between / ".git").exists()


@given(TREES, FOLDERS)
def test_every_folder_on_the_way_to_the_root_has_the_same_one(
    marks: list[tuple[str, str]], called_from: str
) -> None:
    with tree_of([*marks, (called_from, "nothing")]) as top:
        folder = (top / called_from).resolve()
        found = find_root(None, {"HOME": str(top.parent)}, folder)
        if found.found_by == "current folder":
            return
        while folder != found.path:
            folder = folder.parent
            assert root_of(folder, top) == found.path


@given(TREES, FOLDERS, FOLDERS)
def test_a_history_that_was_begun_is_that_of_all_folders_of_the_project(
    marks: list[tuple[str, str]], first: str, second: str
) -> None:
    with tree_of([*marks, (first, "nothing"), (second, "nothing")]) as top:
        found = find_root(None, {"HOME": str(top.parent)}, (top / first).resolve())
        if "package" not in found.found_by and "modules" not in found.found_by:
            return
        (found.path / ".tito").mkdir(exist_ok=True)
        other = (top / second).resolve()
        if found.path in folders_upwards(other, {"HOME": str(top.parent)}):
            assert root_of(other, top) == found.path


@given(st.lists(FOLDERS, min_size=1, max_size=4), FOLDERS)
def test_of_packages_within_packages_the_outermost_is_the_root_of_all_folders(
    packages: list[str], called_from: str
) -> None:
    with tree_of([*((folder, "package") for folder in packages), (called_from, "nothing")]) as top:
        found = find_root(None, {"HOME": str(top.parent)}, (top / called_from).resolve())
        if found.found_by != "current folder":
            folders = [path for path in found.path.rglob("*") if path.is_dir()]
            assert {root_of(folder, top) for folder in folders} == {found.path}


@pytest.mark.parametrize(
    ("marks", "folders"),
    [
        (["srcs/tinytorch/core/tensor.py"], ["srcs", "srcs/tinytorch/core", "notebooks"]),
        (["modules/01_tensor/tensor.ipynb"], ["modules/01_tensor", "notebooks"]),
        (["tinytorch/core/tensor.py", ".tito/x"], ["tinytorch", "tinytorch/core", "modules/02"]),
        (
            ["tinytorch/tinytorch/core/tensor.py", ".tito/x", "tinytorch/modules/01_tensor/x"],
            ["tinytorch", "tinytorch/tinytorch/core", "tinytorch/modules/01_tensor", "book"],
        ),
        # What was begun in a subfolder before does not draw the rest after it.
        (["tinytorch/core/tensor.py", "notebooks/.tito/x"], ["notebooks", "tinytorch/core"]),
        ([".git/HEAD", ".tito/x", "week/tinytorch/core/tensor.py"], ["week", "week/tinytorch"]),
    ],
)
def test_the_ways_of_real_students(marks: list[str], folders: list[str], tmp_path: Path) -> None:
    root = tmp_path / "home" / "project"
    for mark in marks:
        (root / mark).parent.mkdir(parents=True, exist_ok=True)
        (root / mark).touch()
    for folder in [".", *folders]:
        (root / folder).mkdir(parents=True, exist_ok=True)
        assert find_root(None, {"HOME": str(tmp_path / "home")}, root / folder).path == root


def test_the_monorepos_inner_folder_is_the_project_while_nothing_is_kept_above(
    tmp_path: Path,
) -> None:
    inner = tmp_path / "book" / "tinytorch"
    (inner / "modules" / "01_tensor").mkdir(parents=True)
    (inner / "tinytorch" / "core").mkdir(parents=True)
    (inner / "tinytorch" / "core" / "tensor.py").touch()
    (tmp_path / "book" / ".git").mkdir()
    for folder in (inner, inner / "tinytorch" / "core", inner / "modules"):
        assert find_root(None, {}, folder).path == inner


def test_nothing_above_a_repository_is_a_project_of_it(tmp_path: Path) -> None:
    (tmp_path / ".tito").mkdir()
    (tmp_path / "tinytorch" / "core").mkdir(parents=True)
    (tmp_path / "tinytorch" / "core" / "tensor.py").touch()
    work = tmp_path / "other" / "work"
    work.mkdir(parents=True)
    (tmp_path / "other" / ".git").write_text("gitdir: elsewhere\n")
    assert find_root(None, {}, work).path == work
    assert state_folder(tmp_path) == ".tito"
