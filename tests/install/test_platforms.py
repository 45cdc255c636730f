"""No platform falls out of the wheels unseen: what cibuildwheel would build, by its own words."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = ("cp311", "cp314t", "cp315")  # built; built; the wheel of the first, tested again
PLATFORMS = {
    ("linux", "x86_64,aarch64"): (
        "manylinux_x86_64",
        "manylinux_aarch64",
        "musllinux_x86_64",
        "musllinux_aarch64",
    ),
    ("macos", "x86_64,arm64"): ("macosx_x86_64", "macosx_arm64"),
    ("windows", "AMD64,ARM64"): ("win_amd64", "win_arm64"),
}
RUNNERS = {
    *("ubuntu-24.04", "ubuntu-24.04-arm"),
    *("macos-15-intel", "macos-15"),
    *("windows-2025", "windows-11-arm"),
}


def jobs_of(workflow: str) -> dict[str, str]:
    """The text of each job of a workflow."""
    text = (ROOT / ".github" / "workflows" / workflow).read_text(encoding="utf-8")
    parts = re.split(r"^  ([\w-]+):\n", text.split("\njobs:\n")[1], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("platform", "machines"), PLATFORMS)
def test_identifiers_of_all_builds(platform: str, machines: str) -> None:
    words = ("--print-build-identifiers", "--platform", platform, "--archs", machines)
    command = [sys.executable, "-m", "cibuildwheel", *words, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = {f"{python}-{name}" for python in PYTHONS for name in PLATFORMS[platform, machines]}
    assert set(done.stdout.split()) == expected


def test_every_wheel_is_built_on_a_machine_of_its_kind() -> None:
    runners = re.search(r"^ +os: \[(.*)\]$", jobs_of("wheels.yml")["wheels"], re.MULTILINE)
    assert runners is not None
    assert set(runners[1].split(", ")) == RUNNERS


def test_the_number_of_wheels_that_a_release_waits_for() -> None:
    built = len(PYTHONS[:2]) * sum(len(names) for names in PLATFORMS.values())
    assert f'| wc -l)" = {built} ]' in jobs_of("wheels.yml")["gate"]


@pytest.mark.parametrize(("workflow", "after"), [("ci.yml", set()), ("wheels.yml", {"publish"})])
def test_the_gate_needs_every_other_job(workflow: str, after: set[str]) -> None:
    jobs = jobs_of(workflow)
    needed = re.search(r"^    needs: \[(.*)\]$", jobs["gate"], re.MULTILINE)
    assert needed is not None
    assert set(needed[1].split(", ")) == set(jobs) - after - {"gate"}


def test_only_a_release_is_published() -> None:
    publish = jobs_of("wheels.yml")["publish"]
    assert "    if: github.event_name == 'release'\n    needs: gate\n" in publish
    assert "id-token: write" in publish
    others = [text for name, text in jobs_of("wheels.yml").items() if name != "publish"]
    assert not any("write" in text for text in others)


@pytest.mark.parametrize("workflow", ["ci.yml", "wheels.yml"])
def test_workflows_trust_nothing_that_can_move(workflow: str) -> None:
    text = (ROOT / ".github" / "workflows" / workflow).read_text(encoding="utf-8")
    assert "\npermissions: {}\n" in text
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    assert [one for one in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", one)] == []
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert text.count("runs-on:") == text.count("timeout-minutes:")


def test_uv_is_there_for_the_build_frontend() -> None:
    """cibuildwheel brings it for Linux alone."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["cibuildwheel"]["build-frontend"] == "build[uv]"
    job = jobs_of("wheels.yml")["wheels"]
    installed = re.search(r"pip install (cibuildwheel==.*)$", job, re.MULTILINE)
    assert installed is not None
    assert " uv==" in installed[1]
