"""Commands that are ended from outside: no stack trace, whenever it happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from tito_bench.cli.signals import ended_by_signals

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

_AS_IMPORT = compile(
    "signal.raise_signal(number); forgotten = False", "<frozen importlib._bootstrap>", "exec"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_within_an_import_comes_after_it(number: signal.Signals) -> None:
    """In a callback of the import system an exception is printed, and the end forgotten."""
    told = {"signal": signal, "number": number}

    def run() -> None:
        with ended_by_signals():
            exec(_AS_IMPORT, told)  # noqa: S102
            threading.Event().wait(30)

    # nohup, or a shell that starts jobs in the background, would have it ignored.
    default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, default)
    try:
        with pytest.raises((SystemExit, KeyboardInterrupt)) as ended:
            run()
    finally:
        signal.signal(number, before)
    assert told["forgotten"] is False
    if number != signal.SIGINT:
        assert ended.value.code == 128 + number


def test_what_is_ignored_stays_ignored() -> None:
    """As nohup asks for it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


_SIGNALLED = """
import signal, sys
signal.signal(signal.{name}, {before})
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.{name})
sys.meta_path.insert(0, Finder())
import runpy
sys.argv = ["tito-bench", "benchmark", "history"]
runpy.run_module("tito_bench", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    "module",
    [
        "argparse",
        "tito_bench.cli.main",
        "tito_bench.cli.benchmark",
        "tito_bench.cli.benchmark.history",
        "tito_bench.cli.streams",
        "tito_bench.records.read",
        "rich",
    ],
)
def test_no_stack_trace_while_modules_load(
    name: str, module: str, project: Path, clean_environ: Mapping[str, str]
) -> None:
    # nohup, or a shell that starts jobs in the background, would have them ignored.
    before = "signal.default_int_handler" if name == "SIGINT" else "signal.SIG_DFL"
    code = _SIGNALLED.format(module=module, name=name, before=before)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env=clean_environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    number = getattr(signal, name)
    assert done.returncode in {-number, 128 + number}
