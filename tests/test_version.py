"""The version is stated twice; this keeps the two equal."""

import tomllib
from pathlib import Path

import tito_bench

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


def test_package_and_project_state_the_same_version() -> None:
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    assert tito_bench.__version__ == project["version"]
