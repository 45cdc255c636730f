"""Student packages whose work is known."""

from __future__ import annotations

from pathlib import Path

__all__ = ["working_package"]

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
        return repeat(np.matmul, self.data, other.data)


def repeat(function, *arrays):
    # All of an operation, its Tensor too, is done AMOUNT times: a known amount of work.
    for _ in range(AMOUNT):
        result = Tensor.__new__(Tensor)
        result.data = function(*arrays)
    return result

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
        return np.matmul(data, self.weight.data) + self.bias.data

    def __call__(self, x):
        return repeat(self._forward, x.data)
"""


def working_package(folder: Path, amount: int) -> None:
    """A package that does the work of each operation `amount` times a call."""
    core = folder / "tinytorch" / "core"
    core.mkdir(parents=True)
    sources = {
        "tensor": _TENSOR.format(amount=amount),
        "activations": _ACTIVATIONS,
        "layers": _LAYERS,
        "__init__": "",
    }
    for name, source in sources.items():
        (core / f"{name}.py").write_text(source, encoding="utf-8")
    (core.parent / "__init__.py").write_text("", encoding="utf-8")
