"""The machine card: what `benchmark calibrate` found this machine able to do.

Kept in `.tinytorch/calibration.json`. Figures are medians over rounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from tito_bench.errors import StoreError
from tito_bench.machine.environment import Machine, Runtime
from tito_bench.machine.fingerprint import Fingerprint
from tito_bench.measure.verdict import reason
from tito_bench.note import Note
from tito_bench.records.project_layout import Layout
from tito_bench.records.schema import DocumentKind, Unreadable, decode
from tito_bench.records.store import read_bytes, show_path
from tito_bench.statistics import mdape, median

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CALIBRATION",
    "Bandwidth",
    "Calibration",
    "Clocks",
    "Figure",
    "OperationTime",
    "SgemmSpeed",
    "TargetSpeed",
    "calibration_drift",
    "calibration_path",
    "matching_calibration",
    "stored_calibration",
]

SLOWEST_DRIFT = 1.15
"""Native times this many times those of the card are a reason to doubt a run."""


class Figure(msgspec.Struct, frozen=True):
    """A figure of several rounds: their median, and how far they scatter about it.

    `mdape` is the median absolute deviation from the median, as a fraction of it.
    """

    median: float
    mdape: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """Return the figure of these values. Raises ValueError on none."""
        if not values:
            raise ValueError("a figure of no rounds")
        return cls(median(values), mdape(values), len(values))


class SgemmSpeed(msgspec.Struct, frozen=True):
    """A product of two n x n float32 matrices; `peak_share` is 1 at the peak of the target."""

    n: int
    gflops: Figure
    peak_share: Figure


class TargetSpeed(msgspec.Struct, frozen=True):
    """One kernel target on one core: its multiply-add peak, and matrix products."""

    target: str
    peak_gflops: Figure
    sgemm: list[SgemmSpeed]


class Bandwidth(msgspec.Struct, frozen=True):
    """GB/s (10^9 bytes) of one core over three arrays that take `working_set_kib` together.

    Two arrays are read and one is written; what a cache reads before it
    writes is not counted, as in STREAM.
    """

    working_set_kib: int
    triad_gb_s: Figure
    add_gb_s: Figure


class Clocks(msgspec.Struct, frozen=True):
    """What clocks cost, in ns: one reading from Python, and all of them around an empty sample."""

    wall_reading_ns: Figure
    thread_cpu_reading_ns: Figure
    empty_sample_ns: Figure


class OperationTime(msgspec.Struct, frozen=True):
    """A baseline operation, natively: kernel, and with the array calls Python cannot avoid.

    Taken as `benchmark baseline` takes them, with NumPy as the subject.
    """

    name: str
    version: int
    native_ns: float
    reference_ns: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found; `schema` is kept by the document (`records.schema`)."""

    kind: str = "calibration"
    created_at: str
    tito_bench_version: str
    quick: bool
    fingerprint: Fingerprint
    machine: Machine
    runtime: Runtime
    targets: list[TargetSpeed]
    bandwidth: list[Bandwidth]
    dispatch_ns: Figure
    clocks: Clocks
    operations: list[OperationTime]
    environment: list[Note]


CALIBRATION = DocumentKind("calibration", Calibration, 1)


def calibration_path(root: Path) -> Path:
    """Return where the project at `root` keeps its card."""
    return Layout(root).calibration


def matching_calibration(path: Path, fingerprint: Fingerprint) -> Calibration | None:
    """Return the stored card, if it is of this kind of machine with these kernels; else None."""
    card = stored_calibration(path)
    return card if card is not None and card.fingerprint == fingerprint else None


def stored_calibration(path: Path) -> Calibration | None:
    """Return the stored card, of whichever machine; None where there is none.

    A card is a help, not a need: one that cannot be read counts as none here
    and stays as it is; `tito-bench doctor` names it.
    """
    try:
        data = read_bytes(path)
        return None if data is None else decode(CALIBRATION, data, show_path(path)).value
    except (StoreError, Unreadable):
        return None


def calibration_drift(card: Calibration, record_native_ns: Mapping[str, float]) -> Note | None:
    """Return the reason to doubt a run whose kernels were much slower than at calibration, or None.

    Parameters
    ----------
    card
        The card of this machine; see `matching_calibration`.
    record_native_ns
        The native time of one call by name of the operation, in ns. Operations
        that the card does not have are left out.

    Returns
    -------
    Note
        Where the median over the operations of run / card exceeds 1.15; its
        value is how much slower, for example ``"23%"``.
    """
    ratio = _median_ratio(card, record_native_ns)
    if ratio is None or ratio <= SLOWEST_DRIFT:
        return None
    return reason("slower_than_calibrated", "kernels", f"{100 * (ratio - 1):.0f}%")


def _median_ratio(card: Calibration, record_native_ns: Mapping[str, float]) -> float | None:
    ratios = [
        record_native_ns[operation.name] / operation.native_ns
        for operation in card.operations
        if operation.name in record_native_ns and operation.native_ns > 0
    ]
    return median(ratios) if ratios and all(map(math.isfinite, ratios)) else None
