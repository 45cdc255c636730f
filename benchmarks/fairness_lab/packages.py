"""Student packages whose work is known."""

from __future__ import annotations

from pathlib import Path

__all__ = ["teaching_package", "working_package"]

_TENSOR = """
import numpy as np

AMOUNT = {amount}


class Tensor:
    def __init__(self, data):
        self.data = np.array(data, dtype=np.float32)

    def _times(self, function, other):
        for _ in range(AMOUNT - 1):
            function(self.data, other.data)
        result = Tensor.__new__(Tensor)
        result.data = function(self.data, other.data)
        return result

    def __add__(self, other):
        return self._times(np.add, other)

    def __mul__(self, other):
        return self._times(np.multiply, other)

    def __matmul__(self, other):
        return self._times({matmul}, other)
"""
_LOOPED = """

def looped_matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]), dtype=np.float32)
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            out[i, j] = np.dot(a[i, :], b[:, j])
    return out
"""
_ACTIVATIONS = """
import numpy as np

from tinytorch.core.tensor import Tensor


class ReLU:
    def __call__(self, x):
        return Tensor(np.maximum(x.data, 0))
"""
_LAYERS = """
import numpy as np

from tinytorch.core.tensor import Tensor


class Linear:
    def __init__(self, in_features, out_features, bias=True):
        self.weight = Tensor(np.zeros((in_features, out_features)))
        self.bias = Tensor(np.zeros(out_features))

    def __call__(self, x):
        return x @ self.weight + self.bias
"""
# The whole forward pass as often as asked: a known amount, whatever its parts cost.
_REPEATED_LAYERS = """
import numpy as np

from tinytorch.core.tensor import AMOUNT, Tensor


class Linear:
    def __init__(self, in_features, out_features, bias=True):
        self.weight = Tensor(np.zeros((in_features, out_features)))
        self.bias = Tensor(np.zeros(out_features))

    def __call__(self, x):
        for _ in range(AMOUNT):
            data = x.data @ self.weight.data + self.bias.data
        return Tensor(data)
"""


def teaching_package(folder: Path) -> None:
    """A package as the course teaches it: matrix products by a double Python loop."""
    tensor = _TENSOR.format(amount=1, matmul="looped_matmul") + _LOOPED
    _write(folder, tensor, _LAYERS)


def working_package(folder: Path, amount: int) -> None:
    """A package that does the work of each operation `amount` times a call."""
    _write(folder, _TENSOR.format(amount=amount, matmul="np.matmul"), _REPEATED_LAYERS)


def _write(folder: Path, tensor: str, layers: str) -> None:
    core = folder / "tinytorch" / "core"
    core.mkdir(parents=True)
    sources = {"tensor": tensor, "activations": _ACTIVATIONS, "layers": layers, "__init__": ""}
    for name, source in sources.items():
        (core / f"{name}.py").write_text(source, encoding="utf-8")
    (core.parent / "__init__.py").write_text("", encoding="utf-8")
