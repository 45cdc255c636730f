"""`benchmark calibrate` as a user runs it."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from machine.facts import card as made_up_card
from tito_bench import _native
from tito_bench.cli.benchmark import calibrate
from tito_bench.cli.streams import Streams, utc_now
from tito_bench.errors import StoreError
from tito_bench.records.calibration import CALIBRATION
from tito_bench.records.documents import Documents
from tito_bench.records.project import ProjectRoot
from tito_bench.records.schema import decode
from tito_bench.workloads.baseline import BASELINE

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def stored(project: Path) -> Path:
    """Where the card comes to lie."""
    return project / ".tinytorch" / "calibration.json"


def test_the_card_is_shown_and_kept(run_cli: RunCli, project: Path, stored: Path) -> None:
    done = run_cli("benchmark", "calibrate", "--quick", "--output", "card.json")
    assert (done.returncode, done.stderr) == (0, "")
    for part in (*_native.supported_targets(), "GFLOP/s", "Saved: .tinytorch/calibration.json"):
        assert part in done.stdout
    card = decode(CALIBRATION, stored.read_bytes(), "card").value
    assert [op.name for op in card.operations] == [op.name for op in BASELINE]
    assert card.quick
    assert (project / "card.json").read_bytes() == stored.read_bytes()
    assert str(project) not in stored.read_text(encoding="utf-8")


def test_json_is_the_file_and_nothing_else(run_cli: RunCli, stored: Path) -> None:
    done = run_cli("benchmark", "calibrate", "--quick", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document == json.loads(stored.read_bytes())
    assert document["schema"] == 1
    assert "What this machine can do" in done.stderr


def test_a_corrupt_card_is_set_aside_and_said(run_cli: RunCli, stored: Path) -> None:
    stored.parent.mkdir()
    stored.write_bytes(b"{bad")
    done = run_cli("benchmark", "calibrate", "--quick")
    assert done.returncode == 0
    assert "it was moved to calibration.json." in done.stdout
    (copy,) = stored.parent.glob("*.corrupt")
    assert copy.read_bytes() == b"{bad"
    assert json.loads(stored.read_bytes())["kind"] == "calibration"


def test_a_card_of_a_newer_version_is_refused_before_measuring(
    run_cli: RunCli, stored: Path
) -> None:
    stored.parent.mkdir()
    stored.write_bytes(b'{"schema": 99}')
    done = run_cli("benchmark", "calibrate", "--quick")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "newer tito-bench" in done.stderr
    assert stored.read_bytes() == b'{"schema": 99}'


def test_an_output_that_cannot_be_written_is_refused_before_measuring(
    run_cli: RunCli, stored: Path
) -> None:
    done = run_cli("benchmark", "calibrate", "--quick", "--output", "missing/card.json")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "its folder does not exist" in done.stderr
    assert not stored.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_an_output_that_is_no_file_is_not_replaced(run_cli: RunCli, project: Path) -> None:
    os.mkfifo(project / "pipe")
    done = run_cli("benchmark", "calibrate", "--quick", "--output", "pipe")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert (project / "pipe").is_fifo()


def test_an_unknown_kernel_target_is_one_line(run_cli: RunCli) -> None:
    done = run_cli("benchmark", "calibrate", environ={"TITO_KERNELS_TARGET": "foo"})
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "'foo'" in done.stderr


def test_a_card_that_cannot_be_kept_is_still_shown(project: Path) -> None:
    (project / ".tinytorch").write_text("a file")
    out = io.StringIO()
    streams = Streams(io.StringIO(), out, io.StringIO(), {"COLUMNS": "80"}, project)
    options = argparse.Namespace(json=False, output=None)
    with pytest.raises(StoreError, match="a file is where a folder should be"):
        calibrate._hand_over(
            made_up_card(), ProjectRoot(project, "test"), Documents(utc_now), options, streams
        )
    assert "Imaginary CPU 3000" in out.getvalue()
    assert "Saved" not in out.getvalue()
