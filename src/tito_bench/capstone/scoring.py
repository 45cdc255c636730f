"""The scores of the four tracks. docs/guide/capstone.md says the same in prose.

    speed       = score(geometric mean of the models' slowdowns, each at least 1)
    accuracy    = 100 * mean(min(1, accuracy / accuracy of the twin))
    compression = score(max(1, 4 / ratio)); 0 without a saving or with accuracy lost
    efficiency  = score(geometric mean of time / native time and memory / needed memory,
                        each at least 1)
    overall     = mean of the tracks that were measured

`score` is that of `tito_bench.score`: ten points for every doubling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from tito_bench.score import composite_slowdown, geometric_mean, score

__all__ = [
    "REFERENCE_RATIO",
    "TRACKS",
    "accuracy_score",
    "compression_score",
    "efficiency_score",
    "overall",
]

TRACKS = ("speed", "compression", "accuracy", "efficiency")

REFERENCE_RATIO = 4.0
"""What storing float32 as int8 saves: the reference of the compression track."""


def accuracy_score(parts: Sequence[tuple[float, float]], failed: int = 0) -> float | None:
    """Of (accuracy, the twin's) pairs; `failed` parts count 0. None without any part."""
    if not parts and not failed:
        return None
    return 100 * fmean([*(min(1.0, mine / twin) for mine, twin in parts), *[0.0] * failed])


def compression_score(ratios: Sequence[float | None]) -> float | None:
    """Of the ratios of the techniques, None for one that lost accuracy or failed.

    The best counts. None where no technique was there to be measured.
    """
    if not ratios:
        return None
    best = max((ratio for ratio in ratios if ratio is not None), default=0.0)
    return score(max(1.0, REFERENCE_RATIO / best)) if best > 1.0 else 0.0


def efficiency_score(time_ratios: Sequence[float], memory_ratios: Sequence[float]) -> float | None:
    """Of time over native time, and of memory over needed memory, for each model.

    None where one of both was not measured for any model.
    """
    if not time_ratios or not memory_ratios:
        return None
    return score(composite_slowdown(map(geometric_mean, (time_ratios, memory_ratios))))


def overall(scores: Mapping[str, float | None]) -> float | None:
    """The mean of the tracks that were measured; None without any."""
    measured = [points for points in scores.values() if points is not None]
    return fmean(measured) if measured else None
