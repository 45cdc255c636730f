"""A real server on loopback: in a thread, or as the process that an operator starts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from world import World, profile_body

__all__ = ["Running", "command", "kill_under_load", "running_process", "serving"]


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


def kill_under_load(cwd: Path, after: int, accepted: list[uuid.UUID]) -> None:
    """Start it, and kill it once it accepted so many more members of those that four send."""
    with running_process(cwd) as running:
        over = threading.Event()
        senders = [
            threading.Thread(target=_send, args=(running.courses[0], over, accepted))
            for _ in range(4)
        ]
        for sender in senders:
            sender.start()
        before = len(accepted)
        while len(accepted) < before + after:
            time.sleep(0.002)
        running.kill()
        over.set()
        for sender in senders:
            sender.join()


def _send(course: str, over: threading.Event, accepted: list[uuid.UUID]) -> None:
    with httpx.Client(trust_env=False) as client:
        while not over.is_set():
            identifier = uuid.uuid4()
            headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
            body = json.dumps(profile_body(identifier)).encode()
            try:
                answer = client.post(f"{course}/api/community/join", content=body, headers=headers)
            except httpx.HTTPError:
                return  # killed
            if answer.status_code == 202:
                accepted.append(identifier)


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "CI"}
