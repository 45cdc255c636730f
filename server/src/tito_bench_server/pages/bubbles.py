"""Where the bubbles of the map stand, how large they are, and which bear a name.

Pure: counts and places in, circles and labels out. Areas are proportional to
counts. Bubbles that would hide each other are pushed apart, each held by a
spring to its own place; the same input gives the same map.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["LABELLED", "Bubble", "Label", "World", "place_bubbles", "place_labels"]

LABELLED = 5
_LARGEST_RADIUS = 36.0
_SMALLEST_RADIUS = 5.0
_GAP = 1.5
_ROOM = 0.14  # of the map, for all bubbles together: most of it is ocean
_STEPS = 240
_SPRING = 0.02
_LETTER = 0.56  # mean width of a letter by the size of its font


@dataclass(frozen=True)
class World:
    """The map's size, its land as an SVG path, and the place of each country."""

    width: int
    height: int
    land: str
    places: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Bubble:
    """A circle, in units of the map."""

    code: str
    at_least: int
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Label:
    """A name beside its bubble; `x` is its middle, `y` its base line."""

    text: str
    x: float
    y: float


def place_bubbles(counts: Mapping[str, int], world: World) -> list[Bubble]:
    """Return a bubble a country, the largest first, none over another.

    Countries without a count are left out. Raises `KeyError` for a code without a place.
    """
    wanted = sorted(((n, code) for code, n in counts.items() if n > 0), key=lambda p: (-p[0], p[1]))
    if not wanted:
        return []
    most = wanted[0][0]
    radii = [
        max(_SMALLEST_RADIUS, _LARGEST_RADIUS * math.sqrt(count / most)) for count, _ in wanted
    ]
    # Where there are many, all of them shrink until they have room beside each other.
    room = _ROOM * world.width * world.height
    crowd = sum(math.pi * radius**2 for radius in radii)
    shrink = min(1.0, math.sqrt(room / crowd))
    radii = [max(3.0, radius * shrink) for radius in radii]
    home = [world.places[code] for _, code in wanted]
    spots = [[float(x), float(y)] for x, y in home]
    for step in range(_STEPS):
        pushed = _push_apart(spots, radii)
        for spot, radius, place in zip(spots, radii, home, strict=True):
            for axis, size in ((0, world.width), (1, world.height)):
                # The spring pulls home in the first half; then there is only room to be made.
                if pushed and step < _STEPS // 2:
                    spot[axis] += (place[axis] - spot[axis]) * _SPRING
                spot[axis] = min(max(spot[axis], radius), size - radius)
        if not pushed:
            break
    return [
        Bubble(code, count, round(x, 1), round(y, 1), round(radius, 1))
        for (count, code), (x, y), radius in zip(wanted, spots, radii, strict=True)
    ]


def _push_apart(spots: Sequence[list[float]], radii: Sequence[float]) -> bool:
    """Move every two that overlap away from each other; True if any did."""
    found = False
    for one in range(len(spots)):
        for other in range(one):
            apart_x = spots[one][0] - spots[other][0]
            apart_y = spots[one][1] - spots[other][1]
            distance = math.hypot(apart_x, apart_y)
            needed = radii[one] + radii[other] + _GAP
            if distance >= needed - 0.01:
                continue
            found = True
            if distance == 0:
                apart_x, distance = 1.0, 1.0
            # The smaller one gives way.
            share = radii[other] / (radii[one] + radii[other])
            push = (needed - distance) / distance
            spots[one][0] += apart_x * push * share
            spots[one][1] += apart_y * push * share
            spots[other][0] -= apart_x * push * (1 - share)
            spots[other][1] -= apart_y * push * (1 - share)
    return found


def place_labels(
    bubbles: Sequence[Bubble], names: Mapping[str, str], world: World, size: float
) -> list[Label]:
    """Return the names of the largest bubbles, where they cover neither each other nor the edge."""
    taken: list[tuple[float, float, float, float]] = []
    labels: list[Label] = []
    for bubble in bubbles[:LABELLED]:
        text = names[bubble.code]
        half = len(text) * size * _LETTER / 2
        x = min(max(bubble.x, half + 2), world.width - half - 2)
        tries = (
            (x, bubble.y - bubble.radius - size * 0.3),
            (x, bubble.y + bubble.radius + size),
            (bubble.x + bubble.radius + half + 4, bubble.y + size * 0.35),
            (bubble.x - bubble.radius - half - 4, bubble.y + size * 0.35),
        )
        for place_x, place_y in tries:
            box = (place_x - half, place_y - size, place_x + half, place_y + size * 0.25)
            inside = (
                box[0] >= 0 and box[2] <= world.width and box[1] >= 0 and box[3] <= world.height
            )
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                labels.append(Label(text, round(place_x, 1), round(place_y, 1)))
                break
    return labels


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
