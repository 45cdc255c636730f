"""The installed package, wherever and for whom it was installed.

What needs a network, another user or another CPU is in tools/wheel_lab/newcomers.py.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import tito_bench

INSTALLED = Path(tito_bench.__file__).parent


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A copy of the package, in a folder whose path has spaces and letters outside ASCII."""
    if not list(INSTALLED.glob("_native.*.so")) and not list(INSTALLED.glob("_native*.pyd")):
        pytest.skip("an editable install keeps its module elsewhere")
    site = tmp_path / "Zoë Müller" / "深層 学習"
    shutil.copytree(INSTALLED, site / "tito_bench", ignore=shutil.ignore_patterns("__pycache__"))
    return site


def run(site: Path, project: Path, environ: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tito_bench", *words],
        capture_output=True,
        encoding="utf-8",
        cwd=project,
        env={**environ, "PYTHONPATH": str(site), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def tree(folder: Path) -> dict[Path, int]:
    """Every file but bytecode, with when it was last written."""
    files = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {path: path.stat().st_mtime_ns for path in files if path.is_file()}


def test_a_baseline_writes_only_into_the_project(
    moved: Path, project: Path, clean_environ: dict[str, str]
) -> None:
    for path in [moved, *moved.rglob("*")]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    before, home = tree(moved), tree(Path(clean_environ["HOME"]))
    words = ("benchmark", "baseline", "--quick", "--subject", "numpy", "--skip-submit", "--json")
    record = json.loads(run(moved, project, clean_environ, *words))
    assert record["normalized_metrics"]["score"] is not None
    assert (tree(moved), tree(Path(clean_environ["HOME"]))) == (before, home)
    assert len(list((project / ".tito" / "benchmarks").iterdir())) == 1


@pytest.mark.parametrize("home", [None, "no such folder"])
def test_a_user_without_a_home(
    home: str | None, moved: Path, project: Path, tmp_path: Path
) -> None:
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
    environ = {name: os.environ[name] for name in kept if name in os.environ}
    if home is not None:
        environ |= {"HOME": str(tmp_path / home), "USERPROFILE": str(tmp_path / home)}
    words = ("benchmark", "baseline", "--quick", "--subject", "numpy", "--skip-submit", "--json")
    assert json.loads(run(moved, project, environ, *words))["verdict"]["status"]
    assert not (tmp_path / "no such folder").exists()
