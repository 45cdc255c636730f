"""How many messages a second, group commit beside one transaction a message, in one run.

    python benchmarks/load.py [--seconds 4] [--rounds 3]

Needs wrk. Servers are processes of their own on loopback; rounds of all of them are
interleaved, so that other work on the machine meets them alike. Every request is a new
member with a key of its own. They run on uvloop and httptools where these are installed, as the
hosting guide and the container have it, and it is printed. CPU is that of the server process
a request.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from machine import machine
from served import served

from postgres_cluster import ClusterMissing, running_cluster
from world import CODE, profile_body

_CONNECTIONS = 32
_WAYS = (
    ("group commit", 512),
    ("a transaction a message, in turn", 1),
    ("a transaction a message, in threads", 0),
)
_SCRIPT = """
math.randomseed(os.time() + %(seed)d)
local body = [==[%(body)s]==]
local function uuid()
  return (string.gsub("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx", "x", function()
    return string.format("%%x", math.random(0, 15)) end))
end
local function key()
  return (string.gsub(string.rep("x", 43), "x", function()
    return string.format("%%x", math.random(0, 15)) end))
end
request = function()
  return wrk.format("POST", "/c/%(code)s/api/community/join", {
    ["Content-Type"] = "application/json", ["Idempotency-Key"] = uuid(),
    ["Authorization"] = "Bearer tbk_" .. key(),
  }, (string.gsub(body, "@ID@", uuid())))
end
"""


@dataclass
class Server:
    """One server under load and what was measured of it, by round."""

    name: str
    base: str
    process: psutil.Process
    rates: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    failed: int = 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("needs wrk, which Debian has as a package")
    print(machine())
    fast = all(map(find_spec, ("uvloop", "httptools")))
    print("uvicorn on", "uvloop and httptools" if fast else "asyncio, without the extra `fast`")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"SQLite": lambda name: f"sqlite:///{folder / name}.db"}
        try:
            cluster = stack.enter_context(running_cluster())
            urls["PostgreSQL"] = lambda _name: cluster.new_database()
        except ClusterMissing as error:
            print(f"without PostgreSQL: {error}")
        servers = []
        for system, url in urls.items():
            for how, largest in _WAYS:
                base, process = stack.enter_context(served(url(f"db{largest}"), largest))
                servers.append(Server(f"{system}, {how}", base, psutil.Process(process.pid)))
        script = folder / "join.lua"
        for number in range(options.rounds):
            for server in servers:
                _round(server, script, options.seconds, number)
    print(f"{'store':48} {'messages/s':>12} {'p99 ms':>10} {'CPU ms':>8} {'failed':>7}")
    for server in servers:
        print(
            f"{server.name:48} {statistics.median(server.rates):12.0f} "
            f"{statistics.median(server.p99_ms):10.0f} {statistics.median(server.cpu_ms):8.3f} "
            f"{server.failed:7}"
        )
    for place in range(0, len(servers), len(_WAYS)):
        one = servers[place]
        for other in servers[place + 1 : place + len(_WAYS)]:
            rate = statistics.median(a / b for a, b in zip(one.rates, other.rates, strict=True))
            cpu = statistics.median(b / a for a, b in zip(one.cpu_ms, other.cpu_ms, strict=True))
            print(f"group commit beside {other.name}: {rate:.1f}x the rate, 1/{cpu:.1f} of the CPU")


def _round(server: Server, script: Path, seconds: int, number: int) -> None:
    body = json.dumps(profile_body() | {"anonymous_id": "@ID@"})
    seed = number * 1000 + hash(server.name) % 997
    script.write_text(_SCRIPT % {"seed": seed, "body": body, "code": CODE})
    before = server.process.cpu_times()
    done = subprocess.run(
        [
            *("wrk", "--latency", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"),
            *("-s", str(script), server.base),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    after = server.process.cpu_times()
    requests = int(re.search(r"(\d+) requests in", done)[1])
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    server.failed += int(refused[1]) if refused else 0
    server.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1]))
    server.p99_ms.append(float(p99[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]])
    cpu_s = after.user + after.system - before.user - before.system
    server.cpu_ms.append(1e3 * cpu_s / requests)


if __name__ == "__main__":
    main()
