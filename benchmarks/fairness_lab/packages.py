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
        for _ in range(AMOUNT):
            result = apply(np.add, self, other)
        return result

    def __mul__(self, other):
        for _ in range(AMOUNT):
            result = apply(np.multiply, self, other)
        return result

    def __matmul__(self, other):
        for _ in range(AMOUNT):
            result = apply(np.matmul, self, other)
        return result


def apply(function, *tensors):
    # All of an operation, its Tensor too: what is done AMOUNT times is a known amount of work.
    result = Tensor.__new__(Tensor)
    result.data = function(*[tensor.data for tensor in tensors])
    return result
"""
_ACTIVATIONS = """
import numpy as np

from tinytorch.core.tensor import AMOUNT, apply


def relu(data):
    return np.maximum(data, 0)


class ReLU:
    def __call__(self, x):
        for _ in range(AMOUNT):
            result = apply(relu, x)
        return result
"""
_LAYERS = """
import numpy as np

from tinytorch.core.tensor import AMOUNT, Tensor, apply


class Linear:
    def __init__(self, in_features, out_features, bias=True):
        self.weight = Tensor(np.zeros((in_features, out_features)))
        self.bias = Tensor(np.zeros(out_features))

    def _forward(self, data):
        return np.matmul(data, self.weight.data) + self.bias.data

    def __call__(self, x):
        for _ in range(AMOUNT):
            result = apply(self._forward, x)
        return result
"""


def working_package(folder: Path, amount: int) -> None:
    """Write a package that does the work of each operation `amount` times a call."""
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
