"""A real server on loopback: in a thread, or as the process that an operator starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from world import World

__all__ = ["Running", "command", "running_process", "serving"]


@contextmanager
def serving(world: World) -> Iterator[str]:
    """Serve a world's app; the address without a course."""
    config = uvicorn.Config(world.app, port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
            assert thread.is_alive(), "the server did not start"
        (listener,) = server.servers[0].sockets
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def command(*words: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one command of tito-bench-server to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tito_bench_server", *words],
        cwd=cwd,
        env=_environ() | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Running:
    """`tito-bench-server run` as a process of its own."""

    def __init__(self, process: subprocess.Popen[str], greeting: str) -> None:
        self.process = process
        self.greeting = greeting
        found = re.search(r"Listening on (\S+);", greeting)
        assert found is not None, greeting
        self.base = found[1]
        addresses = re.findall(rf"{re.escape(self.base)}/c/[A-Z0-9-]+", greeting)
        self.courses = list(dict.fromkeys(addresses))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=30)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextmanager
def running_process(cwd: Path, *words: str) -> Iterator[Running]:
    """Start it on a free port and wait for what it prints when it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tito_bench_server", "run", "--port", "0", *words],
        cwd=cwd,
        env=_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if "community join" in line:
            break
    else:
        process.wait(timeout=30)
        raise AssertionError("".join(lines))
    try:
        yield Running(process, "".join(lines))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=30)
        process.stdout.close()


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "CI"}
