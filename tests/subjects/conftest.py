"""Fixtures: student packages built in a temporary project, and opened safely."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from packages import build
from tito_bench.subjects.discovery import PackageLocation, locate_package
from tito_bench.subjects.package import Package


@pytest.fixture(autouse=True)
def no_environment_is_active():
    """No virtual environment or conda says that it is active."""
    # Not the fixture `monkeypatch`: it would be undone after all others then.
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
            patch.delenv(variable, raising=False)
        yield


@pytest.fixture
def build_package():
    """`tests/packages/build.py: build_package`."""
    return build.build_package


@pytest.fixture
def open_package():
    """A function from a project root to its opened Package; closed after the test."""
    opened = []
    before = sys.meta_path[:], sys.path[:], sys.dont_write_bytecode

    def open_(root: Path) -> Package:
        location = locate_package(root)
        assert isinstance(location, PackageLocation), location
        opened.append(Package(location))
        return opened[-1]

    yield open_
    for package in reversed(opened):
        package.close()
    assert (sys.meta_path, sys.path, sys.dont_write_bytecode) == before
    assert not [name for name in sys.modules if name.split(".")[0] == "tinytorch"]
