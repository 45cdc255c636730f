"""Joins that are sent one after the other: how long each waits, alone and beside other work."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from world import CODE, new_key, profile_body

__all__ = ["p99", "show_beside_joins"]

_SENDERS = 4
_ALONE_S = 3.0


def show_beside_joins(base: str, path: str, told: Callable[[dict[str, Any]], str]) -> None:
    """POST `path`, while members join; print what is `told` of the answer, and how joins fared."""
    end = time.monotonic() + _ALONE_S
    alone: list[float] = []
    for sender in _start_senders(base, lambda: time.monotonic() > end, alone):
        sender.join()
    over = threading.Event()
    meanwhile: list[float] = []
    senders = _start_senders(base, over.is_set, meanwhile)
    done = httpx.post(f"{base}/{path}", timeout=600, trust_env=False).json()
    over.set()
    for sender in senders:
        sender.join()
    print(f"writes alone: {len(alone)} in {_ALONE_S:.0f} s, p99 {p99(alone):.0f} ms")
    print(told(done))
    print(
        f"writes meanwhile: {len(meanwhile)}, p99 {p99(meanwhile):.0f} ms, "
        f"most {max(meanwhile):.0f} ms"
    )


def p99(times: list[float]) -> float:
    """Return what 99 of 100 stay below."""
    return sorted(times)[int(0.99 * (len(times) - 1))]


def _start_senders(
    base: str, over: Callable[[], bool], waits: list[float]
) -> list[threading.Thread]:
    senders = [threading.Thread(target=_send, args=(base, over, waits)) for _ in range(_SENDERS)]
    for sender in senders:
        sender.start()
    return senders


def _send(base: str, over: Callable[[], bool], waits: list[float]) -> None:
    """Join until it is over, and note how long each took, in ms."""
    with httpx.Client(trust_env=False, timeout=60) as client:
        while not over():
            headers = {
                "Idempotency-Key": str(uuid.uuid4()),
                "Content-Type": "application/json",
                "Authorization": f"Bearer {new_key()}",
            }
            body = json.dumps(profile_body()).encode()
            begun = time.perf_counter()
            answer = client.post(
                f"{base}/c/{CODE}/api/community/join", content=body, headers=headers
            )
            assert answer.status_code == 202, answer.text
            waits.append(1e3 * (time.perf_counter() - begun))
