"""Ctrl-C, and the system's ways to end a command, in the middle of a measurement."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and named pipes of POSIX")

# Says that it was reached, and keeps the pipe open for as long as the process lives.
REACHED = """
import threading
def _reached(self, other):
    if self.data.size > 50:
        pipe = open({fifo!r}, "w")
        pipe.write("reached")
        pipe.flush()
        threading.Event().wait()
    return Tensor(self.data @ other.data)
Tensor.__matmul__ = _reached
"""


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "\ntito-bench: interrupted\n"),
        (signal.SIGTERM, 128 + signal.SIGTERM, ""),
        (signal.SIGHUP, 128 + signal.SIGHUP, ""),
    ],
)
def test_an_end_in_the_middle_leaves_no_file_and_no_process(
    number: signal.Signals,
    status: int,
    said: str,
    project: Path,
    tmp_path: Path,
    student: Callable[..., Path],
    clean_environ: Mapping[str, str],
) -> None:
    fifo = tmp_path / "reached"
    os.mkfifo(fifo)
    student({"tensor": REACHED.format(fifo=str(fifo))})
    with subprocess.Popen(
        [sys.executable, "-m", "tito_bench", "benchmark", "baseline", "--quick"],
        cwd=project,
        env=clean_environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # nohup, or a shell that starts jobs in the background, would have them ignored.
        preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (signal.SIGINT, number)],
    ) as command:
        with fifo.open() as pipe:  # opens once the student's operation runs
            assert pipe.read(len("reached")) == "reached"
            command.send_signal(number)
            # The end of the file comes when the last process that wrote is gone.
            assert pipe.read() == ""
        out, err = command.communicate(timeout=20)
    assert (command.returncode, err) == (status, said)
    assert "Score" not in out
    assert not (project / ".tito").exists()
