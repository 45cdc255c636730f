"""What the measuring worker asks of a subject: numpy or the student's tinytorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

__all__ = ["Arrays", "Subject", "SubjectOperation"]

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

    def operation(self, kind: str, weights: Arrays = ()) -> SubjectOperation:
        """Build one operation: "add", "mul", "matmul", or a model.

        "mlp" takes weights w1 (in, hidden), b1 (hidden,), w2 (hidden, out),
        b2 (out,); "cnn" and "transformer" those of `workloads.capstone`; the
        others take none.

        Raises:
            KeyError: `kind` is none of them.
            Missing: a name it needs is not in the student's package yet.
            StudentCodeError: the student's code failed while it was built.
        """
