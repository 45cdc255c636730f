"""P2: which cells of a table of counts may be shown, so that none can be worked out.

A table has rows (cohorts) and columns (cells such as countries), the sum over
all rows of each column, and of each row the sum of what it hides. Cells below
`smallest` are hidden. Then others are hidden with them until

- no line hides a single cell, and what a line hides is nobody or at least
  `smallest` people: sums minus shown cells say no more;
- no hidden cell below `smallest` can be computed from all that is shown together.

The second is exact. Every published sum is an equation over the hidden cells,
each of which stands in one row's and one column's equation: the cells are the
edges of a graph whose nodes are the lines. A value is determined by the
equations if and only if its edge is a bridge (D. Gusfield, "A graph theoretic
approach to statistical data security", SIAM Journal on Computing 17, 1988).
A row of fewer than `smallest` people is left out, of the sums too: they less
the other rows would tell how many it has.

This assumes exact sums. What is published is floored besides, so an attacker
knows less.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["TOTAL", "Cell", "Suppressed", "determined_cells", "suppress"]

Line = int | str
Cell = tuple[Line, Line]
TOTAL: Final = "total over all rows"


@dataclass(frozen=True)
class Suppressed:
    """What may be shown: `visible` by row, the row `TOTAL` among them.

    Rows that were left out show nothing.
    """

    counts: Mapping[Line, Mapping[Line, int]]
    visible: Mapping[Line, frozenset[Line]]

    def hidden_sum(self, row: Line) -> int:
        """Return how many people the hidden cells of a row hold together."""
        counts = self.counts[row]
        return sum(count for column, count in counts.items() if column not in self.visible[row])


def suppress(
    counts: Mapping[Line, Mapping[Line, int]],
    smallest: int,
    frozen: Mapping[Line, frozenset[Line]] | None = None,
) -> Suppressed:
    """Return which cells may be shown.

    Parameters
    ----------
    counts
        People by row and column; empty cells may be left out. The sums over all
        rows are added as the row `TOTAL`.
    smallest
        No shown cell, and no sum of hidden cells of a line, counts fewer.
    frozen
        Of rows that were published before and stay as they are, the cells
        that they show. Nothing more is hidden there and nothing more shown.
    """
    frozen = frozen or {}
    people = {row: {c: n for c, n in cells.items() if n > 0} for row, cells in counts.items()}
    whole = {row: cells for row, cells in people.items() if sum(cells.values()) >= smallest}
    whole[TOTAL] = _sums(whole.values())
    table = _Table(whole, smallest, frozenset(frozen))
    for row, cells in whole.items():
        for column, count in cells.items():
            if count < smallest or (row in frozen and column not in frozen[row]):
                table.hidden.add((row, column))
    while table.hide_complements() or table.hide_determined():
        pass
    visible = {
        row: frozenset(c for c in whole.get(row, ()) if (row, c) not in table.hidden)
        for row in [*people, TOTAL]
    }
    return Suppressed(people | {TOTAL: whole[TOTAL]}, visible)


def determined_cells(hidden: Iterable[Cell]) -> set[Cell]:
    """Return the hidden cells whose value follows from the published sums: the bridges.

    Iterative depth-first search (R. Tarjan, 1974), linear in the cells.
    """
    neighbours: dict[Hashable, list[tuple[Hashable, Cell]]] = {}
    for row, column in hidden:
        cell = (row, column)
        ends: tuple[Hashable, Hashable] = (("row", row), ("column", column))
        neighbours.setdefault(ends[0], []).append((ends[1], cell))
        neighbours.setdefault(ends[1], []).append((ends[0], cell))
    order: dict[Hashable, int] = {}
    low: dict[Hashable, int] = {}
    bridges: set[Cell] = set()
    for start in neighbours:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        path: list[tuple[Hashable, Cell | None, Iterator[tuple[Hashable, Cell]]]]
        path = [(start, None, iter(neighbours[start]))]
        while path:
            node, came_by, rest = path[-1]
            step = next(rest, None)
            if step is None:
                path.pop()
                if path and came_by is not None:
                    before = path[-1][0]
                    low[before] = min(low[before], low[node])
                    if low[node] > order[before]:
                        bridges.add(came_by)
                continue
            other, cell = step
            if cell == came_by:
                continue
            if other in order:
                low[node] = min(low[node], order[other])
            else:
                order[other] = low[other] = len(order)
                path.append((other, cell, iter(neighbours[other])))
    return bridges


@dataclass
class _Table:
    counts: Mapping[Line, Mapping[Line, int]]
    smallest: int
    frozen: frozenset[Line]

    def __post_init__(self) -> None:
        self.hidden: set[Cell] = set()
        self._columns: dict[Line, list[Line]] = {}
        for row, cells in self.counts.items():
            for column in cells:
                self._columns.setdefault(column, []).append(row)

    def hide_complements(self) -> bool:
        """Hide one more cell in each line that gives a hidden one away; True if any was."""
        found = False
        for row, cells in self.counts.items():
            mine = [(row, column) for column in cells]
            if row not in self.frozen and self._tells(mine, self._sum(mine)):
                found |= self._hide_smallest(mine)
        for column, rows in self._columns.items():
            mine = [(row, column) for row in rows]
            # Where the sum over all rows is hidden, the rest adds up to nothing known.
            open_sum = (TOTAL, column) not in self.hidden
            inner = self._sum([cell for cell in mine if cell[0] != TOTAL]) if open_sum else 0
            if self._tells(mine, inner):
                found |= self._hide_smallest(mine)
        return found

    def hide_determined(self) -> bool:
        """Hide one more cell beside each hidden one that can be computed; True if any was."""
        found = False
        for row, column in determined_cells(self.hidden):
            if self.counts[row][column] >= self.smallest:
                continue  # it tells of a group that may be shown
            found |= (
                self._hide_smallest([(other, column) for other in self._columns[column]])
                or self._hide_smallest([(row, other) for other in self.counts[row]])
                # Through the sums every two columns are connected: enough of them always help.
                or self._hide_smallest([(TOTAL, other) for other in self.counts[TOTAL]])
            )
        return found

    def _sum(self, cells: Iterable[Cell]) -> int:
        return sum(
            self.counts[row][column] for row, column in cells if (row, column) in self.hidden
        )

    def _tells(self, cells: Iterable[Cell], hidden_sum: int) -> bool:
        return sum(cell in self.hidden for cell in cells) == 1 or 0 < hidden_sum < self.smallest

    def _hide_smallest(self, cells: Iterable[Cell]) -> bool:
        """Hide the smallest cell that is still shown and may be hidden, a sum last."""
        shown = [one for one in cells if one not in self.hidden and one[0] not in self.frozen]
        if not shown:
            return False
        shown.sort(key=str, reverse=True)  # of equal ones the last by name, as in a class's tables
        smallest = min(shown, key=lambda one: (one[0] == TOTAL, self.counts[one[0]][one[1]]))
        self.hidden.add(smallest)
        return True


def _sums(rows: Iterable[Mapping[Line, int]]) -> dict[Line, int]:
    found: dict[Line, int] = {}
    for cells in rows:
        for column, count in cells.items():
            found[column] = found.get(column, 0) + count
    return found
