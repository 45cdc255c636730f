"""`benchmark baseline` as a user meets it: options, output, the record, a submission."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tito_bench import _native
from tito_bench.records.benchmark import decode_record, encode_record

Baseline = Callable[..., "subprocess.CompletedProcess[str]"]
SHORT = ["benchmark", "baseline", "--quick", "--rounds", "1", "--subject", "numpy"]
OPERATIONS = [
    "add_100x100",
    "mul_100x100",
    "add_512x512",
    "matmul_100",
    "matmul_256",
    "mlp_batch_256",
    "mlp_batch_1",
]


def records(project: Path) -> list[Path]:
    return sorted((project / ".tito" / "benchmarks").iterdir())


def submissions(project: Path) -> list[Path]:
    folder = project / ".tinytorch" / "submissions"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_plain_run_shows_a_score_and_saves_its_record(baseline: Baseline, project: Path) -> None:
    done = baseline("--subject", "numpy")
    assert (done.returncode, done.stderr) == (0, "")
    (path,) = records(project)
    record = json.loads(path.read_bytes())
    for shown in (
        f"Project: {project} (current folder)",
        "🎯 Baseline Benchmark",
        "Tensor Operations:",
        "Matrix Multiply:",
        "Forward Pass:",
        f"Score: {record['normalized_metrics']['score']:.0f}/100",
        "Setup verified and working!",
        f"Saved: .tito/benchmarks/{path.name}",
        f"{_native.supported_targets()[0]} kernels, NumPy ",
    ):
        assert shown in done.stdout
    assert done.stdout.count("Project:") == 1
    assert "\x1b" not in done.stdout
    assert submissions(project) == []  # nobody could be asked


def test_the_record_has_what_was_measured_and_nothing_personal(
    baseline: Baseline, project: Path, clean_environ: Mapping[str, str]
) -> None:
    baseline("--subject", "numpy", "--rounds", "3")
    (path,) = records(project)
    data = path.read_bytes()
    record = json.loads(data)
    assert record["schema"] == 1
    assert record["subject"]["name"] == "numpy"
    assert [op["name"] for op in record["operations"]] == OPERATIONS
    for op in record["operations"]:
        assert op["failure"] is None
        assert op["rounds_kept"] + op["rounds_dropped"] == 3 == len(op["samples"]["kept"])
        assert op["reference_ns"] == pytest.approx(
            op["native_ns"] + op["dispatch_calls"] * op["dispatch_ns"]
        )
    assert [op["name"] for op in record["operations"] if not op["scored"]] == ["mlp_batch_1"]
    assert encode_record(decode_record(data)) == data
    text = data.decode()
    for personal in (
        str(Path.home()),
        clean_environ["HOME"],
        str(project),
        f"/{getpass.getuser()}",
    ):
        assert personal not in text
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_json_is_one_document_and_the_file_of_output_is_the_same(
    baseline: Baseline, project: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "result.json"
    done = baseline("--subject", "numpy", "--json", "--output", str(copy))
    assert done.returncode == 0
    (path,) = records(project)
    assert done.stdout.encode() == path.read_bytes() == copy.read_bytes()
    assert "Baseline Benchmark" in done.stderr


def test_project_says_where_the_record_goes(
    baseline: Baseline, project: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = baseline("--subject", "numpy", "--project", str(project), cwd=elsewhere)
    assert done.returncode == 0
    assert f"Project: {project} (--project)" in done.stdout
    assert len(records(project)) == 1
    assert list(elsewhere.iterdir()) == []


def test_no_time_at_all_is_said_and_fails(baseline: Baseline) -> None:
    done = baseline("--subject", "numpy", "--time-budget", "0.0001")
    assert done.returncode == 1
    assert "Score: none" in done.stdout
    assert "allow more with --time-budget" in " ".join(done.stdout.split())


@pytest.mark.parametrize("target", ["sse2", "portable", "neon"])
def test_a_kernel_target_can_be_forced_and_is_recorded(
    target: str, baseline: Baseline, saved_record: Callable[[], dict[str, Any]]
) -> None:
    done = baseline("--subject", "numpy", environ={"TITO_KERNELS_TARGET": target})
    if target in _native.supported_targets():
        assert done.returncode == 0
        assert f"{target} kernels, NumPy " in done.stdout
        record = saved_record()
        assert record["system_info"]["runtime"]["kernel_target"] == target
        _check_the_choice(target, record)
    else:
        assert done.returncode == 1
        assert f"kernel target '{target}' is" in done.stderr


def _check_the_choice(target: str, record: dict[str, Any]) -> None:
    """Held to plain C, the kernel is no reference beside any optimised BLAS."""
    chosen = {
        op["name"]: (op["native_reference"], op["kernel_to_blas"]) for op in record["operations"]
    }
    assert chosen["add_100x100"] == ("kernel", None)
    if record["system_info"]["blas_problem"] is None:
        assert chosen["matmul_256"][1] > 0
    if target == "portable" and record["system_info"]["runtime"]["blas"] == "openblas":
        assert chosen["matmul_256"][0] == "blas"


# -- words that are wrong --------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--subject", "torch"], "invalid choice: 'torch'"),
        (["--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["--rounds", "0"], "'0' is not a whole number from 1 to 10000"),
        (["--time-budget", "nan"], "'nan' is not a number of seconds"),
        (["--submit", "--skip-submit"], "not allowed with argument"),
    ],
)
def test_a_wrong_word_is_a_usage_error(
    words: list[str], complaint: str, baseline: Baseline, project: Path
) -> None:
    done = baseline(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
    assert list(project.iterdir()) == []


def test_an_unknown_kernel_target_is_one_line(baseline: Baseline, project: Path) -> None:
    done = baseline(environ={"TITO_KERNELS_TARGET": "avx1024"})
    assert done.returncode == 1
    assert done.stdout == ""
    supported = ", ".join(_native.supported_targets())
    assert done.stderr == (
        "tito-bench: error: TITO_KERNELS_TARGET: kernel target 'avx1024' is unknown; "
        f"supported here: {supported}\n"
    )
    assert list(project.iterdir()) == []


@pytest.mark.parametrize("place", ["folder", "in-a-file", "in-nothing", "device"])
def test_output_that_cannot_be_written_fails_before_the_run(
    place: str, baseline: Baseline, project: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    path = {
        "folder": tmp_path,
        "in-a-file": file / "result.json",
        "in-nothing": tmp_path / "nothing" / "result.json",
        "device": Path(os.devnull),
    }[place]
    done = baseline("--output", str(path))
    assert done.returncode == 1
    assert "Baseline Benchmark" not in done.stdout
    assert done.stderr.startswith(f"tito-bench: error: cannot write {path}: ")
    assert done.stderr.count("\n") == 1
    assert list(project.iterdir()) == []


# -- disks that do not take the record -------------------------------------------


def test_a_file_where_the_folder_should_be(baseline: Baseline, project: Path) -> None:
    (project / ".tito").write_text("mine")
    done = baseline("--subject", "numpy")
    assert done.returncode == 1
    assert "Score: " not in done.stdout  # said before it is measured
    (line,) = done.stderr.splitlines()
    assert line.startswith("tito-bench: error: cannot write")
    assert "a file is where a folder should be" in line
    assert (project / ".tito").read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="/sys takes no folders, not even from root")
def test_a_disk_that_takes_nothing(baseline: Baseline) -> None:
    done = baseline("--subject", "numpy", "--project", "/sys", "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("cannot write /sys/.tito") == 1


@pytest.mark.skipif(os.name != "posix", reason="ulimit")
def test_a_disk_that_is_full_half_way_leaves_nothing(
    clean_environ: Mapping[str, str], project: Path
) -> None:
    words = [sys.executable, "-m", "tito_bench", *SHORT]
    environ = {k: v for k, v in clean_environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *words],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Score: " in done.stdout
    assert "File too large" in done.stderr
    assert records(project) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_one_line(
    clean_environ: Mapping[str, str], project: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tito_bench", *SHORT],
            cwd=project,
            env={**clean_environ, "PYTHONUNBUFFERED": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "tito-bench: error: standard output: No space left on device\n"
    assert len(records(project)) == 1


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_reader_who_leaves_is_no_error_to_talk_about(
    form: list[str], clean_environ: Mapping[str, str], project: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "tito_bench", *SHORT, *form],
        cwd=project,
        env={**clean_environ, "PYTHONUNBUFFERED": ""},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if "Project: " not in line] == []
    assert len(records(project)) == 1


# -- what a terminal can show ----------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_old_console_gets_plain_letters(encoding: str, baseline: Baseline) -> None:
    environ = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COLUMNS": "40"}
    done = baseline("--subject", "numpy", environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[ok] Setup verified" in done.stdout
    assert "   * Score: " in done.stdout
    assert done.stdout.isascii()
    assert "?" not in done.stdout
    saved = next(line for line in done.stdout.splitlines() if line.startswith(".tito/"))
    assert saved.endswith(".json")  # a path stays whole
    lines = [line for line in done.stdout.splitlines() if "/" not in line]
    assert max(map(len, lines)) <= 40


def test_a_name_that_the_console_cannot_spell_is_no_reason_to_fail(
    baseline: Baseline, tmp_path: Path
) -> None:
    folder = tmp_path / "Łódź"
    folder.mkdir()
    environ = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = baseline("--subject", "numpy", "--project", str(folder), environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert "/??d? (--project)" in done.stdout


# -- submissions -------------------------------------------------------------------


def test_submit_prepares_a_submission_and_says_that_it_stays_here(
    baseline: Baseline, project: Path
) -> None:
    done = baseline("--subject", "numpy", "--submit")
    assert done.returncode == 0
    (path,) = submissions(project)
    submission = json.loads(path.read_bytes())
    (record,) = (json.loads(found.read_bytes()) for found in records(project))
    assert submission["normalized_metrics"]["score"] == record["normalized_metrics"]["score"]
    assert submission["system_info"] is None
    assert f".tinytorch/submissions/{path.name}\nNothing left this machine.\n" in done.stdout
