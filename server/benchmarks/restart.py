"""How soon the server is ready after it is started, and the memory that it holds idle.

python benchmarks/restart.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from machine import machine

from serving import command, running_process


def main() -> None:
    print(machine())
    ready_s, idle_mib = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert command("init", cwd=folder).returncode == 0
        for _ in range(5):
            begun = time.monotonic()
            with running_process(folder) as running:
                while True:
                    try:
                        if httpx.get(f"{running.base}/readyz", trust_env=False).status_code == 200:
                            break
                    except httpx.ConnectError:
                        time.sleep(0.01)
                ready_s.append(time.monotonic() - begun)
                for path in ("map", "privacy", "api/community/about"):
                    httpx.get(f"{running.courses[0]}/{path}", trust_env=False)
                idle_mib.append(psutil.Process(running.process.pid).memory_info().rss / 2**20)
                running.stop()
    print(f"ready after {statistics.median(ready_s):.2f} s, at most {max(ready_s):.2f} s")
    print(f"idle memory {statistics.median(idle_mib):.0f} MiB, after its pages were asked for")


if __name__ == "__main__":
    main()
