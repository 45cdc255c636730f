"""Check workflows, issue forms, pyproject.toml and shell scripts, without a network.

    python tools/lint_workflows.py

Needs the `lint` requirements of this project beside the Python that runs it.
"""

# ruff: noqa: S603  runs the linters beside this Python

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from toolchain import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"


def commands() -> Iterator[list[str]]:
    workflows = sorted(str(path) for path in WORKFLOWS.glob("*.yml"))
    examples = sorted(str(path) for path in (ROOT / "docs" / "guide" / "ci").glob("*.yml"))
    dependabot = str(ROOT / ".github" / "dependabot.yml")
    yield ["zizmor", "--offline", "--quiet", str(ROOT / ".github")]
    yield ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows, *examples]
    yield ["check-jsonschema", "--builtin-schema", "vendor.dependabot", dependabot]
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    settings = [str(path) for path in forms if path.stem == "config"]
    questions = [str(path) for path in forms if path.stem != "config"]
    yield ["check-jsonschema", "--builtin-schema", "vendor.github-issue-config", *settings]
    yield ["check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *questions]
    yield ["validate-pyproject", str(ROOT / "pyproject.toml")]
    scripts = (ROOT / folder for folder in (".ci", "tools"))
    yield ["shellcheck", *sorted(str(path) for folder in scripts for path in shell(folder))]


def shell(folder: Path) -> Iterator[Path]:
    """Yield the files in `folder` whose first line names a shell."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                first = file.readline()
            if first.startswith(b"#!") and first.rstrip().endswith(b"sh"):
                yield path


def main() -> int:
    failed = 0
    for name, *words in commands():
        program = Path(sys.executable).with_name(name)
        done = subprocess.run([program, *words], check=False)
        print(f"{name}: {'nothing found' if done.returncode == 0 else 'FAILED'}", flush=True)
        failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
