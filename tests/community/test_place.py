"""A seal holds for one person in one place, and for what was sealed."""

from __future__ import annotations

import shutil
import stat
import sys
from pathlib import Path

import pytest

from tito_bench.community import place as places
from tito_bench.community.place import Place
from tito_bench.errors import StoreError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def _at(folder: Path, home: str = "anna") -> Place:
    return Place(folder, {"HOME": str(folder.parent / home)})


def test_it_holds_for_the_same_person_place_and_content(project):
    seal = _at(project).seal("consent", "a", None)
    assert _at(project).is_sealed(seal, "consent", "a", None)
    link = project.parent / "link"
    link.symlink_to(project)
    assert _at(link).is_sealed(seal, "consent", "a", None), "the same folder by another name"
    for other in (("consent", "b", None), ("ledger", "a", None), ("consent", "a"), ("consent",)):
        assert not _at(project).is_sealed(seal, *other)


def test_it_does_not_hold_for_another_person(project):
    seal = _at(project).seal("consent", "a")
    _at(project, "berta").seal("consent", "b")
    assert not _at(project, "berta").is_sealed(seal, "consent", "a")


def test_it_does_not_hold_for_a_copy_or_after_a_move(project):
    seal = _at(project).seal("consent", "a")
    copy, moved = project.parent / "copy", project.parent / "moved"
    shutil.copytree(project, copy)
    assert not _at(copy).is_sealed(seal, "consent", "a")
    project.rename(moved)
    assert not _at(moved).is_sealed(seal, "consent", "a")
    copy.rename(project)
    assert not _at(project).is_sealed(seal, "consent", "a"), "another folder under the old path"


def test_looking_writes_nothing(project):
    assert not _at(project).is_sealed("0" * 64, "consent", "a")
    assert not _at(project).is_sealed(None, "consent", "a")
    assert list(project.parent.iterdir()) == [project]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_key_is_for_its_owner_only(project):
    place = _at(project)
    place.seal("consent")
    assert stat.S_IMODE(place.key_file.stat().st_mode) == 0o600
    assert place.key_file.read_bytes() not in (project / "x").name.encode()


def test_two_persons_have_two_keys(project):
    for home in ("anna", "berta"):
        _at(project, home).seal("consent")
    keys = {_at(project, home).key_file.read_bytes() for home in ("anna", "berta")}
    assert len(keys) == 2


def test_a_key_that_is_none_is_said(project):
    place = _at(project)
    place.seal("consent")
    place.key_file.write_bytes(b"")
    with pytest.raises(StoreError, match=r"place\.key is no key; delete it"):
        place.is_sealed("0" * 64, "consent")


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_home_nothing_can_be_sealed(project, environ):
    with pytest.raises(StoreError, match="set HOME"):
        Place(project, environ).seal("consent")


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {"HOME": "/h"}, "/h/.local/state"),
        ("linux", {"HOME": "/h", "XDG_STATE_HOME": "/s"}, "/s"),
        ("linux", {"HOME": "/h", "XDG_STATE_HOME": "s"}, "/h/.local/state"),
        ("darwin", {"HOME": "/h", "XDG_STATE_HOME": "/s"}, "/h/Library/Application Support"),
        ("win32", {"LOCALAPPDATA": "/l", "USERPROFILE": "/u"}, "/l"),
        ("win32", {"USERPROFILE": "/u"}, "/u/AppData/Local"),
    ],
)
def test_each_system_has_its_own_folder(platform, environ, folder):
    assert places._state_folder(environ, platform).as_posix() == folder
