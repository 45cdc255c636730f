"""Evidence to causes: every rule, on both sides of its threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from tito_bench.explain.causes import Cause, find_causes, unexplained_share
from tito_bench.measure.evidence import (
    Allocations,
    ArrayFacts,
    Evidence,
    Growth,
    Lines,
    Place,
    Times,
    sort_allocations,
)
from tito_bench.measure.summary import Timing

CLEAN = ArrayFacts("parameter", "float32", dense=True, aligned=True)
DOUBLE = ArrayFacts("parameter", "float64", dense=True, aligned=True)
STREWN = ArrayFacts("input", "float32", dense=False, aligned=True)
UNALIGNED = ArrayFacts("input", "float32", dense=True, aligned=False)
RESULT_DOUBLE = ArrayFacts("result", "float64", dense=True, aligned=True)
PLACE = Place("tinytorch/core/tensor.py:7", 9)


def timing(subject_ns: float = 10_100.0) -> Timing:
    """A kernel of 1000 ns and one array call of 100 ns, so that 9000 ns remain."""
    return Timing(
        subject_ns=subject_ns,
        native_ns=1000.0,
        dispatch_ns=100.0,
        reference_ns=1100.0,
        slowdown=subject_ns / 1100.0,
        slowdown_interval=(subject_ns / 1100.0, subject_ns / 1100.0),
        mdape=0.0,
        waits=False,
        kept=(True,),
        preempted=(False,),
    )


def evidence(*arrays: ArrayFacts, lines: int = 20, growth: Any = (), more: bool = False,
             made: Allocations | None = None, **times: Any) -> Evidence:  # fmt: skip
    """Evidence that shows nothing, but for what is given."""
    nothing = Times(
        subject_ns=10_100.0,
        smallest_ns=None,
        plain_ns=None,
        cleaned_ns=None,
        product_ns=None,
        native_product_ns=None,
        copy_ns=1000.0,
        copied_bytes=40_000,
    )
    return Evidence(
        lines=Lines(lines, more, tuple(growth), 0, (PLACE,)),
        allocations=made,
        arrays=arrays or (CLEAN,),
        times=structs.replace(nothing, **times),
    )


def made(extra_bytes: int = 0, double_bytes: int = 0) -> Allocations:
    return Allocations(3, 40_000 + double_bytes + extra_bytes, 40_000, double_bytes, (PLACE,))


def codes(found: Evidence, subject_ns: float = 10_100.0, loop_share: float = 0.0) -> list[str]:
    causes = find_causes(found, timing(subject_ns), "openblas", loop_share)
    return [cause.code for cause in causes]


def test_nothing_seen_is_no_cause() -> None:
    assert codes(evidence()) == []


def test_near_native_nothing_is_explained_whatever_was_seen() -> None:
    loud = evidence(DOUBLE, cleaned_ns=500.0, growth=[Growth("row", 9.0)])
    assert codes(loud, subject_ns=1100 * 1.1, loop_share=0.9) == []
    assert codes(loud, subject_ns=1100 * 1.2, loop_share=0.9) != []


# -- loops ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("each", "found"), [(0.0, []), (0.5, []), (0.95, ["python_loop"])])
def test_a_loop_runs_a_line_for_each_item_and_blocks_do_not(each: float, found: list[str]) -> None:
    assert codes(evidence(growth=[Growth("row", each)]), loop_share=0.9) == found


@pytest.mark.parametrize(("share", "found"), [(0.08, []), (0.1, ["python_loop"])])
def test_a_loop_must_weigh_a_tenth_of_what_remains(share: float, found: list[str]) -> None:
    assert codes(evidence(growth=[Growth("row", 2.0)]), loop_share=share) == found


def test_a_loop_of_few_heavy_passes_weighs_where_nothing_else_does_and_numpy_needs_none() -> None:
    loop = {"growth": [Growth("row", 2.0)]}
    assert codes(evidence(**loop, plain_ns=1500.0)) == ["python_loop"]
    assert codes(evidence(**loop, plain_ns=9000.0)) == ["numpy_itself"]
    assert codes(evidence(**loop, plain_ns=1500.0, made=made(extra_bytes=300_000))) == [
        "temporaries"
    ]


def test_a_loop_names_its_sizes_and_its_line() -> None:
    growth = [Growth("row", 3.0), Growth("column", 3.0), Growth("term", 0.0)]
    (cause,) = find_causes(evidence(growth=growth, lines=40_235), timing(), "", 0.5)
    what = ", some for each row and each column"
    assert cause == Cause("python_loop", "measured", what, "40,235", (PLACE,), 5050.0)
    (cause,) = find_causes(evidence(growth=growth), timing(), "", 1.0)
    assert cause.cost_ns == 9000.0  # no more than what remains


def test_where_counting_ended_there_is_a_loop_even_if_no_call_came_to_its_end() -> None:
    endless = evidence(more=True, lines=200_000)
    (cause,) = find_causes(endless, None, "")
    assert (cause.code, cause.what, cause.value) == ("python_loop", "", "more than 200,000")
    assert find_causes(evidence(), None, "") == ()


# -- arrays that are read ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "code", "what"),
    [
        (DOUBLE, "float64_arrays", "parameters are float64"),
        (STREWN, "layout", "inputs"),
        (UNALIGNED, "layout", "inputs"),
    ],
)
def test_arrays_that_are_read_count_by_what_was_gained_without_them(
    fact: ArrayFacts, code: str, what: str
) -> None:
    (cause,) = find_causes(evidence(CLEAN, fact, cleaned_ns=5050.0), timing(), "")
    assert (cause.code, cause.certainty, cause.what) == (code, "measured", what)
    assert (cause.value, cause.cost_ns) == ("2.0", 5050.0)
    assert codes(evidence(CLEAN, fact, cleaned_ns=9300.0)) == []  # gained less than a tenth
    assert codes(evidence(CLEAN, fact)) == []  # could not be replaced: nothing is claimed


def test_the_dtype_of_the_result_alone_says_nothing_of_what_is_read() -> None:
    assert codes(evidence(CLEAN, RESULT_DOUBLE, cleaned_ns=5050.0)) == []


# -- arrays that are made ------------------------------------------------------------------


def test_arrays_beside_the_needed_ones_cost_what_a_copy_of_them_costs() -> None:
    (cause,) = find_causes(evidence(made=made(extra_bytes=80_000)), timing(), "")
    assert (cause.code, cause.certainty, cause.cost_ns) == ("temporaries", "likely", 2000.0)
    assert (cause.what, cause.value) == ("40 kB", "80 kB")
    assert codes(evidence(made=made(extra_bytes=35_000))) == []
    assert codes(evidence(made=made())) == []


def test_float64_arrays_are_told_from_others() -> None:
    found = evidence(made=made(double_bytes=160_000))
    (cause,) = find_causes(found, timing(), "")
    assert (cause.code, cause.what) == ("float64_copies", "are most likely")
    assert (cause.value, cause.cost_ns) == ("160 kB", 4000.0)
    (cause,) = find_causes(structs.replace(found, arrays=(CLEAN, RESULT_DOUBLE)), timing(), "")
    assert cause.what == "are"


def test_copies_that_go_with_the_arrays_read_do_not_count_twice() -> None:
    both = evidence(DOUBLE, made=made(double_bytes=160_000, extra_bytes=80_000), cleaned_ns=7100.0)
    costs = {cause.code: cause.cost_ns for cause in find_causes(both, timing(), "")}
    assert costs == {"float64_arrays": 3000.0, "float64_copies": 1000.0, "temporaries": 2000.0}
    more = structs.replace(both, times=structs.replace(both.times, cleaned_ns=4600.0))
    costs = {cause.code: cause.cost_ns for cause in find_causes(more, timing(), "")}
    assert costs == {"float64_arrays": 5500.0}


@pytest.mark.parametrize(
    ("sizes", "double"),
    [
        ((40_000, 40_000), 0),
        ((80_000, 40_000), 80_000),
        ((80_000, 80_000, 80_000), 240_000),
        ((120_000, 79_999), 0),
        ((20_000,), 0),  # twice as many numbers as one array has, in float32 those of another
        ((16,), 0),
    ],
)
def test_float64_is_known_by_size(sizes: tuple[int, ...], double: int) -> None:
    sorted_out = sort_allocations(
        sizes,
        count=len(sizes),
        total_bytes=sum(sizes),
        needed_elements=10_000,
        array_elements=frozenset({10_000, 2500, 5000, 2}),
        makers=(),
    )
    assert sorted_out.double_bytes == double
    assert sorted_out.needed_bytes == 40_000


# -- BLAS, calls, NumPy --------------------------------------------------------------------


def test_a_slow_product_is_named_with_its_library() -> None:
    slow = evidence(product_ns=4100.0, native_product_ns=1000.0)
    (cause,) = find_causes(slow, timing(), "openblas")
    assert (cause.code, cause.what, cause.value, cause.cost_ns) == (
        *("slow_product", "openblas", "4.0"),
        3000.0,
    )
    assert codes(evidence(product_ns=1800.0, native_product_ns=1000.0)) == []
    # Not the reason for what a loop takes, and too little beside something greater.
    loop = [Growth("row", 3.0)]
    looping = evidence(product_ns=4100.0, native_product_ns=1000.0, growth=loop)
    assert codes(looping, loop_share=0.5) == ["python_loop"]
    assert codes(looping) == []
    assert codes(evidence(product_ns=410.0, native_product_ns=100.0)) == []


def test_what_a_call_takes_without_data_counts_beyond_the_unavoidable() -> None:
    (cause,) = find_causes(evidence(smallest_ns=4100.0), timing(), "")
    assert (cause.code, cause.value, cause.cost_ns) == ("call_overhead", "4.1us", 4000.0)
    assert codes(evidence(smallest_ns=900.0)) == []


def test_waiting_is_what_the_clock_has_beyond_the_work() -> None:
    waits = replace(timing(), waits=True)
    busy = evidence(subject_ns=3100.0, smallest_ns=2100.0)
    overhead, waiting = sorted(find_causes(busy, waits, ""), key=lambda cause: cause.code)
    assert (waiting.code, waiting.value, waiting.cost_ns) == ("waiting", "69%", 7000.0)
    assert overhead.cost_ns == 2000.0  # CPU time as it is, not stretched to the clock's
    assert codes(evidence(subject_ns=3100.0)) == []


def test_numpy_itself_comes_last_and_not_beside_a_loop_or_a_slow_product() -> None:
    assert codes(evidence(plain_ns=8100.0, smallest_ns=2100.0)) == ["call_overhead", "numpy_itself"]
    assert codes(evidence(plain_ns=1900.0)) == []
    assert codes(evidence(plain_ns=1900.0, subject_ns=2000.0), subject_ns=2000.0) == [
        "numpy_itself"
    ]
    assert codes(evidence(plain_ns=1205.0, subject_ns=2000.0), subject_ns=2000.0) == []
    loop = [Growth("row", 3.0)]
    assert codes(evidence(plain_ns=8100.0, growth=loop), loop_share=0.5) == ["python_loop"]
    slow = {"product_ns": 4100.0, "native_product_ns": 1000.0}
    assert codes(evidence(plain_ns=8100.0, **slow)) == ["slow_product"]


def test_causes_are_scaled_to_the_rounds_and_the_weightiest_comes_first() -> None:
    found = evidence(
        made=made(extra_bytes=80_000), smallest_ns=800.0, subject_ns=5050.0, copy_ns=500.0
    )
    costs = {cause.code: cause.cost_ns for cause in find_causes(found, timing(), "")}
    assert list(costs.items()) == [("temporaries", 2000.0), ("call_overhead", 1500.0)]


def test_without_times_only_a_loop_is_claimed() -> None:
    found = structs.replace(evidence(DOUBLE, made=made(10**6)), times=None)
    assert codes(found) == []


# -- what is left --------------------------------------------------------------------------


def cause(cost_ns: float | None) -> Cause:
    return Cause("temporaries", "likely", "", "", (), cost_ns)


@pytest.mark.parametrize(
    ("costs", "share"),
    [((), 1.0), ((4500.0,), 0.5), ((4500.0, 9000.0), 0.0), ((900.0, None), 0.0)],
)
def test_the_share_that_no_cause_accounts_for(
    costs: tuple[float | None, ...], share: float
) -> None:
    assert unexplained_share(tuple(map(cause, costs)), timing()) == pytest.approx(share)


def test_code_that_beats_the_reference_has_nothing_unexplained() -> None:
    assert unexplained_share((), timing(900.0)) == 0.0
