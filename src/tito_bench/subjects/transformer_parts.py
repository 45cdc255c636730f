"""Builds a student's transformer block for measuring, and finds its parts.

Packages agree on what a pre-norm block computes and on little else: the projections are
called q_proj, W_q, query or wq, or are one layer for all three; the two layers of the MLP
lie in a list, or in the block itself. So parts are known by the shapes of what they hold,
and names decide only between parts of one shape.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tito_bench.subjects.course_modules import layout_of
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.parameters import named_parameters
from tito_bench.subjects.stubs import unwritten_class

__all__ = ["BlockParts", "new_block", "parts_of"]

_DEEPEST = 5
_LENGTH = 64
"""Longer than any sequence that is measured."""
_OTHER_ACTIVATIONS = frozenset({"relu", "leakyrelu", "silu", "swish", "sigmoid", "tanh"})
_NO_LETTER = frozenset({"proj", "projection", "linear", "layer", "w", "to", "fc", "dense", "c"})


@dataclass(frozen=True, slots=True)
class BlockParts:
    """The layers of a block: `inputs` are q, k and v, or one layer for all three."""

    inputs: tuple[Any, ...]
    out: Any
    mlp: tuple[Any, Any]
    norms: tuple[Any, Any]
    activation: Any | None


def new_block(block_class: Any, width: int, hidden: int) -> Any:
    """Build a block of one head, without dropout, ready to be used and not to be trained."""
    block = block_class(width, 1, **_further(block_class, width, hidden))
    rest = getattr(block, "eval", None)
    if callable(rest):
        rest()
    for _, part in _walk(block, "", 0, set()):
        if "dropout" in type(part).__name__.lower():
            _let_through(part)
    return block


def parts_of(block: Any, width: int, hidden: int) -> BlockParts:
    """Return the parts of a block of that `width`, whose MLP is `hidden` wide.

    Raises:
        Missing: a part is not to be told from others, or is still to be written.
    """
    parts = dict(_walk(block, "", 0, set()))
    square = _of_shape(parts, width, width)
    fused = _of_shape(parts, width, 3 * width)
    # The first of the two adds a bias of the hidden width.
    mlp = sorted(
        _of_shape(parts, width, hidden).values(), key=lambda part: hidden not in _vectors(part)
    )
    norms = [part for part in parts.values() if _is_norm(part, width)]
    for part in (block, *parts.values()):
        stub = unwritten_class(part)
        if stub is not None:
            raise stub
    if len(fused) == 1 and len(square) == 1:
        inputs, out = tuple(fused.values()), next(iter(square.values()))
    elif len(square) == 4:
        *first, out = _by_letter(square)
        inputs = tuple(first)
    else:
        raise _unknown(f"{len(square)} layers of {width} x {width}, attention has 4")
    if len(mlp) != 2:
        raise _unknown(f"{len(mlp)} layers of {width} x {hidden}, an MLP has 2")
    if len(norms) != 2:
        raise _unknown(f"{len(norms)} norms of {width} values, a block has 2")
    for part in (*inputs, out, *mlp):
        if not _vectors(part):
            raise _unknown(f"a {type(part).__name__} without a bias")
    activation = next((part for name, part in parts.items() if _is_activation(name, part)), None)
    if type(activation).__name__.lower() in _OTHER_ACTIVATIONS:
        raise _unknown(f"its activation is {type(activation).__name__}, GELU is needed")
    return BlockParts(inputs, out, (mlp[0], mlp[1]), (norms[0], norms[1]), activation)


def _let_through(dropout: Any) -> None:
    """Set the probability of a dropout layer to 0: it drops by default in most packages."""
    for name, value in list(vars(dropout).items()):
        if isinstance(value, float) and 0 < value < 1:
            setattr(dropout, name, 0.0)


def _further(block_class: Any, width: int, hidden: int) -> dict[str, Any]:
    """Return what the class wants beside its width and its number of heads."""
    try:
        wanted = list(inspect.signature(block_class).parameters.values())[2:]
    except (TypeError, ValueError):  # compiled, or it resists
        return {}
    given: dict[str, Any] = {}
    for parameter in wanted:
        name = parameter.name.lower()
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if "drop" in name:
            given[parameter.name] = 0.0
        elif parameter.default is not parameter.empty:
            continue
        elif "ratio" in name or "factor" in name:
            given[parameter.name] = hidden // width
        elif re.search("seq|len|context|pos", name):
            given[parameter.name] = _LENGTH
        elif re.search("hidden|ff|mlp|feed|inner", name):
            given[parameter.name] = hidden
    return given


def _walk(value: Any, name: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield the objects that `value` is made of with their names, each once, in order."""
    for own, child in _children(value):
        path = f"{name}.{own}"
        if id(child) in seen or depth > _DEEPEST or isinstance(child, np.ndarray):
            continue
        seen.add(id(child))
        if not isinstance(child, list | tuple | dict):
            yield path, child
        yield from _walk(child, path, depth + 1, seen)


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(str(key), child) for key, child in value.items()]
    if isinstance(value, list | tuple):
        return [(str(index), child) for index, child in enumerate(value)]
    if isinstance(value, type) or (callable(value) and inspect.isroutine(value)):
        return []
    return list(getattr(value, "__dict__", {}).items())


def _arrays(part: Any) -> list[np.ndarray]:
    return [found.array for _, found in named_parameters(part)]


def _vectors(part: Any) -> set[int]:
    """Return the lengths of the vectors that a layer holds; a row or a column is one."""
    return {array.size for array in _arrays(part) if array.size == max(array.shape, default=0)}


def _of_shape(parts: dict[str, Any], one: int, other: int) -> dict[str, Any]:
    """Return the layers that hold a matrix of that shape, either way round."""
    shapes = {(one, other), (other, one)}
    return {
        name: part
        for name, part in parts.items()
        if not isinstance(getattr(part, "data", None), np.ndarray)
        and any(array.shape in shapes for array in _arrays(part))
    }


def _is_norm(part: Any, width: int) -> bool:
    if isinstance(getattr(part, "data", None), np.ndarray):
        return False
    held = _arrays(part)
    vectors = [array for array in held if array.size == width == max(array.shape, default=0)]
    return len(vectors) >= 2 and all(array.size <= width for array in held)


def _by_letter(layers: dict[str, Any]) -> list[Any]:
    """Return q, k, v and out by their names; in their own order where those do not tell."""
    found: dict[str, Any] = {}
    for name, layer in layers.items():
        found.setdefault(_letter(name.rpartition(".")[2]), layer)
    if set(found) == set("qkvo"):
        return [found[letter] for letter in "qkvo"]
    return list(layers.values())


def _letter(name: str) -> str:
    """Return the first letter of what a projection is for: of W_q, wq, query_proj it is q."""
    words = [word for word in re.split(r"_|(?<=[a-z])(?=[A-Z])", name.lower()) if word]
    telling = [word for word in words if word not in _NO_LETTER] or ["out"]
    word = telling[0]
    return word[1] if len(word) == 2 and word[0] == "w" else word[0]


def _is_activation(name: str, part: Any) -> bool:
    own = name.rpartition(".")[2].lower()
    return "gelu" in type(part).__name__.lower() or own in {"gelu", "activation", "act"}


def _unknown(what: str) -> Missing:
    module = layout_of("TransformerBlock").number
    reason = f"module {module}: TransformerBlock is made otherwise than is known here: {what}"
    return Missing("TransformerBlock", module, reason)
