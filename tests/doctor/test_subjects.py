"""What the doctor asks a worker, and what it makes of the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine.facts import RUNTIME
from tito_bench.doctor.subjects import PackageFacts, check_numpy, check_package
from tito_bench.errors import WorkerError
from tito_bench.measure.messages import Answer, Failed, Load, Loaded, Measured, Question
from tito_bench.note import Note

PROJECT = Path("/project")


class OneAnswer:
    """A worker that answers once, or raises."""

    def __init__(self, answer: Answer | WorkerError) -> None:
        self.answer = answer
        self.asked: list[Question] = []
        self.killed = 0

    def ask(self, question: Question, deadline_s: float) -> Answer:
        assert deadline_s > 0
        self.asked.append(question)
        if isinstance(self.answer, WorkerError):
            raise self.answer
        return self.answer

    def kill(self) -> int:
        self.killed += 1
        return 0


def _loaded(note: str | None = None) -> Loaded:
    return Loaded("tinytorch", "0.1.0", "t.py", {"Tensor": "t.py"}, "abc", note, RUNTIME)


def test_numpy_is_asked_of_a_worker_that_is_ended() -> None:
    worker = OneAnswer(_loaded())
    assert check_numpy(lambda: worker, PROJECT) == (RUNTIME, [])
    assert worker.asked == [Load.of("numpy", PROJECT)]
    assert worker.killed == 1


@pytest.mark.parametrize("answer", [Failed("raised", "no BLAS"), WorkerError("no BLAS")])
def test_without_a_worker_measuring_is_broken(answer: Answer | WorkerError) -> None:
    worker = OneAnswer(answer)
    expected = Note("no_worker", "breaks", "numpy", "no BLAS")
    assert check_numpy(lambda: worker, PROJECT) == (None, [expected])
    assert worker.killed == 1


def test_a_worker_that_cannot_be_started() -> None:
    def start() -> OneAnswer:
        raise WorkerError("no processes left")

    expected = Note("no_worker", "breaks", "numpy", "no processes left")
    assert check_numpy(start, PROJECT) == (None, [expected])


def test_an_answer_out_of_turn_is_no_answer() -> None:
    _, (finding,) = check_numpy(lambda: OneAnswer(Measured((), 0, 0)), PROJECT)
    assert finding.code == "no_worker"
    assert "Measured out of turn" in finding.value


def test_a_package_that_works() -> None:
    facts, findings = check_package(lambda: OneAnswer(_loaded()), PROJECT)
    assert facts == PackageFacts("0.1.0", "t.py", {"Tensor": "t.py"})
    assert findings == []


def test_a_package_of_which_parts_fail() -> None:
    facts, findings = check_package(lambda: OneAnswer(_loaded("layers.py:3: NameError")), PROJECT)
    assert facts is not None
    assert findings == [Note("package_problems", "info", "tinytorch", "layers.py:3: NameError")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Failed("missing", "none"), Note("no_package", "info", "tinytorch", "none")),
        (Failed("raised", "t.py:1"), Note("package_fails", "breaks", "tinytorch", "t.py:1")),
        (
            WorkerError("SIGSEGV"),
            Note(
                "package_fails", "breaks", "tinytorch", "importing your tinytorch failed: SIGSEGV"
            ),
        ),
    ],
)
def test_a_package_that_does_not(answer: Answer | WorkerError, expected: Note) -> None:
    assert check_package(lambda: OneAnswer(answer), PROJECT) == (None, [expected])
