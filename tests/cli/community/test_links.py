"""A state folder that leads out of the project: one line, and nothing out there is touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.community.conftest import Tito

VERBS = (
    ("join",),
    ("update", "--country", "ch"),
    ("profile",),
    ("stats",),
    ("submit", "latest"),
    ("export", "out.json"),
    ("sync",),
    ("sync", "--discard"),
    ("sync", "--withdraw", "all"),
    ("leave", "--force"),
)
FOLDERS = (
    ".tinytorch",
    ".tinytorch/community",
    ".tinytorch/outbox",
    ".tinytorch/submissions",
)


def _snapshot(folder: Path) -> dict[str, Any]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def linked(tito, tmp_path):
    """Return a function that has a state folder of a joined project lead out of it."""
    tito("join", "--country", "ke")
    tito.record()
    tito("submit", "latest")

    def link(name: str) -> Path:
        outside = tmp_path / "outside"
        inside = tito.folder / name
        if inside.exists():
            shutil.move(inside, outside)
        else:
            outside.mkdir()
        for damaged in ("config.json", "profile.json", "000001_leave.json"):
            (outside / damaged).write_bytes(b"{ of somebody else")
        os.symlink(outside, inside, target_is_directory=True)  # noqa: PTH211
        return outside

    return link


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
@pytest.mark.parametrize("name", FOLDERS)
def test_nothing_outside_is_touched(tito: Tito, linked, name: str, words) -> None:
    outside = linked(name)
    before = _snapshot(outside)
    ran = tito(*words)
    assert _snapshot(outside) == before
    assert ran.status == 1
    assert f"{name} leads out of the project" in ran.err
    assert "replace the link" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("name", [".tinytorch/community", ".tito"])
def test_a_link_that_stays_in_the_project_is_followed(tito: Tito, name: str) -> None:
    real = tito.folder / "state"
    real.mkdir()
    (tito.folder / name).parent.mkdir(exist_ok=True)
    (tito.folder / name).symlink_to(real)
    assert tito("join").status == 0
    assert tito("profile").status == 0


def test_a_project_that_is_reached_by_a_link_is_as_any(tito: Tito, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tito.folder)
    tito.folder = link
    assert tito("join").status == 0
    assert tito("leave", "--force").status == 0


def test_a_link_that_leads_nowhere_is_said(tito: Tito, tmp_path: Path) -> None:
    (tito.folder / ".tinytorch").symlink_to(tmp_path / "nowhere")
    ran = tito("join")
    assert ran.status == 1
    assert ".tinytorch leads out of the project" in ran.err
    assert not (tmp_path / "nowhere").exists()


def test_a_profile_that_is_a_link_out_is_not_removed_there(tito: Tito, tmp_path: Path) -> None:
    tito("join")
    profile = tito.folder / ".tinytorch" / "community" / "profile.json"
    other = tmp_path / "other.json"
    profile.rename(other)
    profile.symlink_to(other)
    before = other.read_bytes()
    for words in (("update", "--country", "ch"), ("leave", "--force")):
        tito(*words)
        assert other.read_bytes() == before


def test_a_link_to_itself_is_one_line(tito: Tito) -> None:
    (tito.folder / ".tinytorch").symlink_to(tito.folder / ".tinytorch")
    ran = tito("join")
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1
