"""README.md keeps its word: its commands are those that .ci/run runs, its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tito_bench.cli.main import build_parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)\n```$", README, re.DOTALL | re.MULTILINE)
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def test_there_are_two_commands_of_one_line_each() -> None:
    first, second = COMMANDS
    assert "\n" not in first + second
    assert first.endswith("tito-bench benchmark baseline")
    assert second.endswith("python -m pytest")
    for command in (first, second):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")


@pytest.mark.parametrize(("which", "number"), [("first", 0), ("second", 1)])
def test_ci_runs_them_as_they_stand(which: str, number: int) -> None:
    extracted = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "readme_commands.py"), which],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert extracted == f"{COMMANDS[number]}\n"
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"{which}=$(python3 .ci/readme_commands.py {which})\n" in script
    assert f'bash -c "${which}"' in script


def test_every_command_line_it_names_is_understood() -> None:
    code = re.findall(r"`([^`\n]+)`", README) + re.findall(
        r"^.*\.venv/.*$|^\$ .*$", README, re.MULTILINE
    )
    named = [words for line in code for words in re.findall(r"tito-bench( .*)", line)]
    assert len(named) >= 4
    for words in named:
        if "--help" not in words:
            assert build_parser().parse_args(words.split()).run is not None


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    linked += re.findall(r"`((?:src|tests|benchmarks|docs|tools|\.ci)/[\w./]+)`", text)
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_the_output_is_that_of_the_present_report() -> None:
    (output,) = re.findall(r"^```text\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    for line in (
        r"🎯 Baseline Benchmark",
        r"📊 Your Baseline Performance: +native   slowdown",
        r"   • Tensor Operations: +⚡ [\d.]+[um]s +[\d.]+[um]s +[\d.]+x",
        r"   • Score: \d+/100",
        r"✅ Setup verified and working!",
        r"👉 Next: ",
        r"Machine: .+, \w+ kernels, NumPy ",
        r"Saved: \.tito/benchmarks/baseline_\d{8}T\d{6}Z_[0-9a-f]{4}\.json",
    ):
        assert re.search(f"^{line}", output, re.MULTILINE), line
