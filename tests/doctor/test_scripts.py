"""Whose script a name on PATH is."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from tito_bench.doctor.scripts import (
    Script,
    find_scripts,
    judge_scripts,
    own_folder,
    taken_back,
)
from tito_bench.note import Note

_OURS = "#!python\nimport sys\nfrom tito_bench.cli.tito import main\nsys.exit(main())\n"
_THEIRS = "#!python\nimport sys\nfrom tito.main import main\nsys.exit(main())\n"
_SUFFIX = ".exe" if sys.platform == "win32" else ""


def _script(folder: Path, text: str | bytes, name: str = "tito") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}{_SUFFIX}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o755)
    return folder


def _found(*folders: Path, own: Path) -> list[Script]:
    environ = {"PATH": os.pathsep.join(map(str, folders))}
    return find_scripts("tito", environ, own)


@pytest.mark.parametrize(
    ("text", "owner"),
    [(_OURS, "tito-bench"), (_THEIRS, "TinyTorch"), ("#!/bin/sh\n", "another program")],
)
def test_the_owner_is_read_from_the_script(text: str, owner: str, tmp_path: Path) -> None:
    folder = _script(tmp_path / "bin", text)
    assert _found(folder, own=folder) == [Script("tito", str(folder), owner, True)]


def test_a_windows_launcher_carries_its_script_at_the_end(tmp_path: Path) -> None:
    folder = _script(tmp_path / "bin", b"MZ launcher")
    launcher = folder / f"tito{_SUFFIX}"
    with zipfile.ZipFile(launcher, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("__main__.py", _OURS * 10)
    assert b"tito_bench" not in launcher.read_bytes()
    assert _found(folder, own=folder)[0].owner == "tito-bench"


def test_scripts_come_in_the_order_of_path_and_once(tmp_path: Path) -> None:
    first, second = _script(tmp_path / "a", _THEIRS), _script(tmp_path / "b", _OURS)
    found = _found(first, tmp_path / "missing", second, first, own=second)
    assert [(script.folder, script.of_this_python) for script in found] == [
        (str(first), False),
        (str(second), True),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="needs the right to make links")
def test_a_link_to_a_script_of_this_python_is_of_this_python(tmp_path: Path) -> None:
    own, linked = _script(tmp_path / "own", _OURS), tmp_path / "linked"
    linked.mkdir()
    (linked / "tito").symlink_to(own / "tito")
    assert _found(linked, own=own) == [Script("tito", str(linked), "tito-bench", True)]


def test_an_empty_path_has_no_scripts(tmp_path: Path) -> None:
    assert find_scripts("tito", {}, tmp_path) == []
    assert find_scripts("tito", {"PATH": ""}, tmp_path) == []


def test_own_folder_is_where_this_pythons_scripts_are() -> None:
    assert own_folder().is_absolute()


_OWN = Script("tito", "/v/bin", "tito-bench", True)
_BENCH = Script("tito-bench", "/v/bin", "tito-bench", True)


def test_own_scripts_are_no_finding() -> None:
    assert judge_scripts([_OWN], [_BENCH]) == []


@pytest.mark.parametrize(
    ("tito", "expected"),
    [
        ([], Note("lost_tito", "warning", "tito", "")),
        (
            [Script("tito", "/v/bin", "TinyTorch", True), _OWN],
            Note("upstream_tito", "warning", "tito", "TinyTorch"),
        ),
        (
            [Script("tito", "/other", "tito-bench", False), _OWN],
            Note("hidden_tito", "warning", "tito", "/other"),
        ),
    ],
)
def test_only_the_first_script_counts(tito: list[Script], expected: Note) -> None:
    assert judge_scripts(tito, [_BENCH]) == [expected]


def test_without_any_script_of_this_python_none_was_lost() -> None:
    elsewhere = Script("tito-bench", "/other", "tito-bench", False)
    found = [finding.code for finding in judge_scripts([], [elsewhere])]
    assert found == ["hidden_tito", "no_tito"]
    assert judge_scripts([], []) == [
        Note("no_tito", "info", name, "") for name in ("tito-bench", "tito")
    ]


@pytest.mark.parametrize(
    ("text", "own", "said"), [(_THEIRS, True, True), (_OURS, True, False), (_THEIRS, False, False)]
)
def test_a_script_that_tinytorch_took_back_is_seen(
    text: str, own: bool, said: bool, tmp_path: Path
) -> None:
    folder = _script(tmp_path / "bin", text)
    found = taken_back({"PATH": str(folder)}, folder if own else tmp_path)
    expected = Note("upstream_tito", "warning", "tito", "TinyTorch")
    assert found == (expected if said else None)
