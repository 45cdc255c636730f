"""No cell, sum or difference of a published table is about fewer than five people."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from tito_bench.community.small_groups import OTHER, suppress_small_groups

from tito_bench_server.releases.suppression import (
    TOTAL,
    Suppressed,
    determined_cells,
    suppress,
)

K = 5
_COLUMNS = [f"c{n}" for n in range(6)]
_small = st.integers(0, 12) | st.integers(0, 400)
tables = st.dictionaries(
    st.integers(0, 5), st.dictionaries(st.sampled_from(_COLUMNS), _small, max_size=6), max_size=6
)


def _counted(result: Suppressed) -> dict[object, Mapping[object, int]]:
    """The rows that are published: those of enough people, and the sums over them."""
    found = {row: cells for row, cells in result.counts.items() if sum(cells.values()) >= K}
    sums: dict[object, int] = {}
    for row, cells in found.items():
        if row != TOTAL:
            for column, count in cells.items():
                sums[column] = sums.get(column, 0) + count
    assert sums == result.counts[TOTAL]
    return found


def _hidden(result: Suppressed) -> list[tuple[object, object]]:
    return [
        (row, column)
        for row, cells in _counted(result).items()
        for column in cells
        if column not in result.visible[row]
    ]


def _published_equations(result: Suppressed) -> list[dict[tuple[object, object], int]]:
    """Every published sum as coefficients of the hidden cells, all else being known."""
    hidden = set(_hidden(result))
    equations = [
        {(row, c): 1 for c in cells if (row, c) in hidden}
        for row, cells in _counted(result).items()
    ]
    equations += [
        {(r, column): -1 if r == TOTAL else 1 for r in _counted(result) if (r, column) in hidden}
        for column in result.counts[TOTAL]
    ]
    return [one for one in equations if one]


def _follows(
    cell: tuple[object, object], equations: list[dict[tuple[object, object], int]]
) -> bool:
    """Whether the cell lies in the row space of the equations (exact elimination)."""
    order = sorted({c for one in equations for c in one} | {cell}, key=str)
    pivots: list[tuple[int, list[Fraction]]] = []

    def reduced(vector: list[Fraction]) -> list[Fraction]:
        for place, pivot in pivots:
            if vector[place]:
                factor = vector[place] / pivot[place]
                vector = [a - factor * b for a, b in zip(vector, pivot, strict=True)]
        return vector

    for one in equations:
        vector = reduced([Fraction(one.get(c, 0)) for c in order])
        place = next((i for i, value in enumerate(vector) if value), None)
        if place is not None:
            pivots.append((place, vector))
    return not any(reduced([Fraction(c == cell) for c in order]))


def _check(result: Suppressed) -> None:
    for row, cells in _counted(result).items():
        for column in result.visible[row]:
            assert cells[column] >= K, "a small cell is shown"
        rest = result.hidden_sum(row)
        assert rest == 0 or rest >= K, "total less shown cells is about few"
    for row in set(result.counts) - set(_counted(result)):
        assert result.visible[row] == frozenset(), "a row of few people shows something"
    for column in result.visible[TOTAL]:
        inner = sum(
            cells.get(column, 0)
            for row, cells in _counted(result).items()
            if row != TOTAL and column not in result.visible[row]
        )
        assert inner == 0 or inner >= K, "a sum over rows less shown cells is about few"
    equations = _published_equations(result)
    for row, column in _hidden(result):
        if result.counts[row][column] < K:
            assert not _follows((row, column), equations), "a hidden small cell can be computed"


@given(tables)
@settings(max_examples=300, deadline=None)
def test_nothing_small_can_be_read_or_computed(counts: Mapping[int, Mapping[str, int]]) -> None:
    _check(suppress(counts, K))


@given(tables, tables, st.sets(st.integers(0, 5)))
@settings(max_examples=300, deadline=None)
def test_rows_that_were_published_before_stay(
    before: Mapping[int, Mapping[str, int]],
    after: Mapping[int, Mapping[str, int]],
    released: set[int],
) -> None:
    first = suppress(before, K)
    frozen = {row: first.visible[row] for row in before if row not in released}
    now = {row: before[row] for row in frozen} | {r: c for r, c in after.items() if r in released}
    second = suppress(now, K, frozen)
    for row, visible in frozen.items():
        assert second.visible[row] == visible
    _check(second)


@given(st.sets(st.tuples(st.integers(0, 4), st.sampled_from(_COLUMNS))))
@settings(max_examples=300, deadline=None)
def test_bridges_are_what_elimination_finds(hidden: set[tuple[int, str]]) -> None:
    rows, columns = {r for r, _ in hidden}, {c for _, c in hidden}
    equations: list[dict[tuple[object, object], int]] = [
        {cell: 1 for cell in hidden if cell[0] == row} for row in rows
    ]
    equations += [{cell: 1 for cell in hidden if cell[1] == column} for column in columns]
    expected = {cell for cell in hidden if _follows(cell, equations)}
    assert determined_cells(hidden) == expected


@given(st.dictionaries(st.sampled_from(_COLUMNS), _small))
@settings(max_examples=300, deadline=None)
def test_a_course_of_one_cohort_shows_what_a_class_of_files_shows(counts: dict[str, int]) -> None:
    """`tito-bench community stats --from` and the server keep to the same rule."""
    of_files = set(suppress_small_groups(counts, K)) - {OTHER}
    assert suppress({1: counts}, K).visible[1] == of_files


def test_large_cells_are_shown() -> None:
    result = suppress({1: {"KE": 40, "DE": 30}, 2: {"KE": 25, "DE": 60}}, K)
    assert result.visible[1] == result.visible[2] == result.visible[TOTAL] == {"KE", "DE"}


def test_one_small_country_takes_another_with_it() -> None:
    result = suppress({1: {"KE": 40, "DE": 30, "UG": 2}}, K)
    assert result.visible[1] == {"KE"}
    assert result.visible[TOTAL] == {"KE"}


@pytest.mark.parametrize("counts", [{}, {1: {}}, {1: {"KE": 4}}])
def test_few_people_have_no_table(counts: Mapping[int, Mapping[str, int]]) -> None:
    assert all(not shown for shown in suppress(counts, K).visible.values())
