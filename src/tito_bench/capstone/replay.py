"""The native replay of a traced forward pass: the same operations on the same shapes.

Data does not flow from one to the next: the replay is a reference of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.capstone.forward_trace import Trace
from tito_bench.measure.task_figures import TracedCall
from tito_bench.workloads.inputs import make_weights

__all__ = ["KNOWN", "Replay", "build_replay"]

_MOST_CALLS = 4096

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Replay:
    """`call` runs all that could be bound; `dispatch_calls` as in docs/design/score.md.

    `covered` is the share of the traced time that it stands for, `left_out`
    names known layers whose use has no native reference.
    """

    call: _native.Call | None
    dispatch_calls: int
    covered: float
    left_out: list[str]


def build_replay(kernels: _native.Kernels, trace: Trace) -> Replay:
    """Bind a kernel for every traced call that there is one for."""
    bound: list[_native.Call] = []
    dispatch, covered_ns = 0, 0
    left_out: dict[str, None] = {}
    for call, layer in zip(trace.calls, trace.layers, strict=True):
        binder, count = KNOWN.get(call.name, (None, 0))
        try:
            calls = binder(kernels, call, layer) if binder else []
        except (ValueError, TypeError, AttributeError, IndexError):
            calls = []  # shapes that the kernel does not know, as a pool that pads
        if not calls or len(bound) + len(calls) > _MOST_CALLS:
            left_out[call.name] = None
            continue
        bound += calls
        dispatch += count
        covered_ns += call.ns
    covered = min(1.0, covered_ns / max(1, trace.total_ns))
    return Replay(_native.chain(bound) if bound else None, dispatch, covered, list(left_out))


# `Any` for arrays: before Python 3.12 no type says that an ndarray is a buffer.


def _full(*shape: int) -> Any:
    return make_weights((shape,), 3)[0] if shape else np.zeros(1, dtype=np.float32)


def _rows(shape: list[int]) -> Shape:
    return math.prod(shape[:-1]), shape[-1]


def _linear(kernels: Any, call: TracedCall, _layer: Any) -> list[Any]:
    rows, width = _rows(call.inputs[0])
    out = call.output[-1]
    return [kernels.linear(_full(rows, width), _full(width, out), _full(out), _full(rows, out))]


def _unary(name: str) -> Callable[[Any, TracedCall, Any], list[Any]]:
    def bind(kernels: Any, call: TracedCall, _layer: Any) -> list[Any]:
        shape = _rows(call.inputs[0])
        return [getattr(kernels, name)(_full(*shape), _full(*shape))]

    return bind


def _binary(name: str) -> Callable[[Any, TracedCall, Any], list[Any]]:
    def bind(kernels: Any, call: TracedCall, _layer: Any) -> list[Any]:
        size = math.prod(call.output)
        return [getattr(kernels, name)(_full(1, size), _full(1, size), _full(1, size))]

    return bind


def _matmul(kernels: Any, call: TracedCall, _layer: Any) -> list[Any]:
    b, a = call.inputs[0], call.inputs[-1]  # the argument, then the Tensor itself
    rows, inner = a[-2:]
    columns = b[-1]
    return [
        kernels.sgemm(_full(rows, inner), _full(inner, columns), _full(rows, columns))
        for _ in range(math.prod(call.output[:-2]))
    ]


def _layernorm(kernels: Any, call: TracedCall, _layer: Any) -> list[Any]:
    rows, width = _rows(call.inputs[0])
    x, out = _full(rows, width), _full(rows, width)
    return [kernels.layernorm(x, _full(width), _full(width), out)]


def _conv2d(kernels: Any, call: TracedCall, layer: Any) -> list[Any]:
    weight = np.asarray(layer.weight.data)
    bias = _full(weight.shape[0])
    stride, padding = (_one(getattr(layer, name, given)) for name, given in _CONV_DEFAULTS)
    x, w, out = _full(*call.inputs[0]), _full(*weight.shape), _full(*call.output)
    return [kernels.conv2d(x, w, bias, out, stride, padding)]


_CONV_DEFAULTS = (("stride", 1), ("padding", 0))


def _maxpool2d(kernels: Any, call: TracedCall, layer: Any) -> list[Any]:
    if _one(getattr(layer, "padding", 0)):
        return []
    kernel = _one(layer.kernel_size)
    stride = _one(getattr(layer, "stride", None) or kernel)
    return [kernels.maxpool2d(_full(*call.inputs[0]), _full(*call.output), kernel, stride)]


def _embedding(kernels: Any, call: TracedCall, layer: Any) -> list[Any]:
    table = np.asarray(layer.weight.data)
    indices = np.zeros(math.prod(call.inputs[0]), dtype=np.int64)
    out = _full(len(indices), table.shape[1])
    return [kernels.embedding(indices, _full(*table.shape), out)]


def _one(value: Any) -> int:
    """Return a size that may be given for both directions; they must be equal."""
    if isinstance(value, tuple | list):
        if len(set(value)) != 1:
            raise ValueError("not square")
        value = value[0]
    return int(value)


KNOWN: dict[str, tuple[Callable[[Any, TracedCall, Any], list[Any]], int]] = {
    "Linear": (_linear, 2),
    "ReLU": (_unary("relu"), 1),
    "GELU": (_unary("gelu"), 8),
    "Softmax": (_unary("softmax"), 5),
    "LayerNorm": (_layernorm, 8),
    "Conv2d": (_conv2d, 4),
    "MaxPool2d": (_maxpool2d, 2),
    "Embedding": (_embedding, 1),
    "matmul": (_matmul, 1),
    "add": (_binary("add"), 1),
    "mul": (_binary("mul"), 1),
}
"""What binds a traced call, and the array calls that it cannot do without."""
