"""What a kind of operation is: all that anything here knows of it, in one object."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tito_bench import _native
from tito_bench.kinds.sizes import Form, Sizes
from tito_bench.score import FLOPS_PER_CALL
from tito_bench.workloads.inputs import make_weights
from tito_bench.workloads.operation import Operation

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels
    from tito_bench.subjects.models import StudentModel
    from tito_bench.subjects.operation import Arrays
    from tito_bench.subjects.package import Package

__all__ = ["BYTES_FORMULA", "WEIGHTS_SEED", "Kind", "OperationWork"]

BYTES_FORMULA = "4 bytes x (elements of the inputs, the parameters and the result)"
"""Every input and parameter is read once, the result is written once."""
WEIGHTS_SEED = 20
"""Weights are the same in every run: only inputs vary."""

_SHIPPED = Path(__file__).parents[1] / "data" / "capstone_weights.npz"
_MOSTLY = 0.1
_UNPACKED = 1_000_000
"""Multiply-adds up to which a product goes without packing; OpenBLAS's own limit where it does."""
_ROOM = 32_768
"""Floats in which the panels take turns: 128 KiB, a part of any second cache."""


@dataclass(frozen=True)
class OperationWork:
    """One call of an operation.

    `flops` counts a multiply-add as two; `formula` says how, for people.
    `bytes` is the least that must move, whatever computes it, so that
    `intensity` belongs to the definition and not to an implementation.
    """

    flops: int
    bytes: int
    bytes_written: int
    formula: str

    @property
    def intensity(self) -> float:
        """FLOP per byte."""
        return self.flops / self.bytes

    @property
    def mostly_reads(self) -> bool:
        """Whether it writes so much less than one byte of three that a triad is no model of it."""
        return self.bytes_written < _MOSTLY * self.bytes


class Kind(ABC):
    """One kind of operation. An operation of it is data: `workloads.operation.Operation`.

    Attributes
    ----------
    name
        What an operation's `kind` says.
    student_methods
        Methods of the student's classes that compute it, where a loop may be looked for.
    form
        The letters of its shapes.
    flops_formula
        How `flops` counts, for people.
    multiplies
        Whether there are products of matrices in it, which a BLAS may compute faster.
    packs
        Whether the kernel's first product packs its operands (see `native`).
    flops_per_call
        The arithmetic that is worth a smallest array call, where it is done in loops of Python.
    mostly_reads_inputs
        Whether reading its inputs is most of what it does: then only a slow call can
        gain by remembering results (worker/input_perturbation.py).
    """

    name: ClassVar[str]
    student_methods: ClassVar[tuple[str, ...]]
    form: ClassVar[Form]
    flops_formula: ClassVar[str]
    multiplies: ClassVar[bool] = True
    packs: ClassVar[bool] = False
    flops_per_call: ClassVar[int] = FLOPS_PER_CALL
    mostly_reads_inputs: ClassVar[bool] = False

    # -- what it is ------------------------------------------------------------------------

    @abstractmethod
    def flops(self, operation: Operation) -> int:
        """Return the arithmetic operations of one call; a multiply-add counts as two."""

    def sizes(self, operation: Operation) -> Sizes:
        """Return the sizes of `operation`, by letter."""
        return Sizes(operation, self.form)

    def output_shape(self, operation: Operation) -> tuple[int, ...]:
        """Return the shape of the result."""
        return self.sizes(operation).result_shape

    def work(self, operation: Operation) -> OperationWork:
        """Return what one call does, by its definition."""
        shapes = (*operation.inputs, *operation.weights)
        result = math.prod(self.output_shape(operation))
        moved = 4 * (sum(map(math.prod, shapes)) + result)
        return OperationWork(self.flops(operation), moved, 4 * result, self.flops_formula)

    def weights(self, operation: Operation) -> Arrays:
        """Return float32 C-contiguous parameters, the same in every run.

        They are the shipped ones where the operation names a trained model, else seeded.
        """
        if operation.trained is None:
            return make_weights(operation.weights, WEIGHTS_SEED)
        with np.load(_SHIPPED, allow_pickle=False) as stored:
            return tuple(
                np.ascontiguousarray(stored[f"{operation.trained}.{index}"], dtype=np.float32)
                for index in range(len(operation.weights))
            )

    # -- the native reference, and what is right ---------------------------------------------

    @abstractmethod
    def bind(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        """Return the kernel bound to its arrays, float32 and C-contiguous."""

    def native(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        """Return the native reference: the kernel, after the packing of a large product.

        The kernel itself does without, but no Python program can: whatever BLAS its products
        go through packs both operands (Goto and van de Geijn, "Anatomy of high-performance
        matrix multiplication", ACM TOMS 34(3), 2008). That takes as long with wide vectors as
        with narrow ones, so that without it the same code scores less where they are wide.
        A BLAS in the kernel's place packs by itself.
        """
        call = self.bind(kernels, inputs, weights, out)
        if not self.packs or kernels.calls_blas:
            return call
        a, b = (*inputs, *weights)[:2]
        if a.size * b.shape[1] <= _UNPACKED:
            return call
        return _native.chain([_pack(a, columns=False), _pack(b, columns=True), call])

    @abstractmethod
    def tolerance(self, inputs: Arrays, weights: Arrays, expected: np.ndarray) -> float:
        """Return the largest absolute difference that rounding explains, for any element.

        `expected` is the native result, to whose size the error of deep models is relative.
        """

    def recompute(  # noqa: B027 - most kinds have one right result
        self, variant: str, inputs: Arrays, weights: Arrays, expected: np.ndarray
    ) -> None:
        """Put another right result into `expected`, where the subject's `variant` is one."""

    # -- the subjects ------------------------------------------------------------------------

    @abstractmethod
    def numpy(self, weights: Arrays) -> Callable[..., object]:
        """Return what a student would write with NumPy alone: inputs -> result."""

    @abstractmethod
    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        """Return it built of the student's own code, with these parameters.

        Raises:
            Missing: a name it needs is not in the student's package yet.
            StudentCodeError: the student's code failed, or cannot take the weights.
        """


def _pack(operand: np.ndarray, *, columns: bool) -> Call:
    steps = operand.shape[0 if columns else 1]
    # Written once: a page that was never written reads falsely fast.
    panels = np.full(max(_ROOM, _native.PANEL * steps), np.nan, dtype=np.float32)
    return _native.pack(operand, panels, columns=columns)
