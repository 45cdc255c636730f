"""Records which layers one forward pass calls, on which shapes, and how long each takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tito_bench import _native
from tito_bench.measure.task_figures import TracedCall

__all__ = ["Trace", "trace_forward"]

_wall_clock_ns = _native.wall_clock_ns
_TENSOR_METHODS = {
    "matmul": "matmul",
    "__matmul__": "matmul",
    "__add__": "add",
    "__radd__": "add",
    "__mul__": "mul",
    "__rmul__": "mul",
}
_CONTAINER = "Sequential"  # its own time is a loop, and our watching
_NAMED_FROM = 0.05
"""A layer that takes this share of the time in code that is not known is named."""


@dataclass
class _Frame:
    name: str
    inner_ns: int = 0


@dataclass
class Trace:
    """One forward pass. `layers` are the objects called, beside `calls`, in order."""

    calls: list[TracedCall] = field(default_factory=list)
    layers: list[Any] = field(default_factory=list)
    own_ns: dict[str, int] = field(default_factory=dict)
    total_ns: int = 0

    @property
    def covered(self) -> float:
        """The share of the time that was spent in known operations."""
        return min(1.0, sum(call.ns for call in self.calls) / max(1, self.total_ns))

    @property
    def unknown(self) -> list[str]:
        """Classes that spend a share worth naming in code of their own."""
        return sorted(
            name
            for name, ns in self.own_ns.items()
            if name != _CONTAINER and ns > _NAMED_FROM * self.total_ns
        )


def trace_forward(
    forward: Callable[[Any], Any],
    x: Any,
    known: Mapping[str, type],
    others: Mapping[str, type],
    tensor: type,
) -> Trace:
    """Run `forward(x)` with the classes watched, and unwatch them again.

    A `known` class is one operation, whatever it calls; `others` are looked
    into. `tensor` brings the operations outside of layers.
    """
    trace, stack = Trace(), [_Frame("")]
    with _watched(trace, stack, known, others, tensor):
        forward(x)  # the first pass meets cold caches
        trace.calls.clear()
        trace.layers.clear()
        trace.own_ns.clear()
        started = _wall_clock_ns()
        forward(x)
        trace.total_ns = _wall_clock_ns() - started
    return trace


@contextmanager
def _watched(
    trace: Trace,
    stack: list[_Frame],
    known: Mapping[str, type],
    others: Mapping[str, type],
    tensor: type,
) -> Iterator[None]:
    undo: list[tuple[type, str, Any]] = []

    def watch(owner: type, method: str, name: str, leaf: bool) -> None:
        original = getattr(owner, method, None)
        if original is not None and callable(original):
            undo.append((owner, method, vars(owner).get(method)))
            setattr(owner, method, _watcher(original, name, leaf, trace, stack))

    try:
        for classes, leaf in ((known, True), (others, False)):
            for name, owner in classes.items():
                for method in ("forward", "__call__"):
                    watch(owner, method, name, leaf)
        for method, name in _TENSOR_METHODS.items():
            watch(tensor, method, name, True)
        yield
    finally:
        for owner, method, original in reversed(undo):
            if original is None:
                delattr(owner, method)
            else:
                setattr(owner, method, original)


def _watcher(
    original: Callable[..., Any], name: str, leaf: bool, trace: Trace, stack: list[_Frame]
) -> Callable[..., Any]:
    def watched(layer: Any, *arguments: Any, **named: Any) -> Any:
        # Within a known layer nothing is looked at; `__call__` leads to `forward`.
        if stack[-1].name.startswith("=") or stack[-1].name == name:
            return original(layer, *arguments, **named)
        frame = _Frame(f"={name}" if leaf else name)
        stack.append(frame)
        started = _wall_clock_ns()
        try:
            result = original(layer, *arguments, **named)
        finally:
            elapsed = _wall_clock_ns() - started
            stack.pop()
            stack[-1].inner_ns += elapsed
        if leaf:
            trace.calls.append(
                TracedCall(name, [_shape(a) for a in (*arguments, layer)], _shape(result), elapsed)
            )
            trace.layers.append(layer)
        else:
            trace.own_ns[name] = trace.own_ns.get(name, 0) + elapsed - frame.inner_ns
        return result

    return watched


def _shape(value: Any) -> list[int]:
    data = getattr(value, "data", value)
    return [int(size) for size in getattr(data, "shape", ())]
