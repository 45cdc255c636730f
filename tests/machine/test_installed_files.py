"""Files of an installation that are no longer what was installed."""

from __future__ import annotations

import base64
import hashlib
import sys
from pathlib import Path

import pytest

from tito_bench.machine.installed_files import find_edited
from tito_bench.note import Note

FILES = {
    "tito_bench/score.py": b"score = 1\n",
    "tito_bench/cli/main.py": b"main = 1\n",
    "other/thing.py": b"",
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an installation that is found before the real one."""
    lines = []
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    info = tmp_path / "tito_bench-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tito-bench\nVersion: 9.9\n")
    (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/RECORD,,\n"]))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def edited(*names: str) -> tuple[Note, ...]:
    return tuple(Note("edited_installation", "warning", "tito-bench", name) for name in names)


def test_whole_files_have_no_warning(installed: Path) -> None:
    assert find_edited(measuring_only=False) == ()


def test_a_file_that_is_another_or_gone_is_named(installed: Path) -> None:
    (installed / "tito_bench" / "score.py").write_text("score = 2\n")
    (installed / "tito_bench" / "cli" / "main.py").unlink()
    (installed / "other" / "thing.py").write_text("not ours")
    assert find_edited(measuring_only=False) == edited("score.py", "cli/main.py")
    assert find_edited(measuring_only=True) == edited("score.py")


def test_this_installation_is_whole() -> None:
    assert find_edited(measuring_only=False) == ()
