"""One operation of a suite, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Operation"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operation:
    """What is computed, on which shapes, and how it counts.

    Attributes
    ----------
    name
        Unique in its suite, for example ``"matmul_256"``.
    group
        The group of the score it belongs to, for example ``"matmul"``.
    kind
        What subjects and kernels know it by: ``"add"``, ``"mul"``,
        ``"matmul"``, ``"mlp"``, ``"cnn"`` or ``"transformer"``.
    inputs
        Shapes of the float32 inputs; fresh values in every round.
    weights
        Shapes of the float32 parameters; fixed for the whole run.
    dispatch_calls
        Array calls that a Python program cannot avoid (docs/design/score.md).
    scored
        Whether it counts, or is only shown.
    version
        Raised whenever the definition changes; records of different versions
        cannot be compared.
    trained
        The name of its shipped parameters; None where they are drawn from a seed.
    """

    name: str
    group: str
    kind: str
    inputs: tuple[Shape, ...]
    dispatch_calls: int
    weights: tuple[Shape, ...] = ()
    scored: bool = True
    version: int = 1
    trained: str | None = None
