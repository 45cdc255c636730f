"""What limits kernels and the code beside them, and the sentence for each."""

from __future__ import annotations

import pytest

from tito_bench.report.limits import Limit, Spent, kernel_limit, subject_limit
from tito_bench.report.roofline import Roof
from tito_bench.report.sections.limit_words import kernel_limit_words, subject_limit_words


@pytest.mark.parametrize(
    ("gflops", "roof", "limit"),
    [
        (9.0, Roof(10.0, "memory"), "memory"),
        (5.0, Roof(10.0, "compute"), "compute"),
        (4.9, Roof(10.0, "compute"), "neither"),
        (12.0, Roof(10.0, "memory"), "memory"),
    ],
)
def test_a_kernel_near_its_roof_is_limited_by_it(gflops: float, roof: Roof, limit: Limit) -> None:
    assert kernel_limit(gflops, roof) == limit


@pytest.mark.parametrize(
    ("spent", "limit", "part"),
    [
        (Spent(1500.0, 1000.0, 1, 100.0), "memory", "as the kernel is, which is 67% of its time"),
        (Spent(900.0, 1000.0, 1, 100.0), "memory", "faster than the kernel"),
        (Spent(700.0, 100.0, 5, 100.0), "interpreter", "cannot avoid are 71% of its time"),
        (Spent(50_000.0, 1000.0, 1, 100.0, 0.93), "interpreter", "93% of its time goes into loops"),
        (
            Spent(50_000.0, 1000.0, 1, 100.0, 0.3),
            "extra",
            "does not need, which is 98% of its time",
        ),
        (Spent(5000.0, 1000.0, 1, 100.0), "extra", "does not need, which is 78% of its time"),
    ],
)
def test_the_subject_is_limited_where_its_time_goes(spent: Spent, limit: Limit, part: str) -> None:
    found = subject_limit(spent, "memory")
    assert found == limit
    assert part in subject_limit_words(found, spent, "Your code")


@pytest.mark.parametrize(
    ("limit", "share", "mostly_reads", "part"),
    [
        ("memory", 0.83, True, "reaches 83% of what 100 GB/s allow"),
        ("memory", 1.2, True, "it mostly reads"),
        ("memory", 1.2, False, "all that 100 GB/s allow"),
        ("compute", 0.93, False, "93% of this core's peak"),
        ("compute", 1.01, False, "all of this core's peak"),
        ("neither", 0.3, False, "30% of its roof"),
    ],
)
def test_no_kernel_is_said_to_reach_more_than_all(
    limit: Limit, share: float, mostly_reads: bool, part: str
) -> None:
    assert part in kernel_limit_words(limit, share, 100.0, mostly_reads)
