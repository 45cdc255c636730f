"""Code that turns on the processes: its parent, its children, its channel, its own files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from cheating import dedented, measure, reasons, write_package

from tito_bench.cli.streams import utc_now
from tito_bench.measure.schedule import Budget
from tito_bench.runs.baseline import measure_baseline

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no fork and no signals")

TO_PARENT = """
import os, signal
def _signals(self, other):
    os.kill(os.getppid(), signal.{name})
    return Tensor._of(self.data * other.data)
Tensor.__mul__ = _signals
"""
DAEMON = """
import os, time
def _daemon(self, other):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    os.wait()
    {then}
    return Tensor._of(self.data * other.data)
Tensor.__mul__ = _daemon
"""


def run_command(project: Path) -> tuple[dict[str, object], int]:
    """The record that the real command prints and saves, and its exit code."""
    words = ("baseline", "--quick", "--rounds", "3", "--json", "--skip-submit")
    result = subprocess.run(
        [sys.executable, "-m", "tito_bench", "benchmark", *words, "--project", str(project)],
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )
    assert b"Traceback" not in result.stderr
    assert len(list((project / ".tito" / "benchmarks").glob("*.json"))) == 1
    document: dict[str, object] = json.loads(result.stdout)
    return document, result.returncode


def processes_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cwd", "status"]):
        cwd = process.info["cwd"]
        if cwd and process.info["status"] != psutil.STATUS_ZOMBIE and Path(cwd) == folder:
            found.append(process)
    return found


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGSTOP", "SIGKILL"])
def test_a_signal_to_the_parent_costs_no_record(name: str, tmp_path: Path) -> None:
    write_package(tmp_path, TO_PARENT.format(name=name))
    record, exit_code = run_command(tmp_path)
    lost = name == "SIGKILL"  # then the worker ends with its guard
    assert exit_code == (1 if lost else 0)
    operations = record["operations"]
    assert isinstance(operations, list)
    failures = {op["name"]: op["failure"]["kind"] for op in operations if op["failure"]}
    failed = [name for name, kind in failures.items() if kind != "missing"]
    assert failed == (["mul_100x100"] if lost else [])
    assert processes_in(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands on orphans")
@pytest.mark.parametrize("then", ["pass", "os.kill(os.getppid(), 9)"])
def test_a_daemon_is_found_and_ended(then: str, tmp_path: Path) -> None:
    started = time.monotonic()
    record = measure(tmp_path, DAEMON.format(then=then), Budget(rounds=2, time_s=8.0, workers=1))
    assert record.verdict.status == "invalid", reasons(record)
    assert processes_in(tmp_path) == []
    assert time.monotonic() - started < 40.0  # and nobody waits for its end


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists children")
@pytest.mark.parametrize("ignored", [True, False])
def test_helpers_that_have_ended_by_then_are_seen(ignored: bool, tmp_path: Path) -> None:
    code = f"""
        import os, signal
        if {ignored}:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        def _helped(self, other):
            if os.fork() == 0:
                os._exit(0)
            return Tensor._of(self.data * other.data)
        Tensor.__mul__ = _helped
        """
    record = measure(tmp_path, dedented(code), Budget(rounds=2, sample_ns=100_000, workers=1))
    assert record.verdict.status == "invalid"
    assert "other_processes" in reasons(record)


INTO_THE_CHANNEL = """
import os, stat
def _floods(self, other):
    while True:
        for number in range(3, 16):
            try:
                if stat.S_ISFIFO(os.fstat(number).st_mode):
                    os.write(number, {what} * 65536)
            except OSError:
                pass
Tensor.__mul__ = _floods
"""


@pytest.mark.parametrize("what", ["b'x'", r"b'\n'"])
def test_a_flood_in_the_channel_ends_the_worker_and_not_us(what: str, tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    record = measure(tmp_path, INTO_THE_CHANNEL.format(what=what), Budget(rounds=1, workers=1))
    assert "mul_100x100 the measuring process did not give this answer" in reasons(record)
    assert psutil.Process().memory_info().rss - before < 500 * 2**20


CHANGING = {
    "deletes its module": "os.unlink(__file__)",
    "makes itself faster": "open(__file__, 'a').write('Tensor._slowly = None\\n')",
    "hangs when imported again": "open(__file__, 'a').write('import time; time.sleep(99)\\n')",
}


@pytest.mark.parametrize("case", CHANGING)
def test_all_workers_measure_the_same_code(case: str, tmp_path: Path) -> None:
    code = f"""
        import os
        calls = 0
        honest = Tensor._slowly
        def _changes(self, function, other):
            global calls
            calls += 1
            if calls == 30:
                {CHANGING[case]}
            return honest(self, function, other)
        Tensor._slowly = _changes
        """
    write_package(tmp_path, dedented(code))
    started = time.monotonic()
    whole = measure_baseline(
        tmp_path,
        subject="auto",
        package=None,
        budget=Budget(rounds=6, time_s=14.0, sample_ns=300_000, workers=3),
        environ=os.environ,
        now=utc_now,
        progress=lambda _progress: None,
    )
    assert time.monotonic() - started < 25.0
    assert whole.subject.name == "tinytorch"
    assert whole.verdict.status == "invalid"
    said = reasons(whole)
    assert "then no more" in said or "files of the package changed" in said
