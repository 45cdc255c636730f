"""A skip that nobody expects fails a run in CI, and is named."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import unexpected_skips
from unexpected_skips import CANNOT, HAS_NOT, PROGRAMS, unexpected

ROOT = Path(__file__).parents[2]
TREE = {
    "conftest.py": "from unexpected_skips import pytest_sessionfinish, pytest_terminal_summary\n",
    "test_a.py": "import pytest\ndef test_a():\n    pytest.skip({reason!r})\n",
}


def _run(folder: Path, reason: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in TREE.items():
        (folder / name).write_text(text.format(reason=reason) if "{" in text else text)
    kept = {
        k: v for k, v in os.environ.items() if k not in {"CI", "TITO_EVERYTHING", "PYTEST_ADDOPTS"}
    }
    path = str(Path(unexpected_skips.__file__).parent)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder, env={**kept, "PYTHONPATH": path, **environ},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "environ", "code"),
    [
        ("no time today", {}, 0),
        ("no time today", {"CI": "true"}, 1),
        ("needs fish", {"CI": "true"}, 0),
        ("needs fish", {"CI": "true", "TITO_EVERYTHING": "1"}, 1),
    ],
)
def test_in_ci_it_fails_the_run(
    reason: str, environ: Mapping[str, str], code: int, tmp_path: Path
) -> None:
    done = _run(tmp_path, reason, environ)
    assert done.returncode == code, done.stdout
    assert (f"unexpected skip: test_a.py::test_a: {reason}" in done.stdout) == bool(code)


def test_a_reason_counts_only_where_it_holds() -> None:
    assert unexpected("root sees all", everything=False) == (
        hasattr(os, "geteuid") and os.geteuid() != 0
    )
    assert unexpected("pipes with names", everything=False) == (sys.platform != "win32")
    assert unexpected("needs the extra png and more", everything=False)


@pytest.mark.skipif(not (ROOT / "tools").exists(), reason="no source tree")
def test_every_reason_of_the_tests_is_listed() -> None:
    """Of those that stand there as they are; what is put together is seen when it happens."""
    known = [*CANNOT, *HAS_NOT, PROGRAMS.pattern]
    found = {reason for path in _tests() for reason in _reasons(path)}
    assert [one for one in found if not any(re.fullmatch(pattern, one) for pattern in known)] == []


def _tests() -> list[Path]:
    return [*(ROOT / "tests").rglob("*.py"), *(ROOT / "server" / "tests").rglob("*.py")]


def _reasons(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name == "skip":
            found += [one.value for one in node.args if isinstance(one, ast.Constant)]
        elif name in {"skipif", "importorskip"}:
            found += [
                one.value.value
                for one in node.keywords
                if one.arg == "reason" and isinstance(one.value, ast.Constant)
            ]
    return found
