"""Commands that are killed anywhere, and answers that are lost: nothing is lost, half or twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from records.made_record import made_record, save_record
from robustness.commands import (
    QUICK_BASELINE,
    Kill,
    Outcome,
    Ran,
    Sandbox,
    fault,
    quick_client,
)
from robustness.servers import HEALTHY, Server

__all__ = ["VERBS", "try_kills", "try_lost_answers"]

_NAMES = {"ke": "Kenya", "ch": "Switzerland", "de": "Germany", "jp": "Japan", "br": "Brazil"}
_COUNTRIES = tuple(_NAMES)
_EVENTS = 400
"""More than a command of `community` has."""
_WORKERS_LEFT_S = 10.0
_LOSING = (
    HEALTHY, HEALTHY, HEALTHY, "closed at once", "closed after it had its effect",
    "reset after it had its effect", "half a status line", "half a document", "an empty success",
    "shorter than it said", "503 with a page", "404 with a page", "429 with a problem",
    "a login page as success",
)  # fmt: skip


def _some_kill(rng: random.Random, longest_s: float) -> Kill:
    """At any time, or at any of its calls of the system: these are what a state is made of."""
    if rng.random() < 0.5:
        return Kill(after_s=rng.uniform(0, longest_s))
    return Kill(at_event=min(rng.randrange(1, _EVENTS), rng.randrange(1, _EVENTS)))


def _half(box: Sandbox) -> str | None:
    """Name a file of the state that is none, or what was set aside as such."""
    for path in box.project.rglob("*"):
        if path.name.endswith(".corrupt"):
            return f"{path.name} was set aside"
        if path.name.endswith(".json") and path.is_file():
            try:
                json.loads(path.read_bytes())
            except ValueError:
                return f"{path.name} is half"
    return None


def _profile(box: Sandbox) -> dict[str, Any]:
    path = box.project / ".tinytorch" / "community" / "profile.json"
    found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def _country(box: Sandbox) -> str | None:
    return _profile(box).get("location", {}).get("country")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.json")}


def _added(
    before: Mapping[str, bytes], after: Mapping[str, bytes], ran: Ran, kind: str
) -> str | None:
    """Say so where a file of an earlier run is gone or another, or this run's is not there."""
    if not before.items() <= after.items():
        return f"an earlier {kind} is lost"
    new = len(after) - len(before)
    if new != 1 if ran.status == 0 else new > 1:
        return f"{new} new {kind}s, exit {ran.status}"
    return None


def _kill_join(box: Sandbox, rng: random.Random, longest_s: float) -> str | None:
    words = ("community", "join", "--country", rng.choice(_COUNTRIES), "--share")
    ran = box.run(*words, kill=_some_kill(rng, longest_s))
    if ran.status == 0 and _country(box) is None:
        return "it said that it had joined"
    again = box.run(*words)
    wrong = fault(again, words, frozenset({0})) or _half(box)
    if wrong is None and _country(box) is None:
        wrong = "joining again joins nobody"
    ignored = box.project / ".tinytorch" / "community" / ".gitignore"
    if wrong is None and not ignored.exists():
        wrong = "the profile can be published unseen: there is no .gitignore"
    box.restore({})
    return wrong


def _kill_update(box: Sandbox, rng: random.Random, longest_s: float) -> str | None:
    if _country(box) is None:
        box.do("community", "join", "--country", "us")
    before = _profile(box)
    country = rng.choice(_COUNTRIES)
    ran = box.run("community", "update", "--country", country, kill=_some_kill(rng, longest_s))
    wrong = _half(box)
    if wrong:
        return wrong
    after, shown = _profile(box), json.loads(box.do("community", "profile", "--json").out)
    if shown["profile"] != after:
        return "the profile that is shown is another"
    if {**before, "location": after["location"]} != after:
        return "something else of the profile has changed"
    if ran.status == 0 and _NAMES[country] != after["location"]["country"]:
        return "an update that ended well is lost"
    return None


def _kill_submit(box: Sandbox, rng: random.Random, longest_s: float) -> str | None:
    records, folder = (
        box.project / ".tito" / "benchmarks",
        box.project / ".tinytorch" / "submissions",
    )
    if not records.exists():
        save_record(records, made_record())
    before = _contents(folder)
    ran = box.run("community", "submit", "latest", kill=_some_kill(rng, longest_s))
    return _half(box) or _added(before, _contents(folder), ran, "submission")


def _kill_baseline(box: Sandbox, rng: random.Random, longest_s: float) -> str | None:
    """Kill a process of its own; its worker, and what that started, are left to themselves."""
    folder = box.project / ".tito" / "benchmarks"
    before = _contents(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "tito_bench", *QUICK_BASELINE, "--skip-submit"],
        cwd=box.project, env=box.environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        process.wait(rng.uniform(0, longest_s))
    except subprocess.TimeoutExpired:
        process.kill()
    ran = Ran(process.wait(), b"", b"")
    return _left_of(process.pid) or _half(box) or _added(before, _contents(folder), ran, "record")


def _left_of(session: int) -> str | None:
    """Wait for the processes of a session to end; name one that does not."""
    until = time.monotonic() + _WORKERS_LEFT_S
    while True:
        left = [one for one in psutil.pids() if _session_of(one) == session]
        if not left:
            return None
        if time.monotonic() > until:
            return f"{len(left)} processes are left after {_WORKERS_LEFT_S:.0f} s"
        time.sleep(0.02)


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


_KILLED: Mapping[str, Callable[[Sandbox, random.Random, float], str | None]] = {
    "join": _kill_join,
    "update": _kill_update,
    "submit": _kill_submit,
    "baseline": _kill_baseline,
}
VERBS = (*_KILLED, "sync")


def try_kills(verb: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Kill a verb `count` times, each time somewhere else within the time that it takes here."""
    if verb == "sync":
        return _killed_syncs(root, count, rng, (HEALTHY,))
    box, outcome = Sandbox(root), Outcome()
    box.make()
    longest_s = 10.0
    for turn in range(count):
        started = time.monotonic()
        wrong = _KILLED[verb](box, rng, longest_s)
        if turn == 0:  # it was hardly killed within 10 s
            longest_s = 1.1 * (time.monotonic() - started)
        outcome.tried += 1
        if wrong:
            outcome.failed.append(f"{verb}, killed: {wrong} (try {turn})")
    if verb == "update":
        box.do("community", "update", "--country", "us")
        outcome.failed += [f"{path.name} is left" for path in box.project.rglob("*.tmp")]
    return outcome


def try_lost_answers(part: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Sync `count` times; half of the syncs are killed, and most answers are lost."""
    return _killed_syncs(root, count, rng, _LOSING)


def _killed_syncs(
    root: Path, count: int, rng: random.Random, behaviours: tuple[str, ...]
) -> Outcome:
    """Queue something new, sync somehow, and now and then well: each once in effect, in order."""
    box, outcome = Sandbox(root), Outcome()
    box.make()
    records = box.project / ".tito" / "benchmarks"
    with Server(root / "server") as server:
        box.connect(server.url)
        box.do("community", "join", "--country", "ke", "--share")
        queued = _queue(box)
        for turn in range(count):
            if turn % 2:
                box.do("community", "update", "--country", _COUNTRIES[turn // 2 % len(_COUNTRIES)])
            else:
                save_record(records, made_record(slowdown=1.5 + turn / 100))
                box.do("community", "submit", "latest", "--share")
            # Offered by a sync that reaches nobody, so that what waits can be read.
            server.behave("503 with a page")
            box.run("community", "sync", "--share", before=quick_client)
            queued |= _queue(box)
            server.behave(rng.choice(behaviours))
            kill = _some_kill(rng, 0.08) if rng.random() < 0.5 or len(behaviours) == 1 else None
            ran = box.run("community", "sync", before=quick_client, kill=kill)
            outcome.tried += 1
            wrong = _half(box)
            if kill is None:
                wrong = wrong or fault(ran, (), frozenset({0, 1}))
            if wrong is None and (turn % 10 == 9 or turn == count - 1):
                server.behave(HEALTHY)
                wrong = fault(
                    box.run("community", "sync", before=quick_client), (), frozenset({0})
                ) or _once_and_in_order(server, queued)
            if wrong:
                outcome.failed.append(f"sync {turn}: {wrong}\n{ran.said[-2000:]}")
                break
    return outcome


def _queue(box: Sandbox) -> dict[str, str]:
    """Return what waits, key by key, in order."""
    found = sorted((box.project / ".tinytorch" / "outbox").glob("*.json"))
    items = [json.loads(path.read_bytes()) for path in found]
    return {item["idempotency_key"]: item["body"] for item in items}


def _once_and_in_order(server: Server, queued: Mapping[str, str]) -> str | None:
    told = [(effect.key, effect.body) for effect in server.effects]
    if told == list(queued.items()):
        return None
    missing = len(queued.keys() - {key for key, _ in told})
    return f"told {len(told)} of {len(queued)}, {missing} missing, or in another order"
