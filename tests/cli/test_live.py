"""The progress line: there on a terminal, gone at the end, silent elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tito_bench.cli import live
from tito_bench.cli.live import live_progress
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
