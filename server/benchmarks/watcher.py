"""How well someone who keeps two releases can guess one newcomer's country.

    python benchmarks/watcher.py

Thirty countries of sizes 1, 1/2, 1/3 ...; the newcomer comes from one of the fifteen
smallest, among so many changes. The watcher guesses among what rose: any of it, what rose
most, or (knowing that it is a small one) any small one. Blind, the last would be 0.067.
"""

from __future__ import annotations

import random
from collections import Counter

from tito_bench_server.releases.kinds import SMALLEST_GROUP, floored
from tito_bench_server.releases.marking import enough
from tito_bench_server.releases.suppression import suppress

_TRIES = 3000
_NAMES = [f"c{n}" for n in range(30)]
_WEIGHTS = [1 / (n + 1) for n in range(30)]
_SMALL = _NAMES[15:]


def attack(people: int, changes: int, guess: str, rng: random.Random) -> bool:
    """Return whether one guess was right."""
    before = Counter(rng.choices(_NAMES, _WEIGHTS, k=people))
    target = rng.choice(_SMALL)
    after = before + Counter([target, *rng.choices(_NAMES, _WEIGHTS, k=changes - 1)])
    first, second = _published(before), _published(after)
    rise = {name: second[name] - first.get(name, 0) for name in sorted(second)}
    risen = [name for name in rise if rise[name] > 0]
    if guess == "most":
        risen = [name for name in risen if rise[name] == max(rise.values())]
    if guess == "small":
        risen = [name for name in risen if name in _SMALL] or _SMALL
    return bool(risen) and rng.choice(risen) == target


def _published(counts: Counter[str]) -> dict[str, int]:
    visible = suppress({0: counts}, SMALLEST_GROUP).visible[0]
    return {str(name): floored(counts[str(name)]) for name in visible}


def main() -> None:
    print(f"{'people':>7} {'changes':>8}" + "".join(f"{g:>8}" for g in ("any", "most", "small")))
    for people in (40, 100, 400, 2000, 10_000):
        for changes in sorted({1, 5, 20, enough(20, people)}):
            right = [
                sum(attack(people, changes, guess, random.Random(n)) for n in range(_TRIES))
                / _TRIES
                for guess in ("any", "most", "small")
            ]
            mark = "  <- a release" if changes == enough(20, people) else ""
            print(f"{people:>7} {changes:>8}" + "".join(f"{one:8.3f}" for one in right) + mark)


if __name__ == "__main__":
    main()
