"""The two sides of one operation: what is called, and on which arrays.

The subject's arguments are made once; their content is changed in place behind
the subject's back. So nothing can be computed before the clock runs, and no
result can be had from a memory of earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tito_bench import _native
from tito_bench.kinds import Kind, kind_of
from tito_bench.kinds.base import WEIGHTS_SEED
from tito_bench.subjects.operation import Arrays, SubjectOperation
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.oracle import disagreement, no_array

__all__ = ["PairedArrays"]

_zeros, _full = np.zeros, np.full


class PairedArrays:
    """Subject and native reference with the same weights, each with inputs of its own.

    `function(*(arguments,))` is the subject's call, which reads `inputs`; `native()` reads
    `native_inputs` and writes `expected`. Results are held against `weights`.
    """

    # No attribute can be put before a method of the same name.
    __slots__ = (
        *("_pool", "_variant", "arguments", "expected", "function"),
        *("inputs", "kind", "native", "native_inputs", "weights"),
    )

    def __init__(
        self,
        operation: Operation,
        build: Callable[[Kind, Arrays], SubjectOperation],
        kernels: _native.Kernels,
        pool: InputPool,
        hooks: _native.Hooks,
    ) -> None:
        """Make arrays, weights and arguments; `build` makes the subject's side.

        The student's code, which runs within `hooks`, is asked first: it then finds nothing of
        the native side to change. Raises whatever it raises.
        """
        self.kind = kind = kind_of(operation)
        self._pool = pool
        subject = hooks.call(build, kind, kind.weights(operation))
        self.arguments = hooks.call(subject.arguments, _filled(operation, pool))
        self.inputs = hooks.call(subject.inputs, self.arguments)
        self.function, self._variant = subject.function, subject.variant
        self.weights = kind.weights(operation)
        self.native_inputs = _filled(operation, pool)
        # Written once: a page that was never written reads falsely fast.
        self.expected = _full(kind.output_shape(operation), math.nan, dtype=np.float32)
        self.native = kind.native(kernels, self.native_inputs, self.weights, self.expected)

    def refill(self, seed: int) -> None:
        """Give both sides the same new inputs."""
        self._pool.fill(self.inputs, seed)
        self.refill_native(seed)

    def refill_native(self, seed: int) -> None:
        """Give the native side the inputs that both had after `refill(seed)`."""
        self._pool.fill(self.native_inputs, seed)

    def compute_expected(self) -> None:
        """Compute `expected` of the native inputs as they are."""
        self.native()
        self.kind.recompute(self._variant, self.native_inputs, self.weights, self.expected)

    def tolerance(self) -> float:
        """Return how far a right result may lie from `expected`."""
        return self.kind.tolerance(self.native_inputs, self.weights, self.expected)

    def disagreement(self, result: object, expected: np.ndarray | None = None) -> str | None:
        """Return why `result` is wrong, or None; `expected` is that of now, or an earlier one."""
        if type(result) is str:  # detached: the name of the type of what was no array
            return no_array(result)
        right = self.expected if expected is None else expected
        return disagreement(result, right, self.tolerance())


def _filled(operation: Operation, pool: InputPool) -> Arrays:
    inputs = tuple(_zeros(shape, dtype=np.float32) for shape in operation.inputs)
    pool.fill(inputs, WEIGHTS_SEED)
    return inputs
