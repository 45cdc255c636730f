"""Counts that show a class without showing a person.

Every table splits the same people, and each of its cells counts at least
`smallest` of them: so neither a cell, nor the total less the other cells, is
about fewer. Where even all people together are fewer, there is no table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["OTHER", "Bin", "merge_bins", "suppress_small_groups"]

OTHER = "other"


@dataclass(frozen=True)
class Bin:
    """People whose value lies from `low` to `high`; where `low` is None, those
    without a value are among them."""

    low: float | None
    high: float
    count: int


def suppress_small_groups(counts: Mapping[str, int], smallest: int) -> dict[str, int]:
    """Return groups by size, the small ones merged into `other`; empty if nothing may be shown.

    Where the merged ones are together still too few, the next larger group
    joins them.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ordered = [(name, count) for name, count in ordered if count > 0]
    kept = [(name, count) for name, count in ordered if count >= smallest and name != OTHER]
    merged = sum(count for _, count in ordered) - sum(count for _, count in kept)
    while 0 < merged < smallest and kept:
        merged += kept.pop()[1]
    if 0 < merged < smallest:
        return {}
    return dict(kept) | ({OTHER: merged} if merged else {})


def merge_bins(bins: Sequence[Bin], smallest: int) -> tuple[Bin, ...]:
    """Merge neighbouring bins until each holds enough people; empty if nothing may be shown."""
    merged: list[Bin] = []
    for one in bins:
        if merged and merged[-1].count < smallest:
            merged[-1] = _joined(merged[-1], one)
        else:
            merged.append(one)
    while len(merged) > 1 and merged[-1].count < smallest:
        last = merged.pop()
        merged[-1] = _joined(merged[-1], last)
    if not merged or merged[0].count < smallest:
        return ()
    return tuple(merged)


def _joined(one: Bin, other: Bin) -> Bin:
    return Bin(one.low, other.high, one.count + other.count)
