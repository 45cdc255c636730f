"""What was observed about one operation, apart from its score: facts without a judgement.

All of it is gathered in a worker process of its own, after the timed rounds
are over, so that looking cannot disturb what is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

__all__ = [
    "Allocations",
    "ArrayFacts",
    "Evidence",
    "Growth",
    "Lines",
    "Place",
    "Times",
    "sort_allocations",
]

ArrayRole = Literal["input", "parameter", "result"]

_SMALLEST_BYTES = 1024
"""Arrays below this are numbers and shapes, not data."""


class Place(msgspec.Struct, frozen=True):
    """A line of the student's code, such as `tinytorch/core/tensor.py:131`, and its count.

    `count` is how often it ran, or how many bytes of arrays it asked for. `text` is the line
    itself and `edited_at` where its author edits it, such as a cell of a notebook; empty where
    the file was not looked at. All of it is foreign text.
    """

    line: str
    count: int
    text: str = ""
    edited_at: str = ""


class Growth(msgspec.Struct, frozen=True):
    """How many lines of Python more are run for one more of a size, such as "row"."""

    size: str
    lines: float


class Lines(msgspec.Struct, frozen=True):
    """Lines of Python that run in one call, of the student's code and of all it calls.

    `total` is of the operation as it is, at least that where `more` is true: then
    nobody waited for the end, and `growth` is that of the operation with all
    sizes halved `halvings` times. `growth` has no entry for a size that could not be changed.
    """

    total: int
    more: bool
    growth: tuple[Growth, ...]
    halvings: int
    busiest: tuple[Place, ...]


class Allocations(msgspec.Struct, frozen=True):
    """Arrays that one call makes.

    `needed_bytes` is what no program can do without: the result and what must be
    stored on the way to it, in float32. `double_bytes` counts arrays that are
    exactly twice as large as one of the operation's own in float32. `makers` are the lines
    that asked for most bytes.
    """

    count: int
    total_bytes: int
    needed_bytes: int
    double_bytes: int
    makers: tuple[Place, ...]


class ArrayFacts(msgspec.Struct, frozen=True):
    """One array that the operation reads or returns.

    `dense` means that its numbers lie side by side, in C or in Fortran order;
    `aligned` that each starts at a multiple of its size.
    """

    role: ArrayRole
    dtype: str
    dense: bool
    aligned: bool


class Times(msgspec.Struct, frozen=True):
    """CPU time of one call of each, in ns, taken in turns. None where it could not be had.

    Attributes
    ----------
    subject_ns
        The operation as it is.
    smallest_ns
        The same code on arrays of two numbers a side: what does not depend on the data.
    plain_ns
        The expression that one would write with NumPy alone.
    cleaned_ns
        The same code, given its inputs and parameters as dense, aligned float32.
    product_ns, native_product_ns
        The largest matrix product in it by `np.matmul` and by the native kernel.
    copy_ns
        Making one more array of `copied_bytes` and filling it, `array.copy()`: as large as
        the largest that the code makes, so that smaller ones are not made to look dearer.
    """

    subject_ns: float
    smallest_ns: float | None
    plain_ns: float | None
    cleaned_ns: float | None
    product_ns: float | None
    native_product_ns: float | None
    copy_ns: float
    copied_bytes: int


class Evidence(msgspec.Struct, frozen=True):
    """All that was seen of one operation. `times` is None where a call takes too long."""

    lines: Lines
    allocations: Allocations | None
    arrays: tuple[ArrayFacts, ...]
    times: Times | None


def sort_allocations(
    sizes: Iterable[int],
    *,
    count: int,
    total_bytes: int,
    needed_elements: int,
    array_elements: frozenset[int],
    makers: tuple[Place, ...],
) -> Allocations:
    """Tell arrays of float64 from others by their size alone.

    Parameters
    ----------
    sizes
        Bytes of each array that was made.
    array_elements
        How many numbers the operation's own arrays have. A size counts as
        double if it is that of one of them with 8 bytes a number, and of none with 4.
    """
    single = {4 * elements for elements in array_elements}
    double = {8 * elements for elements in array_elements} - single
    return Allocations(
        count=count,
        total_bytes=total_bytes,
        needed_bytes=4 * needed_elements,
        double_bytes=sum(size for size in sizes if size in double and size >= _SMALLEST_BYTES),
        makers=makers,
    )
