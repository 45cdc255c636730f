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

    def __add__(self, other):
        return repeat(np.add, self.data, other.data)

    def __mul__(self, other):
        return repeat(np.multiply, self.data, other.data)

    def __matmul__(self, other):
        return repeat({matmul}, self.data, other.data)


def repeat(function, *arrays):
    # All of an operation, its Tensor too, is done AMOUNT times: a known amount of work.
    for _ in range(AMOUNT):
        result = Tensor.__new__(Tensor)
        result.data = function(*arrays)
    return result


def looped_matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]), dtype=np.float32)
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            out[i, j] = np.dot(a[i, :], b[:, j])
    return out
"""
_ACTIVATIONS = """
import numpy as np

from tinytorch.core.tensor import repeat


def relu(data):
    return np.maximum(data, 0)


class ReLU:
    def __call__(self, x):
        return repeat(relu, x.data)
"""
_LAYERS = """
import numpy as np

from tinytorch.core.tensor import Tensor, repeat


class Linear:
    def __init__(self, in_features, out_features, bias=True):
        self.weight = Tensor(np.zeros((in_features, out_features)))
        self.bias = Tensor(np.zeros(out_features))

    def _forward(self, data):
        return {matmul}(data, self.weight.data) + self.bias.data

    def __call__(self, x):
        return repeat(self._forward, x.data)
"""


def teaching_package(folder: Path) -> None:
    """A package as the course teaches it: matrix products by a double Python loop."""
    _write(folder, 1, "looped_matmul")


def working_package(folder: Path, amount: int) -> None:
    """A package that does the work of each operation `amount` times a call."""
    _write(folder, amount, "np.matmul")


def _write(folder: Path, amount: int, matmul: str) -> None:
    core = folder / "tinytorch" / "core"
    core.mkdir(parents=True)
    sources = {
        "tensor": _TENSOR.format(amount=amount, matmul=matmul),
        "activations": _ACTIVATIONS,
        "layers": _LAYERS.format(matmul=matmul).replace(
            "Tensor, repeat", "Tensor, looped_matmul, repeat"
        ),
        "__init__": "",
    }
    for name, source in sources.items():
        (core / f"{name}.py").write_text(source, encoding="utf-8")
    (core.parent / "__init__.py").write_text("", encoding="utf-8")
