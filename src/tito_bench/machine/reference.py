"""The reference machine, whose card is part of the package.

A slowdown means the same everywhere; times of the reference machine put it
into milliseconds that people on different machines can compare.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from tito_bench.machine.card import CARD, Card
from tito_bench.records.schema import decode

__all__ = ["reference_card", "reference_ms", "reference_name"]

_FILE = "reference_card.json"


@cache
def reference_card() -> Card:
    """The card of the reference machine, made there by `benchmark calibrate --output`."""
    data = files("tito_bench").joinpath("data", _FILE).read_bytes()
    return decode(CARD, data, _FILE).value


def reference_ms(operation: str, version: int, slowdown: float) -> float | None:
    """What code with this slowdown would take for one call on the reference machine, in ms.

    That is the slowdown times what a Python program must pay there (the kernel
    and its unavoidable array calls), because that is what slowdowns are
    relative to. None where the card has no such operation in this version.
    """
    for time in reference_card().operations:
        if time.name == operation and time.version == version:
            return slowdown * time.reference_ns / 1e6
    return None


def reference_name() -> str:
    """The reference machine for people: its CPU and the kernels used, never a single machine."""
    found = reference_card().fingerprint
    return f"{found.cpu_model}, {found.kernel_target}"
