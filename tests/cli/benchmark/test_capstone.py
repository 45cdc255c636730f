"""`tito-bench benchmark capstone` as a command."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packages.build import build_package, build_unrelated

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def capstone(run_cli: Run) -> Run:
    def run(*words: str, **how: Any) -> "subprocess.CompletedProcess[str]":
        return run_cli("benchmark", "capstone", *words, **how)

    return run


def test_json_is_one_document_and_the_record_is_saved(
    capstone: Run, project: Path, saved_record: Callable[[], dict[str, Any]]
) -> None:
    build_package(project, "E2", 3, prints=True)
    done = capstone("--time-budget", "4", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == saved_record()
    assert found["kind"] == "capstone"
    assert found["normalized_metrics"]["tracks_measured"] == 3
    assert "(of 3 of 4 tracks)" in done.stderr
    assert (project / ".tito" / "benchmarks").is_dir()


def test_a_submission_is_prepared_on_request(capstone: Run, project: Path) -> None:
    build_package(project, "E5")
    done = capstone("--track", "compression", "--quick", "--submit", "--output", "out.json")
    assert done.returncode == 0, done.stderr
    (path,) = (project / ".tinytorch" / "submissions").iterdir()
    submission = json.loads(path.read_text())
    assert submission["benchmark"] == "capstone"
    assert submission["normalized_metrics"]["overall"] > 90
    assert json.loads((project / "out.json").read_text())["kind"] == "capstone"


def test_without_a_package_it_says_where_it_looked(capstone: Run) -> None:
    done = capstone("--quick")
    assert done.returncode == 1
    assert "no TinyTorch package: looked for" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unrelated_project_of_the_name_is_refused(
    capstone: Run, tmp_path: Path, project: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    build_unrelated(site)
    done = capstone("--package", str(site / "tinytorch"))
    assert done.returncode == 1
    assert "no TinyTorch package" in done.stderr
    assert not (project / ".tito").exists()


def test_a_failing_own_model_leaves_the_tracks(
    capstone: Run, project: Path, saved_record: Callable[[], dict[str, Any]]
) -> None:
    build_package(project, "E5")
    (project / "own.py").write_text("def model():\n    raise RuntimeError('broken')\n")
    words = ("--track", "accuracy", "--quick", "--model", "own.py:model", "--input-shape", "1x64")
    done = capstone(*words)
    assert done.returncode == 1
    assert "your own model: own.py:2: RuntimeError: broken" in done.stdout
    assert saved_record()["normalized_metrics"]["tracks"]["accuracy"] == 100.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--track", "all-of-it"), "invalid choice"),
        (("--model", "own.py"), "write it as FILE.py:FACTORY"),
        (("--model", "absent.py:model", "--input-shape", "1x4"), "there is no file absent.py"),
        (("--model", "own.py:model"), "--model needs --input-shape"),
        (("--model", "own.py:model", "--input-shape", "4"), "is not the shape of a batch"),
        (("--model", "own.py:model", "--input-shape", "9999x9999x9"), "is not the shape"),
        (("--model", "own.py:model", "--data", "no.npz"), "there is no file no.npz"),
        (("--optimized", "own.py:model"), "--optimized needs --model"),
        (("--time-budget", "0"), "is not a number of seconds"),
    ],
)
def test_a_wrong_word_is_told_at_once(
    capstone: Run, project: Path, words: tuple[str, ...], said: str
) -> None:
    (project / "own.py").write_text("def model(): pass\n")
    done = capstone(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (project / ".tito").exists()


def test_a_submission_of_module_20_is_checked(capstone: Run, project: Path) -> None:
    file = project / "submission.json"
    file.write_text(json.dumps({"submission_type": "capstone_benchmark", "baseline": []}))
    done = capstone("--check", "submission.json")
    assert done.returncode == 1
    assert "submission.json: baseline is missing or not an object" in done.stdout
    answer = json.loads(capstone("--check", "submission.json", "--json").stdout)
    assert answer["valid"] is False
    assert {"where": "system_info", "what": "is missing or not an object"} in answer["problems"]
    assert capstone("--check", "absent.json").returncode == 1
    file.write_text('{"a": NaN}')
    done = capstone("--check", "submission.json")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


# -- the submission of module 20 -----------------------------------------------------------------

OWN = """
import numpy as np
from tinytorch.core.tensor import Tensor
W = np.eye(4, dtype=np.float32) + 0.01
def slow():
    class Model:
        def __init__(self):
            self.weight = Tensor(W)
        def forward(self, x):
            return Tensor(sum(x.data @ self.weight.data for _ in range(9)))
    return Model()
def fast():
    class Model:
        def __init__(self):
            self.own = Tensor(np.sign(W - 0.5))
        def forward(self, x):
            return Tensor(x.data @ self.own.data)
    return Model()
"""


def test_a_submission_of_module_20_is_written_of_what_was_measured(
    capstone: Run, project: Path
) -> None:
    build_package(project, "E5")
    done = capstone("--track", "compression", "--time-budget", "4", "--submission", "s.json")
    assert done.returncode == 0, done.stderr
    assert "Written for module 20: s.json" in done.stdout
    for event in ("latency_sprint", "memory_challenge", "all_around", "extreme_push"):
        assert f"{event}: mlp qualifies" in done.stdout
    found = json.loads((project / "s.json").read_text())
    metrics = found["baseline"]["metrics"]
    assert (found["baseline"]["model_name"], metrics["parameter_count"]) == ("mlp", 2410)
    assert metrics["accuracy"] > 0.9
    assert capstone("--check", "s.json").returncode == 0
    assert str(project) not in (project / "s.json").read_text()


def test_a_submission_of_two_own_models(capstone: Run, project: Path) -> None:
    build_package(project, "E5")
    (project / "own.py").write_text(OWN)
    labels = np.arange(40) % 4
    np.savez(project / "d.npz", x=np.eye(4, dtype=np.float32)[labels], y=labels)
    models = ("--model", "own.py:slow", "--optimized", "own.py:fast", "--data", "d.npz")
    words = ("--track", "compression", "--time-budget", "4", "--submission", "s.json")
    done = capstone(*words, *models)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "latency_sprint: own.py:fast qualifies" in done.stdout
    found = json.loads((project / "s.json").read_text())
    assert found["optimized"]["model_name"] == "own.py:fast"
    assert found["improvements"]["accuracy_delta"] == 0.0
    assert capstone("--check", "s.json").returncode == 0


def test_without_the_module_that_it_needs_no_submission_is_written(
    capstone: Run, project: Path
) -> None:
    build_package(project, "E5", 2)
    (project / "s.json").write_text("mine")
    words = ("--track", "compression", "--time-budget", "3", "--submission", "s.json")
    done = capstone(*words)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "tito-bench: error: no s.json was written: module 03 layers: Linear not found"
    )
    assert (project / "s.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--submission", "s.json", "--check", "s.json"), 2, "--check measures nothing"),
        (("--submission", "s.json", "--output", "s.json"), 2, "name the same file"),
        (("--submission", "no/where/s.json"), 1, "cannot write no/where/s.json"),
        (("--submission", "."), 1, "it is a folder; name a file"),
        (
            ("--submission", "s.json", "--model", "own.py:slow", "--input-shape", "1x4"),
            2,
            "--submission of --model needs --data",
        ),
    ],
)
def test_bad_words_about_a_submission_are_one_line_before_anything_is_measured(
    words: tuple[str, ...], status: int, said: str, capstone: Run, project: Path
) -> None:
    (project / "own.py").write_text(OWN)
    done = capstone(*words)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "s.json").exists()
