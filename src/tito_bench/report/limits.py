"""What limits an operation: memory, arithmetic, the interpreter, or work that is not needed.

Only what the measurement supports; a limit is an upper bound that the figures
come close to, or a part of the time that they show to be spent elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tito_bench.report.roofline import Bound, Roof

__all__ = ["Limit", "Spent", "kernel_limit", "subject_limit"]

Limit = Literal["memory", "compute", "neither", "interpreter", "extra"]
"""`neither`: far below both roofs; `extra`: work that the operation does not need, such as
copies, conversions and temporaries, which the figures cannot tell apart from calls."""

_NEAR = 0.5
"""Half of a roof, or of the time, is near enough to name what bounds it."""


@dataclass(frozen=True)
class Spent:
    """The time of one call of the subject, in ns, and what it must pay at least.

    `interpreter_share` is the metered share of its time in loops of Python, 0 to 1; 0
    where it was not metered.
    """

    subject_ns: float
    native_ns: float
    dispatch_calls: int
    dispatch_ns: float
    interpreter_share: float = 0.0

    @property
    def kernel_share(self) -> float:
        """The kernel's own time as a part of the subject's."""
        return self.native_ns / self.subject_ns

    @property
    def calls_share(self) -> float:
        """The array calls that Python cannot avoid, as a part of the subject's time."""
        return self.dispatch_calls * self.dispatch_ns / self.subject_ns

    @property
    def rest_share(self) -> float:
        """What is left of the subject's time; 0 where it beats what it must pay."""
        return max(0.0, 1 - self.kernel_share - self.calls_share)


def kernel_limit(gflops: float, roof: Roof) -> Limit:
    """Tell what limits a native kernel that reaches `gflops` under its roof."""
    bound: Bound = roof.bound
    return bound if gflops >= _NEAR * roof.gflops else "neither"


def subject_limit(spent: Spent, kernel: Limit) -> Limit:
    """Tell what limits the subject: its kernel's limit, where most of the time is the kernel's.

    Else the interpreter, where loops of Python take that much, or where the
    unavoidable calls take more than what is left; else extra work.
    """
    if spent.kernel_share >= _NEAR:
        return kernel
    if spent.interpreter_share >= _NEAR or spent.calls_share >= spent.rest_share:
        return "interpreter"
    return "extra"
