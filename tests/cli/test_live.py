"""The progress line: there on a terminal, gone at the end, silent elsewhere."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from packages.terminal import read_to_end
from tito_bench.cli import live
from tito_bench.cli.live import TimeLeft, live_progress
from tito_bench.cli.streams import Streams
from tito_bench.measure.suite_runner import Progress


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Show progress at these times (in s) of a fake clock; what was written."""

    def run(out: io.StringIO, *at: float, term: str = "xterm", columns: str = "80") -> str:
        times = iter(at)
        now = 0.0
        monkeypatch.setattr(live.time, "monotonic", lambda: now)
        streams = Streams(io.StringIO(), out, out, {"TERM": term, "COLUMNS": columns}, Path())
        with live_progress(streams) as progress:
            for done, now in enumerate(times, 1):  # noqa: B007 - the clock reads it
                progress(Progress("matmul_256", done, 9))
        return out.getvalue()

    return run


def test_a_terminal_sees_the_operation(show: Callable[..., str]) -> None:
    assert "Measuring matmul 256" in show(Terminal(), 1.0)


def test_it_is_redrawn_at_most_ten_times_a_second(show: Callable[..., str]) -> None:
    often = show(Terminal(), *(1.0 + step / 1000 for step in range(100)))
    assert often.count("Measuring") == show(Terminal(), 1.0).count("Measuring")
    assert show(Terminal(), 1.0, 1.2).count("Measuring") > often.count("Measuring")


def test_forty_columns_are_enough(show: Callable[..., str]) -> None:
    lines = show(Terminal(), 1.0, columns="40").replace("\r", "\n").split("\n")
    assert any("Measuring matmul 256" in line for line in lines)


@pytest.mark.parametrize(("out", "term"), [(io.StringIO(), "xterm"), (Terminal(), "dumb")])
def test_no_terminal_or_a_dumb_one_sees_nothing(
    out: io.StringIO, term: str, show: Callable[..., str]
) -> None:
    assert show(out, 1.0, term=term) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
def test_it_moves_while_one_call_takes_long(clean_environ: Mapping[str, str]) -> None:
    """A real terminal and a real second and a half, in which nobody reports anything."""
    code = (
        "import time\n"
        "from tito_bench.cli.live import live_progress\n"
        "from tito_bench.cli.streams import Streams\n"
        "from tito_bench.measure.suite_runner import Progress\n"
        "with live_progress(Streams.of_process()) as progress:\n"
        "    progress(Progress('matmul_256', 0, 0))\n"
        "    time.sleep(1.8)\n"
    )
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**clean_environ, "TERM": "xterm", "COLUMNS": "80"},
    ):
        os.close(theirs)
        shown = read_to_end(ours).decode()
    drawn = [part for part in shown.split("\r") if "Calibrating matmul 256" in part]
    assert len(drawn) >= 2
    assert any(re.search(r"\b1 s\b", re.sub(r"\x1b\[[0-9;]*m", "", part)) for part in drawn)


def test_the_time_left_follows_from_the_rounds_that_are_over() -> None:
    left = TimeLeft()
    left.update(1, 11, 100.0)
    assert left.text(100.0) == ""
    left.update(6, 11, 110.0)  # five in ten seconds, six to come
    assert left.text(110.0) == "12 s left"
    assert left.text(118.0) == "4 s left"
    assert left.text(130.0) == ""


def test_rounds_that_begin_anew_are_another_estimate() -> None:
    left = TimeLeft()
    left.update(1, 11, 0.0)
    left.update(11, 11, 100.0)
    left.update(1, 11, 110.0)
    assert left.text(110.0) == ""
    left.update(0, 0, 111.0)
    assert left.text(111.0) == ""
    left.update(2, 11, 112.0)
    assert left.text(112.0) == ""
