"""What the measuring worker asks of a subject: numpy or the student's tinytorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from tito_bench.subjects.models import StudentModel
    from tito_bench.subjects.package import Package

__all__ = ["Arrays", "Subject", "SubjectKind", "SubjectOperation"]

Arrays: TypeAlias = "tuple[np.ndarray, ...]"
"""float32, C-contiguous."""


class SubjectOperation(Protocol):
    """One operation of the subject, ready to be timed."""

    @property
    def function(self) -> Callable[..., object]:
        """What is timed, as `function(*arguments)`.

        Returns exactly a `numpy.ndarray`, of any float dtype. A Tensor subject
        takes `.data` inside the timed call, so that a lazy object cannot move
        its work out of it. The caller still checks the type of every result:
        student code may return something else on a later call.
        """

    @property
    def variant(self) -> str:
        """Return which of several right results it computes; "" where there is one.

        transformer: the form of GELU, "tanh", "exact" or "sigmoid".
        """

    def arguments(self, inputs: Arrays) -> tuple[object, ...]:
        """Wrap fresh inputs into what the student's code takes (untimed).

        add, mul: two arrays of one shape; matmul: (m, k) and (k, n);
        mlp: one batch (n, in).
        """

    def inputs(self, arguments: tuple[object, ...]) -> Arrays:
        """Return the arrays that the arguments hold, to be refilled in place (untimed).

        C-contiguous, writable, float32 or float64, one for each argument.

        Raises:
            StudentCodeError: an argument holds no such array.
        """


class SubjectKind(Protocol):
    """What a subject asks of a kind of operation."""

    def numpy(self, weights: Arrays) -> Callable[..., object]:
        """Return what a student would write with NumPy alone."""

    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        """Return it built of the student's own code."""


class Subject(Protocol):
    """Whose code is measured."""

    @property
    def name(self) -> str:
        """Return "numpy" or "tinytorch"."""

    @property
    def version(self) -> str | None:
        """Return the version the package states, if it states one."""

    @property
    def file(self) -> str | None:
        """Return the display path of what was imported, None for numpy."""

    @property
    def files(self) -> dict[str, str]:
        """Return name -> display path for every name used so far."""

    @property
    def fingerprint(self) -> str | None:
        """Return a short digest of the sources of `files`, None for numpy."""

    def operation(self, kind: SubjectKind, weights: Arrays = ()) -> SubjectOperation:
        """Build one operation of a kind (`tito_bench.kinds`), with its parameters.

        Raises:
            Missing: a name it needs is not in the student's package yet.
            StudentCodeError: the student's code failed while it was built.
        """
