"""How many streams one process holds: memory of each, and how long an event takes to all.

    python benchmarks/streams.py [--streams 5000] [--rounds 5] [--postgresql]

The server is a process of its own, on PostgreSQL two that share the streams; resident memory is
read before and after they are open. An event to all is a release, which is asked of the first
process and committed there; its time is until each reader has read it, by the readers' process.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import signal
import sys
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from machine import machine
from served import empty_database, served

from tito_bench_server.members.account import key_digest
from tito_bench_server.store.database import open_database
from world import CODE, add_members

_A_MEMBER = 3
_AT_ONCE = 100


async def _open(base: str, key: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=4096)
    request = (
        f"GET /c/{CODE}/api/community/events HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {key}\r\n\r\n"
    )
    writer.write(request.encode())
    await reader.readuntil(b'data: {"inbox":0}\n\n')
    return reader, writer


async def _until_event(reader: asyncio.StreamReader) -> float:
    await reader.readuntil(b'data: {"release"')
    return time.perf_counter()


async def _measure(bases: list[str], keys: list[str], pids: list[int], rounds: int) -> None:
    servers = [psutil.Process(pid) for pid in pids]
    warm = [await _open(base, key) for base in bases for key in keys[:3]]
    for _, writer in warm:
        writer.close()
    await asyncio.sleep(1)
    before = sum(server.memory_info().rss for server in servers)
    readers: list[asyncio.StreamReader] = []
    places = list(enumerate(keys))
    for start in range(0, len(keys), _AT_ONCE):
        opened = await asyncio.gather(
            *(_open(bases[n % len(bases)], key) for n, key in places[start : start + _AT_ONCE])
        )
        readers += [reader for reader, _ in opened]
        warm += opened
    await asyncio.sleep(1)
    kib = (sum(server.memory_info().rss for server in servers) - before) / len(keys) / 1024
    where = "one process" if len(bases) == 1 else f"{len(bases)} processes"
    print(f"{len(keys)} streams in {where}: {kib:.1f} KiB each")
    host, port = urlsplit(bases[0]).hostname, urlsplit(bases[0]).port
    for _ in range(rounds):
        waits = [asyncio.ensure_future(_until_event(reader)) for reader in readers]
        begun = time.perf_counter()
        trigger_reader, trigger = await asyncio.open_connection(host, port)
        trigger.write(b"POST /say HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        await trigger_reader.readline()
        times = sorted(one - begun for one in await asyncio.gather(*waits))
        trigger.close()
        p50, p99 = (times[int(len(times) * share)] for share in (0.5, 0.99))
        print(f"an event to all: p50 {p50:.2f} s, p99 {p99:.2f} s, last {times[-1]:.2f} s")
    begun = time.perf_counter()
    for server in servers:
        server.send_signal(signal.SIGTERM)
    for server in servers:
        await asyncio.to_thread(server.wait, 30)
    print(f"SIGTERM to the end with all streams open: {time.perf_counter() - begun:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    files = 2 * options.streams + 500
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    )
    print(machine())
    with ExitStack() as stack:
        url = stack.enter_context(empty_database(postgresql=options.postgresql))
        servers = [stack.enter_context(served(url)) for _ in range(2 if options.postgresql else 1)]
        bases = [base for base, _ in servers]
        pids = [process.pid for _, process in servers]
        # Each process takes three streams of a member, and gets every second stream.
        members = -(-options.streams // _A_MEMBER)
        keys = [f"tbk_{number:043d}" for number in range(members)]
        database = open_database(url)
        people = [{"key_digest": key_digest(key)} for key in keys]
        add_members(database, people, joined=date(2026, 11, 1))
        database.close()
        wanted = [key for key in keys for _ in range(_A_MEMBER)][: options.streams]
        asyncio.run(_measure(bases, wanted, pids, options.rounds))


if __name__ == "__main__":
    main()
