"""The scores: the one place that defines them.

docs/design/score.md says the same in prose, docs/guide/capstone.md for the tracks.

    array     = subject_ns / (native_ns + dispatch_calls * dispatch_ns)
    loops     = subject_ns / (standard_calls * dispatch_ns)
    slowdown  = (1 - interpreter_share) * array + interpreter_share * loops
    group     = geometric mean of the slowdowns of its scored operations
    composite = geometric mean of the groups, each taken as at least 1
    score     = 100 * clip(1 - log2(composite) / 10, 0, 1)

The tracks of the capstone:

    speed       = score(geometric mean of the models' slowdowns, each at least 1)
    accuracy    = 100 * mean(min(1, accuracy / accuracy of the native reference))
    compression = score(max(1, 4 / ratio)); 0 without a saving or with accuracy lost
    efficiency  = score(geometric mean of time / native time and memory / needed memory,
                        each at least 1)
    overall     = mean of the tracks that were measured

Every doubling of speed is worth 10 points; 100 is native speed; 1024 times
slower is 0. Array code is held against the kernel. Loops of Python do not get
faster with wider vectors, as the kernel does: they are held against the
interpreter, or the same loops would score less on a better machine.
The geometric mean is the only mean of normalised numbers whose
ranking does not depend on the machine they are normalised to (Fleming and
Wallace, "How not to lie with statistics", CACM 29(3), 1986).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import msgspec

__all__ = [
    "CONVOLUTION_FLOPS_PER_CALL",
    "FLOPS_PER_CALL",
    "POINTS_PER_DOUBLING",
    "REFERENCE_RATIO",
    "TRACKS",
    "Work",
    "accuracy_score",
    "composite_slowdown",
    "compression_score",
    "efficiency_score",
    "geometric_mean",
    "operation_weights",
    "overall_score",
    "points_lost",
    "score",
    "slowdown",
    "standard_calls",
]

POINTS_PER_DOUBLING = 10.0
# The standard machine: in the time of its smallest array call (about 0.4 us) a core
# with AVX2 does so much arithmetic of matrix products, or moves so much memory.
FLOPS_PER_CALL = 36_000
CONVOLUTION_FLOPS_PER_CALL = 6_400
"""A convolution of few channels is no product: what the kernel itself reaches of one."""
_BYTES_PER_CALL = 24_000


class Work(msgspec.Struct, frozen=True, rename={"interpreter_share": "loop_share"}):
    """What one call does.

    Attributes
    ----------
    interpreter_share
        The share of the subject's time that goes into loops of Python, 0 to 1;
        `loop_share` in files.
    flops, bytes_moved
        Arithmetic operations and traffic of the native kernel.
    flops_per_call
        The arithmetic of this kind that is worth a smallest array call.
    """

    interpreter_share: float
    flops: int
    bytes_moved: int
    flops_per_call: int = FLOPS_PER_CALL


def standard_calls(work: Work, dispatch_calls: int) -> float:
    """Return what the reference is worth in smallest array calls, on the standard machine.

    A roofline (Williams, Waterman, Patterson, CACM 52(4), 2009) of that
    machine. Its numbers decide only where Python loops stand on the scale,
    and that they stand there whatever the width of a machine's vectors.
    """
    return dispatch_calls + max(
        work.flops / work.flops_per_call, work.bytes_moved / _BYTES_PER_CALL
    )


def slowdown(
    subject_ns: float,
    native_ns: float,
    *,
    dispatch_calls: int,
    dispatch_ns: float,
    work: Work | None = None,
) -> float:
    """Return how many times longer the subject takes than a Python program must.

    Parameters
    ----------
    subject_ns, native_ns
        Time of one call of the subject and of the native kernel, in ns.
    dispatch_calls
        Array calls that a Python program cannot avoid for this operation.
    dispatch_ns
        Measured cost of the smallest array call on this interpreter, in ns.
    work
        What one call does, where that is known.

    Returns
    -------
    float
        Above 0; below 1 where the subject beats the reference. Never clipped.
    """
    array = subject_ns / (native_ns + dispatch_calls * dispatch_ns)
    if work is None or work.interpreter_share == 0.0:
        return array
    loops = subject_ns / (standard_calls(work, dispatch_calls) * dispatch_ns)
    return (1 - work.interpreter_share) * array + work.interpreter_share * loops


def geometric_mean(values: Iterable[float]) -> float:
    """Return the geometric mean of positive numbers. Raises ValueError on none at all."""
    logs = [math.log(value) for value in values]
    if not logs:
        raise ValueError("geometric mean of nothing")
    return math.exp(math.fsum(logs) / len(logs))


def composite_slowdown(groups: Iterable[float]) -> float:
    """Return one slowdown for all groups; a group faster than native counts as native."""
    return geometric_mean(max(1.0, group) for group in groups)


def score(composite: float) -> float:
    """Return the score of a composite slowdown: 0 to 100, not rounded."""
    points = 100.0 - POINTS_PER_DOUBLING * math.log2(composite)
    return min(100.0, max(0.0, points))


def operation_weights(groups: Sequence[str]) -> list[float]:
    """Return the weight of each operation in the logarithm of the composite.

    `groups` names the group of each scored operation, in their order. A group is one part
    of all groups, an operation one part of its group, so that the weights add up to 1.
    """
    members = Counter(groups)
    return [1 / (len(members) * members[group]) for group in groups]


def points_lost(operations: Mapping[str, tuple[str, float | None]]) -> dict[str, float]:
    """Return the points of the score that each scored operation costs, by name.

    `operations` has the group and the slowdown of each; below native speed counts as below 0.
    One whose slowdown is None keeps its weight, for nobody looked at it, and is left out. They
    add up to what the score lacks, where all are known and no group is faster than native.
    """
    weights = operation_weights([group for group, _ in operations.values()])
    return {
        name: POINTS_PER_DOUBLING * math.log2(slowdown) * weight
        for (name, (_, slowdown)), weight in zip(operations.items(), weights, strict=True)
        if slowdown is not None
    }


TRACKS = ("speed", "compression", "accuracy", "efficiency")

REFERENCE_RATIO = 4.0
"""What storing float32 as int8 saves: the reference of the compression track."""


def accuracy_score(parts: Sequence[tuple[float, float]], failed: int = 0) -> float | None:
    """Return the track's score, 0 to 100; None without any part.

    `parts` are pairs of an accuracy and the native reference's, both 0 to 1; a part that
    `failed` counts 0."""
    if not parts and not failed:
        return None
    reached = [min(1.0, mine / reference) for mine, reference in parts]
    return 100 * fmean([*reached, *[0.0] * failed])


def compression_score(ratios: Sequence[float | None]) -> float | None:
    """Return the track's score, 0 to 100; None where no technique was there to be measured.

    `ratios` are size before over size after, None for a technique that lost accuracy or
    failed. The best counts.
    """
    if not ratios:
        return None
    best = max((ratio for ratio in ratios if ratio is not None), default=0.0)
    return score(max(1.0, REFERENCE_RATIO / best)) if best > 1.0 else 0.0


def efficiency_score(time_ratios: Sequence[float], memory_ratios: Sequence[float]) -> float | None:
    """Return the track's score, 0 to 100; None where one of both was not measured at all.

    Of each model: time over native time, and memory over needed memory.
    """
    if not time_ratios or not memory_ratios:
        return None
    return score(composite_slowdown(map(geometric_mean, (time_ratios, memory_ratios))))


def overall_score(scores: Mapping[str, float | None]) -> float | None:
    """Return the mean of the tracks that were measured; None without any."""
    measured = [points for points in scores.values() if points is not None]
    return fmean(measured) if measured else None
