"""From evidence to causes: the rules, each with its threshold and why. Pure functions.

A cause is only named where what was measured bears it out. `measured` means
that the code was timed without it, or that the part itself was timed; `likely` that it
is there and large enough, while its share of the time is inferred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tito_bench.measure.evidence import ArrayFacts, Evidence, Lines, Place, Times
from tito_bench.measure.summary import Timing

__all__ = [
    "NEAR_NATIVE",
    "Cause",
    "CauseCode",
    "Certainty",
    "amount",
    "find_causes",
    "unexplained_share",
]

CauseCode = Literal[
    "python_loop",
    "float64_arrays",
    "float64_copies",
    "layout",
    "temporaries",
    "slow_product",
    "call_overhead",
    "waiting",
    "numpy_itself",
]
Certainty = Literal["measured", "likely"]

NEAR_NATIVE = 1.1
"""Slowdowns up to this cost 1.4 points and are as near to native as NumPy itself gets."""

_MATERIAL = 0.1
"""Less than a tenth of what remains is not what to mend first, and near the error of a median."""

_MOSTLY = 0.5

_LINES_PER_ITEM = 0.9
"""A loop over items runs at least one line for each; one over blocks of them runs fewer."""

_SLOW_PRODUCT = 1.75
"""A BLAS with kernels for this processor takes 0.9 to 1.6 times as long as the native kernel
(docs/design/kernels.md); one with kernels for the generation before, about twice as long."""


@dataclass(frozen=True)
class Cause:
    """Why an operation takes longer than it must.

    `what` and `value` are put into the sentence of `report.wording`; `places` are the
    lines of the student's code where it happens most. `cost_ns` is what it takes of one call,
    None where that cannot be told apart from the rest.
    """

    code: CauseCode
    certainty: Certainty
    what: str
    value: str
    places: tuple[Place, ...]
    cost_ns: float | None


def find_causes(
    evidence: Evidence, timing: Timing | None, blas: str, interpreter_share: float = 0.0
) -> tuple[Cause, ...]:
    """Return the causes that the evidence supports, a loop first, then the weightiest.

    `timing` is None where no call came to its end in time: then only lines count. `blas`
    names NumPy's BLAS in a sentence. `interpreter_share` is the part of the time that was metered
    in loops of Python, 0 to 1.
    """
    if timing is not None and timing.slowdown <= NEAR_NATIVE:
        return ()
    loop = _python_loop(evidence.lines)
    if timing is None or evidence.times is None:
        return () if loop is None else (loop,)
    weighed = _Weighed(evidence, evidence.times, timing)
    unclean = tuple(_unclean_arrays(weighed))
    made = _made_arrays(weighed, max((cause.cost_ns or 0.0 for cause in unclean), default=0.0))
    # A loop over items does not use the whole product that is timed.
    slow = tuple(_slow_product(weighed, blas)) if loop is None else ()
    others = (*unclean, *made, *_call_overhead(weighed), *slow, *_waiting(weighed))
    ordered = tuple(sorted(others, key=lambda cause: -(cause.cost_ns or 0.0)))
    if loop is not None:
        loop = _weigh_loop(loop, weighed, interpreter_share * timing.subject_ns, others)
    if loop is not None:
        return (loop, *ordered)
    return ordered if slow else (*ordered, *_numpy_itself(weighed))


def unexplained_share(causes: tuple[Cause, ...], timing: Timing) -> float:
    """Return how much of what remains no cause accounts for, from 0 to 1.

    0 where a cause is among them whose cost cannot be told apart.
    """
    remaining_ns = timing.subject_ns - timing.reference_ns
    costs = [cause.cost_ns for cause in causes]
    if remaining_ns <= 0 or None in costs:
        return 0.0
    known_ns = sum(cost for cost in costs if cost is not None)
    return min(1.0, max(0.0, 1.0 - known_ns / remaining_ns))


@dataclass(frozen=True)
class _Weighed:
    """Evidence with the scale that takes its times to those of the rounds."""

    evidence: Evidence
    times: Times
    timing: Timing

    def cost_ns(self, spent_ns: float) -> float:
        """Turn time of the evidence into time of the rounds: another process, another moment.

        CPU time is taken as it is where the rounds went by the wall clock.
        """
        if self.timing.waits:
            return spent_ns
        return spent_ns * self.timing.subject_ns / self.times.subject_ns

    def is_material(self, cost_ns: float) -> bool:
        return cost_ns >= _MATERIAL * (self.timing.subject_ns - self.timing.reference_ns)


# -- the rules -----------------------------------------------------------------------------


def _python_loop(lines: Lines) -> Cause | None:
    """Find lines that grow with a size, or without an end."""
    sizes = [growth.size for growth in lines.growth if growth.lines >= _LINES_PER_ITEM]
    if not sizes and not lines.more:
        return None
    total = f"more than {lines.total:,}" if lines.more else f"{lines.total:,}"
    what = f", some for each {' and each '.join(sizes)}" if sizes else ""
    return Cause("python_loop", "likely", what, total, lines.busiest, None)


def _weigh_loop(
    loop: Cause, weighed: _Weighed, loop_ns: float, others: tuple[Cause, ...]
) -> Cause | None:
    """Weigh a loop that is there, if it is one to mend.

    By the time that was metered in its lines. Or by what nothing else accounts for and NumPy,
    which has no loop, does without: then a pass does much, but one item at a time.
    """
    timing = weighed.timing
    if weighed.is_material(loop_ns):
        cost_ns = min(loop_ns, timing.subject_ns - timing.reference_ns)
        return replace(loop, certainty="measured", cost_ns=cost_ns)
    plain_ns = weighed.times.plain_ns
    if plain_ns is None or unexplained_share(others, timing) <= _MOSTLY:
        return None
    saved_ns = weighed.cost_ns(weighed.times.subject_ns - plain_ns)
    return loop if saved_ns > _MOSTLY * (timing.subject_ns - timing.reference_ns) else None


def _unclean_arrays(weighed: _Weighed) -> Iterator[Cause]:
    """Weigh what it read by timing it again with dense, aligned float32 arrays in their place."""
    times = weighed.times
    if times.cleaned_ns is None:
        return
    cost_ns = weighed.cost_ns(times.subject_ns - times.cleaned_ns)
    if not weighed.is_material(cost_ns):
        return
    read = [fact for fact in weighed.evidence.arrays if fact.role != "result"]
    value = f"{times.subject_ns / times.cleaned_ns:.1f}"
    double = [fact for fact in read if fact.dtype != "float32"]
    if double:
        dtypes = " and ".join(dict.fromkeys(fact.dtype for fact in double))
        what = f"{_roles(double)} are {dtypes}"
        yield Cause("float64_arrays", "measured", what, value, (), cost_ns)
    strewn = [fact for fact in read if not (fact.dense and fact.aligned)]
    if strewn:
        yield Cause("layout", "measured", _roles(strewn), value, (), cost_ns)


def _made_arrays(weighed: _Weighed, known_ns: float) -> Iterator[Cause]:
    """Weigh arrays that were made though they need not be by what a copy of them takes.

    `known_ns` was measured to go with the arrays that are read; NumPy makes copies of such ones,
    which must not count twice.
    """
    made, times = weighed.evidence.allocations, weighed.times
    if made is None:
        return
    byte_ns = weighed.cost_ns(times.copy_ns) / times.copied_bytes
    double_ns = max(0.0, made.double_bytes * byte_ns - known_ns)
    known_ns = max(0.0, known_ns - made.double_bytes * byte_ns)
    if weighed.is_material(double_ns):
        results = [fact.dtype for fact in weighed.evidence.arrays if fact.role == "result"]
        what = "are" if "float64" in results else "are most likely"
        value = amount(made.double_bytes)
        yield Cause("float64_copies", "likely", what, value, made.makers, double_ns)
    extra_bytes = made.total_bytes - made.double_bytes - made.needed_bytes
    cost_ns = extra_bytes * byte_ns - known_ns
    if cost_ns > 0 and weighed.is_material(cost_ns):
        what, value = amount(made.needed_bytes), amount(extra_bytes)
        yield Cause("temporaries", "likely", what, value, made.makers, cost_ns)


def _call_overhead(weighed: _Weighed) -> Iterator[Cause]:
    """Yield what the same code takes on a handful of numbers: it does not go into the data."""
    smallest_ns = weighed.times.smallest_ns
    if smallest_ns is None:
        return
    timing = weighed.timing
    unavoidable_ns = timing.reference_ns - timing.native_ns
    cost_ns = weighed.cost_ns(smallest_ns) - unavoidable_ns
    if weighed.is_material(cost_ns):
        value = f"{smallest_ns / 1000:.3g}us"
        yield Cause("call_overhead", "measured", "one call", value, (), cost_ns)


def _slow_product(weighed: _Weighed, blas: str) -> Iterator[Cause]:
    """Compare NumPy's own product with the native one, on the same shapes."""
    times = weighed.times
    if times.product_ns is None or times.native_product_ns is None:
        return
    product_ns = times.product_ns - weighed.timing.dispatch_ns
    ratio = product_ns / times.native_product_ns
    cost_ns = weighed.cost_ns(product_ns - times.native_product_ns)
    if ratio >= _SLOW_PRODUCT and weighed.is_material(cost_ns):
        yield Cause("slow_product", "measured", blas, f"{ratio:.1f}", (), cost_ns)


def _waiting(weighed: _Weighed) -> Iterator[Cause]:
    """Yield the waiting where rounds went by the wall clock for it; the evidence is CPU time."""
    timing = weighed.timing
    cost_ns = timing.subject_ns - weighed.times.subject_ns
    if timing.waits and weighed.is_material(cost_ns):
        value = f"{cost_ns / timing.subject_ns:.0%}"
        yield Cause("waiting", "measured", "one call", value, (), cost_ns)


def _numpy_itself(weighed: _Weighed) -> Iterator[Cause]:
    """Yield how far NumPy alone stays behind: no code made of its calls gets nearer."""
    if weighed.times.plain_ns is None:
        return
    plain_ns = weighed.cost_ns(weighed.times.plain_ns)
    ratio = plain_ns / weighed.timing.reference_ns
    cost_ns = plain_ns - weighed.timing.reference_ns
    if ratio > NEAR_NATIVE and weighed.is_material(cost_ns):
        yield Cause("numpy_itself", "measured", "NumPy alone", f"{ratio:.1f}", (), cost_ns)


def _roles(facts: list[ArrayFacts]) -> str:
    return " and ".join(dict.fromkeys(f"{fact.role}s" for fact in facts))


def amount(count: int) -> str:
    """Format bytes for people."""
    if count < 1_000_000:
        return f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.1f} MB"
