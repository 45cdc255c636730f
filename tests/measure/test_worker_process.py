"""The parent's side of the worker: questions, deadlines, deaths."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tito_bench.measure.messages import (
    Failed,
    Load,
    Loaded,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Step,
)
from tito_bench.measure.worker_process import WorkerCrashed, WorkerProcess, WorkerTimeout

Start = Callable[[], WorkerProcess]


@pytest.fixture
def start(project: Path) -> Iterator[Start]:
    """Start workers that are ended after the test."""
    started = []

    def one() -> WorkerProcess:
        started.append(WorkerProcess(project, os.environ, memory_bytes=4 * 2**30, seed=1))
        return started[-1]

    yield one
    for worker in started:
        worker.kill()


def write_tensor(project: Path, code: str) -> Load:
    """A package whose tensor.py is `code`, and the question that imports it."""
    core = project / "tinytorch" / "core"
    core.mkdir(parents=True)
    for folder in (core, core.parent):
        (folder / "__init__.py").touch()
    (core / "tensor.py").write_text(code, encoding="utf-8")
    return Load.of("tinytorch", project)


def test_a_whole_conversation(start: Start, project: Path) -> None:
    with start() as worker:
        loaded = worker.ask(Load.of("numpy", project), 30)
        assert isinstance(loaded, Loaded)
        assert loaded.runtime.blas_threads in {1, None}
        assert isinstance(worker.ask(Prepare("add_100x100", 7), 30), Prepared)
        steps = Step("native", 1, 3), Step("subject", 0, 2), Step("dispatch", 0, 5)
        measured = worker.ask(Measure("add_100x100", 8, steps), 30)
        assert isinstance(measured, Measured)
        assert [reading.loops for reading in measured.readings] == [3, 2, 5]
        assert all(reading.wall_ns > 0 for reading in measured.readings)


def test_no_more_threads_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under `ulimit -u 6`, where the process itself could still be started."""
    others = set(psutil.Process().children())  # of other tests
    started: set[psutil.Process] = set()

    def start(_thread: threading.Thread) -> None:
        started.update(set(psutil.Process().children()) - others)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(WorkerCrashed, match="no more threads or processes are allowed"):
        WorkerProcess(project, os.environ, memory_bytes=2**31, seed=1)
    assert started
    assert not any(process.is_running() for process in started)


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("import os\nos._exit(5)", "exit code 5"),
        pytest.param(
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
            "SIGSEGV",
            marks=pytest.mark.skipif(os.name != "posix", reason="signals"),
        ),
    ],
)
def test_how_it_ended_is_told(start: Start, project: Path, code: str, ending: str) -> None:
    load = write_tensor(project, code)
    with start() as worker, pytest.raises(WorkerCrashed, match=f"ended.*with {ending}"):
        worker.ask(load, 30)


def test_killing_twice_is_fine(start: Start) -> None:
    worker = start()
    worker.kill()
    assert worker.kill() == 0


def test_a_deadline_ends_the_worker(start: Start, project: Path) -> None:
    worker = start()
    load = write_tensor(project, "import threading\nthreading.Event().wait()")
    with pytest.raises(WorkerTimeout, match="no answer within"):
        worker.ask(load, 1.0)
    assert not psutil.pid_exists(worker._process.pid)


@pytest.mark.skipif(os.name != "posix", reason="finds the descriptor of the pipe")
@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"nonsense\n", "it has no seal"),
        (b'0123456789abcdef {"type":"Failed","kind":"missing","reason":"x"}\n', "it has no seal"),
        (b"\xff\xfe\n", "it has no seal"),
    ],
)
def test_forged_answers_are_noticed(
    start: Start, project: Path, line: bytes, complaint: str
) -> None:
    load = write_tensor(
        project,
        "import os\n"
        "for number in range(3, 40):\n"
        "    try:\n"
        f"        os.write(number, {line!r})\n"
        "    except OSError:\n"
        "        pass\n",
    )
    with start() as worker, pytest.raises(WorkerCrashed, match=complaint):
        worker.ask(load, 30)


def test_what_it_prints_is_kept_up_to_a_limit_and_read_all_the_time(
    start: Start, project: Path
) -> None:
    load = write_tensor(
        project, "import sys\nfor i in range(20_000): print('line', i)\nsys.exit(1)"
    )
    with start() as worker:
        answer = worker.ask(load, 30)
        assert isinstance(answer, Failed)
    tail = worker.output_tail()
    assert len(tail.encode()) <= 16_384
    assert "line 19999\n" in tail


@pytest.mark.skipif(os.name != "posix", reason="forks")
@pytest.mark.parametrize("leaving", ["os.fork() and os._exit(0)", "os.setsid()"])
def test_what_the_code_forked_ends_with_it(start: Start, project: Path, leaving: str) -> None:
    """A grandchild is no descendant any more, a new session no member of the group."""
    fifo = project / "alive"
    os.mkfifo(fifo)
    load = write_tensor(
        project,
        "import os, threading\n"
        "if os.fork() == 0:\n"
        f"    {leaving}\n"
        f"    pipe = open({str(fifo)!r}, 'w')\n"
        "    pipe.write('alive')\n"
        "    pipe.flush()\n"
        "    threading.Event().wait()\n"
        "raise NameError('done')\n",
    )
    worker = start()
    seen: list[str] = []
    alive = threading.Event()

    def watch() -> None:
        with fifo.open() as pipe:
            seen.append(pipe.read(5))
            alive.set()
            seen.append(pipe.read())  # the end: nobody holds the pipe open any more

    reader = threading.Thread(target=watch, daemon=True)
    reader.start()
    assert isinstance(worker.ask(load, 30), Failed)
    assert alive.wait(20)
    worker.kill()
    reader.join(timeout=20)
    assert seen == ["alive", ""]


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel for it")
def test_a_worker_that_hangs_ends_with_a_killed_parent(project: Path) -> None:
    fifo = project / "alive"
    os.mkfifo(fifo)
    write_tensor(
        project,
        f"pipe = open({str(fifo)!r}, 'w')\npipe.write('alive')\npipe.flush()\nwhile True: pass",
    )
    command = [sys.executable, "-m", "tito_bench", "benchmark", "baseline"]
    words = ["--subject", "tinytorch", "--project", str(project)]
    parent = subprocess.Popen([*command, *words], stderr=subprocess.DEVNULL)
    with parent, fifo.open() as pipe:
        assert pipe.read(5) == "alive"
        parent.kill()
        assert pipe.read() == ""  # the end: nobody holds the pipe open any more


def test_it_reads_nothing_and_sees_no_project_first_on_its_path(
    start: Start, project: Path
) -> None:
    (project / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    load = write_tensor(project, "import sys\nraise NameError(repr(sys.stdin.read()))")
    with start() as worker:
        answer = worker.ask(load, 30)
    assert isinstance(answer, Failed)
    assert "NameError: ''" in answer.reason


def test_a_python_that_cannot_be_started_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(project / "no-python"))
    with pytest.raises(WorkerCrashed, match="cannot be started"):
        WorkerProcess(project, os.environ, memory_bytes=2**30, seed=1)
