"""The roofline of a card: roofs, levels, and what lies between measured working sets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machine.facts import card
from tito_bench.records.calibration import Bandwidth, Calibration, Figure, TargetSpeed
from tito_bench.report.roofline import Level, Roof, roofline_of

FLOWS = {16: 400.0, 32: 420.0, 256: 100.0, 1024: 98.0, 4096: 28.0, 65536: 15.0}


def figure(value: float) -> Figure:
    return Figure(value, 0.01, 9)


def made(
    flows: dict[int, float] = FLOWS, target: str = "avx512", peak: float = 200.0
) -> Calibration:
    return card(
        targets=[
            TargetSpeed("sse2", figure(10.0), []),
            TargetSpeed(target, figure(peak), []),
        ],
        bandwidth=[Bandwidth(kib, figure(gb_s), figure(gb_s)) for kib, gb_s in flows.items()],
    )


def test_peak_and_levels_are_those_of_the_kernels_in_use() -> None:
    roofline = roofline_of(made())
    assert roofline is not None
    assert (roofline.target, roofline.peak_gflops) == ("avx512", 200.0)
    assert roofline.levels == (
        Level(32, 410.0),
        Level(1024, 99.0),
        Level(4096, 28.0),
        Level(65536, 15.0),
    )


def test_the_lower_roof_counts() -> None:
    roofline = roofline_of(made())
    assert roofline is not None
    assert roofline.roof(flops=1024, size=16 * 1024) == Roof(25.0, "memory")
    assert roofline.roof(flops=10**9, size=16 * 1024) == Roof(200.0, "compute")


def test_bandwidth_between_and_beyond_measured_sets() -> None:
    roofline = roofline_of(made())
    assert roofline is not None
    assert roofline.gb_s(1) == 400.0
    assert roofline.gb_s(1 << 40) == 15.0
    assert roofline.gb_s(2048 * 1024) == pytest.approx((98 * 28) ** 0.5)
    for kib, gb_s in FLOWS.items():
        assert roofline.gb_s(kib * 1024) == pytest.approx(gb_s)


@pytest.mark.parametrize(
    "broken",
    [
        made({}),
        made({16: 0.0}),
        made({16: 1e300}),
        made({0: 5.0}),
        made(target="neon"),
        made(peak=1e308),
        made(peak=1e-308),
    ],
)
def test_a_card_without_its_figures_has_no_roofline(broken: Calibration) -> None:
    assert roofline_of(broken) is None


@given(
    st.dictionaries(st.integers(1, 10**6), st.floats(0.1, 1000.0), min_size=1, max_size=9),
    st.integers(1, 10**12),
    st.integers(1, 10**10),
)
def test_no_roof_is_above_the_peak_and_no_bandwidth_beyond_what_was_measured(
    flows: dict[int, float], flops: int, size: int
) -> None:
    roofline = roofline_of(made(flows))
    assert roofline is not None
    assert roofline.roof(flops, size).gflops <= roofline.peak_gflops
    assert min(flows.values()) * 0.999 <= roofline.gb_s(size) <= max(flows.values()) * 1.001
    assert all(one.up_to_kib < other.up_to_kib for one, other in pairwise(roofline.levels))
