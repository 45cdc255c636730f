"""The areas in which the commands are tried, each with how often, for `tools/break_it.py`."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from robustness import damaging, generated, killing, naming, servers, surroundings
from robustness.commands import Outcome

__all__ = ["AREAS", "Area"]

Try = Callable[[str, Path, int, random.Random], Outcome]


@dataclass(frozen=True)
class Area:
    """One kind of trouble.

    `run(part, folder, count, chance)` tries it `count` times in each of the `parts`, which may run
    at once. `full` and `short` are the counts for a release and for a change, which tries only
    `short_parts` of the parts.
    """

    run: Try
    parts: tuple[str, ...]
    full: int
    short: int
    short_parts: int


_HALVES = ("0", "1")
_ALL = 10**6

AREAS: Mapping[str, Area] = {
    "damaged files": Area(damaging.try_damages, tuple(damaging.KINDS), 2000, 2, 4),
    "odd things for files": Area(damaging.try_odd, tuple(damaging.KINDS), _ALL, 2, 4),
    "environments and limits": Area(surroundings.try_surroundings, _HALVES, _ALL, 1, 1),
    "servers": Area(servers.try_servers, _HALVES, _ALL, 3, 1),
    "names and paths": Area(naming.try_names, _HALVES, _ALL, 1, 1),
    "kills": Area(killing.try_kills, killing.VERBS, 200, 3, 2),
    "syncs with lost answers": Area(killing.try_lost_answers, _HALVES, 500, 4, 1),
    "documents and payloads": Area(
        generated.try_laws, tuple(generated.LAWS), 2000, 25, len(generated.LAWS)
    ),
}
