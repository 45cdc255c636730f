"""The worker's side: looks at one operation of the subject in every way there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tito_bench import _native
from tito_bench.explain.instrumented import (
    Holder,
    Instrumented,
    facts_of,
    is_clean,
    require_ndarray,
)
from tito_bench.explain.line_profile import Count
from tito_bench.kinds import kind_of
from tito_bench.kinds.sizes import Sizes
from tito_bench.measure.evidence import (
    Allocations,
    Evidence,
    Growth,
    Lines,
    Times,
    sort_allocations,
)
from tito_bench.measure.sampling import Sampler, Timer
from tito_bench.measure.timing import function_timer, native_timer
from tito_bench.statistics import median
from tito_bench.subjects import Subject
from tito_bench.subjects.numpy_subject import NumpySubject
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation

__all__ = ["inspect"]

_MOST_HALVINGS = 12
# A tenth of a second or so for up to seven sides of each operation: a cause is a share of a call
# that is told in whole percents, and a score is not made of it.
_ROUNDS, _SAMPLE_NS = 15, 300_000
_matmul = np.matmul


def inspect(
    operation: Operation,
    subject: Subject,
    kernels: _native.Kernels,
    pool: InputPool,
    seed: int,
    time_s: float,
) -> Evidence:
    """Gather all evidence about `operation`; no times where `time_s` is 0.

    Raises whatever the student's code raises on the operation as it is. What it
    raises on other sizes only leaves a gap.
    """
    instrumented = Instrumented(subject, pool, seed)
    sizes = kind_of(operation).sizes(operation)
    ready = instrumented.build(operation)
    read = [facts_of("input", array) for array in ready.inputs]
    read += [facts_of("parameter", holder.array) for holder in ready.parameters()]
    count = instrumented.count(ready)
    returned = [] if count.more else [facts_of("result", require_ndarray(count.result))]
    times = None
    if time_s > 0:
        timers = _timers(instrumented, kernels, operation, unclean=not all(map(is_clean, read)))
        largest_bytes = max(4 * sizes.largest_made_elements, *count.array_sizes, 0)
        times = _times(instrumented, timers, largest_bytes, time_s)
    return Evidence(
        lines=_lines(instrumented, sizes, count),
        allocations=None if count.more else _allocations(sizes, count),
        arrays=tuple(dict.fromkeys((*read, *returned))),
        times=times,
    )


# -- lines ---------------------------------------------------------------------------------


def _lines(instrumented: Instrumented, sizes: Sizes, count: Count) -> Lines:
    halvings, base = 0, sizes
    counted: Count | None = count
    while counted is not None and counted.more and halvings < _MOST_HALVINGS:
        halvings += 1
        smaller = sizes.halved(halvings)
        base, counted = kind_of(smaller).sizes(smaller), instrumented.try_to_count(smaller)
    growth: tuple[Growth, ...] = ()
    if counted is not None and not counted.more:
        growth = tuple(_growth(instrumented, base, counted.lines))
    return Lines(count.lines, count.more, growth, halvings, count.busiest)


def _growth(instrumented: Instrumented, sizes: Sizes, lines: int) -> list[Growth]:
    found = []
    for letter, name, size in sizes:
        other = size // 2 if size >= 2 else 2
        counted = instrumented.try_to_count(sizes.resized({letter: other}))
        if counted is not None and not counted.more:
            found.append(Growth(name, (lines - counted.lines) / (size - other)))
    return found


def _allocations(sizes: Sizes, count: Count) -> Allocations:
    return sort_allocations(
        count.array_sizes,
        count=count.array_count,
        total_bytes=count.array_bytes,
        needed_elements=sizes.needed_elements,
        array_elements=sizes.array_elements,
        makers=count.makers,
    )


# -- times ---------------------------------------------------------------------------------


def _times(
    instrumented: Instrumented, timers: dict[str, Timer], copied_bytes: int, time_s: float
) -> Times:
    copied = np.ones(copied_bytes // 4, dtype=np.float32)
    ns = _median_ns({**timers, "copy": function_timer(copied.copy)}, time_s, instrumented.order)
    return Times(
        subject_ns=ns["subject"],
        smallest_ns=ns.get("smallest"),
        plain_ns=ns.get("plain"),
        cleaned_ns=ns.get("cleaned"),
        product_ns=ns.get("product"),
        native_product_ns=ns.get("native_product"),
        copy_ns=ns["copy"],
        copied_bytes=copied.nbytes,
    )


def _median_ns(timers: dict[str, Timer], time_s: float, order: random.Random) -> dict[str, float]:
    """Return the CPU time of one call of each in ns; of a single one without time for a round."""
    sampler = Sampler(_ROUNDS, order, _SAMPLE_NS, fewest_rounds=0, time_s=time_s)
    sampled = sampler.take(timers)
    if not sampled.rounds:
        return {side: sample.call_ns for side, sample in sampled.samples.items()}
    return {side: median(sampled.call_ns(side)) for side in timers}


def _timers(
    instrumented: Instrumented, kernels: _native.Kernels, operation: Operation, *, unclean: bool
) -> dict[str, Timer]:
    """Return the timers of the operation and beside it, of all that the student's code takes."""
    sizes = kind_of(operation).sizes(operation)
    timers = {"subject": instrumented.timer(instrumented.build(operation))}
    smallest = sizes.smallest
    if smallest is not None:
        _add(timers, "smallest", lambda: instrumented.timer(instrumented.build(smallest)))
    _add(timers, "plain", lambda: instrumented.timer(instrumented.build(operation, NumpySubject())))
    if unclean:
        _add(timers, "cleaned", lambda: _cleaned(instrumented, operation))
    # One row is a matrix-vector product, bound by reading the matrix: another routine of a BLAS,
    # whose time says nothing of whether its kernels fit this processor (1.8 to 1.9 on Zen 5).
    if sizes.product is not None and sizes.product[0] > 1:
        timers |= _products(kernels, *sizes.product)
    return timers


def _add(timers: dict[str, Timer], name: str, make: Callable[[], Timer | None]) -> None:
    """Add a side if it can be had: called once, for the student's code may not like it."""
    try:
        timer = make()
        if timer is not None:
            timer(1)
            timers[name] = timer
    except BaseException:  # student code may raise anything, SystemExit too
        return


def _cleaned(instrumented: Instrumented, operation: Operation) -> Timer | None:
    """Put the operation on clean arrays; None where the student's objects do not take them."""
    ready = instrumented.build(operation)
    holders = [Holder(argument, "data") for argument in ready.arguments] + ready.parameters()
    if not all(holder.is_clean or holder.clean() for holder in holders):
        return None
    inputs = tuple(holder.array for holder in holders[: len(ready.arguments)])
    return instrumented.timer(replace(ready, inputs=inputs))


def _products(kernels: _native.Kernels, m: int, k: int, n: int) -> dict[str, Timer]:
    left, right = np.full((m, k), 0.5, np.float32), np.full((k, n), 0.5, np.float32)
    out = np.empty((m, n), np.float32)
    return {
        "product": function_timer(_matmul, (left, right)),
        "native_product": native_timer(kernels.sgemm(left, right, out)),
    }
