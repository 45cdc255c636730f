"""What of a path, and of a message, may be recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tito_bench.subjects.redaction import display_path, hide_folders, one_line

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home" / "ada"
    folder.mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: folder)
    return folder


def test_inside_the_project_it_is_relative(home):
    root = home / "course"
    assert display_path(root / "tinytorch" / "core" / "tensor.py", root) == (
        "tinytorch/core/tensor.py"
    )
    assert display_path(root, root) == "."


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_an_installed_file_starts_at_site_packages(home, folder):
    file = home / "venv" / "lib" / folder / "tinytorch" / "core" / "tensor.py"
    assert display_path(file, home / "course") == f"{folder}/tinytorch/core/tensor.py"


def test_bytes_that_are_no_utf_8_are_written_as_escapes(home):
    """A record is UTF-8."""
    root = home / "course"
    assert display_path(root / "caf\udce9" / "x.py", root) == "caf\\udce9/x.py"


def test_the_home_folder_is_a_tilde(home):
    assert display_path(home / "other" / "x.py", home / "course") == "~/other/x.py"


def test_elsewhere_only_the_last_parts_are_kept(home, tmp_path):
    file = tmp_path / "home" / "grace" / "secret" / "tinytorch" / "core" / "tensor.py"
    assert display_path(file, home / "course") == ".../tinytorch/core/tensor.py"


@LINKS
def test_links_are_followed_so_that_their_names_do_not_show(home, tmp_path):
    real = home / "work" / "tensor.py"
    real.parent.mkdir()
    real.touch()
    (tmp_path / "link").symlink_to(real.parent)
    assert display_path(tmp_path / "link" / "tensor.py", home / "course") == "~/work/tensor.py"


def test_messages_lose_the_folders(home):
    root = home / "course"
    text = f"No such file: '{root}/data.npz' nor '{home}/data.npz'"
    assert hide_folders(text, root) == "No such file: './data.npz' nor '~/data.npz'"


def test_a_root_of_slash_leaves_slashes_alone(home):
    assert hide_folders("1/2 in /opt", Path("/")) == "1/2 in /opt"


def test_no_home_is_no_error(monkeypatch, tmp_path):
    def nobody():
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", nobody)
    assert display_path("/a/b/c/d.py", tmp_path) == ".../b/c/d.py"
    assert hide_folders("text", tmp_path) == "text"


def test_one_line_is_one_printable_line():
    assert one_line(" a\n\tb\x1b[31m\r ") == "a b?[31m"
    assert len(one_line("x" * 1000)) == 240


@LINKS
def test_a_loop_of_links_is_no_error(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert display_path(tmp_path / "a", tmp_path) in {"a", "b"}
