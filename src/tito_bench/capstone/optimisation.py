"""What the student's optimisations of modules 17 and 18 give: each beside their own plain code.

First both must be right, on the shapes where an optimisation goes wrong: tiles that do not
divide the matrix, padding, the first token of a cache. Then both, the native reference and
the smallest array call are timed in the same rounds. Why nothing of it is scored is in
docs/guide/capstone.md.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.capstone.task_context import TaskContext
from tito_bench.kinds import KINDS, kind_of
from tito_bench.measure.sampling import Sampler
from tito_bench.measure.task_figures import OptimisationFigures
from tito_bench.measure.timing import dispatch_timer, function_timer, native_timer
from tito_bench.score import slowdown
from tito_bench.statistics import FEWEST_FOR_INTERVAL, median, median_interval
from tito_bench.subjects.course_modules import layout_of
from tito_bench.subjects.missing import IncorrectResult, Missing, StudentCodeError
from tito_bench.subjects.models import fill
from tito_bench.subjects.package import Package
from tito_bench.subjects.student_code import (
    as_function,
    require_array,
    require_input,
    student_code,
)
from tito_bench.subjects.unexported import unexported
from tito_bench.workloads.capstone import model_operation
from tito_bench.workloads.inputs import make_weights
from tito_bench.workloads.oracle import deep_error, disagreement
from tito_bench.workloads.reference import BLENDED, GELU_FORMS, transformer_block

__all__ = ["PAIRS", "assess_optimisation"]

# Enough for an interval: what is scored shares the time, and comes after it.
_ROUNDS, _TIMING_SHARE = 15, 0.6
_CHANGED = 4
"""Elements of the inputs that are changed before each call."""
_SIDE = 100
"""Of the measured product: that of the capstone's `tensor_matmul`."""
# (m, k, n), and the size of the tiles, where it is not the student's own choice: smaller than a
# tile, and tiles that leave a rest in every direction.
_PRODUCTS = (
    (3, 5, 2, None),
    (70, 65, 67, None),
    (33, 17, 50, 16),
    (_SIDE, _SIDE, _SIDE, None),
)
# (stride, padding, bias) on images that are higher than wide.
_CONVOLUTIONS = ((1, 0, True), (1, 1, True), (2, 1, True), (1, 0, False))
_KERNEL = 3
_GELU_SHAPE = (32, 256)
_GELU_ERROR = 1e-5
"""Of the largest value: the forms of GELU lie 1e-4 to 2e-2 apart, float32 errs by 1e-7."""
_CONV_CALLS, _GELU_CALLS = 4, 8
"""Array calls that a Python program cannot do without, as in the replay of an own model."""
_TOKENS = 16
"""Of one generation: without a cache a block of the classroom takes some tenths of a second."""
_MEMORY_ERROR = 0.06
"""Between MB and MiB lie 5%."""

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class _Side:
    """Code of the student's: `call(*arguments)` gives an array, of what `arrays` hold."""

    name: str
    call: Callable[..., Any]
    arguments: tuple[Any, ...]
    arrays: Arrays


@dataclass(frozen=True)
class _Pair:
    """Plain and optimised code, and what both are held to.

    `wrong` says of a result and the arrays it was made of why it is wrong, or None.
    """

    size: str
    plain: _Side
    optimised: _Side
    native: _native.Call
    dispatch_calls: int
    wrong: Callable[[Any, Arrays], str | None]


def assess_optimisation(context: TaskContext) -> OptimisationFigures:
    """Hold one of `workloads.optimisations` to the plain code, in paired rounds.

    Raises `Missing` where either is not there, `IncorrectResult` where either is wrong.
    """
    name = context.model
    pair = PAIRS[name](context)
    order = random.Random(context.seed)  # noqa: S311 - of samples, not of secrets
    sides = {"plain": pair.plain, "optimised": pair.optimised}
    _check(context, pair, *sides.values())
    timers = {
        key: function_timer(
            side.call,
            side.arguments,
            _native.Perturbation(side.arrays, order.getrandbits(32), _CHANGED),
        )
        for key, side in sides.items()
    }
    natives = {"native": native_timer(pair.native), "dispatch": dispatch_timer()}
    sampler = Sampler(_ROUNDS, order, time_s=_TIMING_SHARE * context.time_s)
    with student_code(context.subject.package.location):
        sampled = sampler.take({**timers, **natives})
    # Once more, on inputs that have changed meanwhile: an answer from memory is no speed.
    _check(context, pair, *sides.values())
    plain_ns, optimised_ns = (sampled.spent_ns(key, never_waiting=natives) for key in sides)
    native_ns, dispatch_ns = (sampled.call_ns(key) for key in natives)
    speedups = [one / other for one, other in zip(plain_ns, optimised_ns, strict=True)]

    def from_native(spent_ns: list[float]) -> float:
        return median(
            slowdown(spent, native, dispatch_calls=pair.dispatch_calls, dispatch_ns=call)
            for spent, native, call in zip(spent_ns, native_ns, dispatch_ns, strict=True)
        )

    return OptimisationFigures(
        name=name,
        against=pair.plain.name,
        size=pair.size,
        rounds=len(speedups),
        plain_ns=median(plain_ns),
        optimised_ns=median(optimised_ns),
        native_ns=median(native_ns),
        speedup=median(speedups),
        speedup_interval=(
            median_interval(speedups) if len(speedups) >= FEWEST_FOR_INTERVAL else None
        ),
        plain_slowdown=from_native(plain_ns),
        optimised_slowdown=from_native(optimised_ns),
    )


def _check(context: TaskContext, pair: _Pair, *sides: _Side) -> None:
    for side in sides:
        with student_code(context.subject.package.location):
            found = side.call(*side.arguments)
        wrong = pair.wrong(found, side.arrays)
        if wrong is not None:
            raise IncorrectResult(f"{side.name} is wrong on {pair.size}: {wrong}")


def _require(package: Package, name: str) -> Any:
    """Return what goes by that name; where its whole module is not there, say that."""
    try:
        return package.require(name)
    except Missing as missing:
        module = layout_of(name)
        others = (package.peek(other) for other in module.names)
        there = package.exported(module) is not None
        if there or not all(isinstance(other, Missing) for other in others):
            raise
        step = unexported(package.location.root, module)
        reason = f"{module} is not exported yet" if step is None else f"{module}: {step}"
        raise Missing(name, module.number, reason) from missing


def _data(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what is timed: the array of a result, so that a lazy one cannot leave the clock."""

    def timed(*arguments: Any) -> Any:
        return function(*arguments).data

    return timed


def _tensors(context: TaskContext, arrays: Arrays) -> tuple[tuple[Any, ...], Arrays]:
    """Wrap arrays into Tensors; return them, and the arrays that they hold."""
    with student_code(context.subject.package.location):
        tensors = tuple(context.tensor(array) for array in arrays)
        return tensors, tuple(require_input(tensor, "Tensor") for tensor in tensors)


def _drawn(context: TaskContext, *shapes: tuple[int, ...]) -> Arrays:
    """Return float32 arrays in [-1, 1), which the student's code cannot foresee."""
    draw = np.random.default_rng(context.seed)
    return tuple(draw.uniform(-1, 1, shape).astype(np.float32) for shape in shapes)


def _single(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)


# -- products of matrices ------------------------------------------------------------------------


def _product(name: str) -> Callable[[TaskContext], _Pair]:
    kind = KINDS["matmul"]

    def wrong(context: TaskContext, result: Any, arrays: Arrays) -> str | None:
        a, b = map(_single, arrays)
        out = np.zeros((len(a), b.shape[1]), dtype=np.float32)
        kind.bind(context.kernels, (a, b), (), out)()
        return disagreement(result, out, kind.tolerance((a, b), (), out))

    def pair(context: TaskContext) -> _Pair:
        package = context.subject.package
        optimised = _require(package, name)
        plain = kind.tinytorch(package, ())
        takes_tiles = "tile_size" in _parameters(optimised)
        for m, k, n, tile in _PRODUCTS:
            if tile is not None and not takes_tiles:
                continue
            words = {} if tile is None else {"tile_size": tile}
            tensors, held = _tensors(context, _drawn(context, (m, k), (k, n)))
            shown = f"{name} of {m}x{k} by {k}x{n}" + (f", tile_size {tile}" if tile else "")
            with student_code(package.location):
                found = require_array(optimised(*tensors, **words), shown)
            problem = wrong(context, found, held)
            if problem is not None:
                raise IncorrectResult(f"{shown} is wrong: {problem}")
        drawn = _drawn(context, (_SIDE, _SIDE), (_SIDE, _SIDE))
        out = np.zeros((_SIDE, _SIDE), dtype=np.float32)
        kernels = context.native_of("tensor_matmul", "matmul_100")
        return _Pair(
            size=f"{_SIDE}x{_SIDE} by {_SIDE}x{_SIDE}",
            plain=_Side(plain.expression, plain.timed, *_tensors(context, drawn)),
            optimised=_Side(name, _data(optimised), *_tensors(context, drawn)),
            native=kind.native(kernels, drawn, (), out),
            dispatch_calls=1,
            wrong=lambda result, arrays: wrong(context, result, arrays),
        )

    return pair


def _parameters(function: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # compiled, or it resists
        return frozenset()


# -- convolution ---------------------------------------------------------------------------------


def _convolution(context: TaskContext) -> _Pair:
    package = context.subject.package
    optimised = _require(package, "im2col_conv2d")
    conv_class: Any = _require(package, "Conv2d")

    def wrong(result: Any, x: Any, w: Any, bias: Any, stride: int, padding: int) -> str | None:
        out = _convolved(x, w, stride, padding)
        context.kernels.conv2d(x, w, bias, out, stride, padding)()
        return disagreement(result, out, deep_error((w[0].size,), out))

    for stride, padding, biased in _CONVOLUTIONS:
        arrays = _drawn(context, (2, 3, 9, 7), (4, 3, _KERNEL, _KERNEL), (4,))
        (x, w, b), held = _tensors(context, arrays)
        shown = f"im2col_conv2d of 2x3x9x7, stride {stride}, padding {padding}" + (
            "" if biased else ", without bias"
        )
        with student_code(package.location):
            found = optimised(x, w, b if biased else None, stride, padding)
            found = require_array(found, shown)
        bias = _single(held[2]) if biased else None
        problem = wrong(found, _single(held[0]), _single(held[1]), bias, stride, padding)
        if problem is not None:
            raise IncorrectResult(f"{shown} is wrong: {problem}")

    # The second convolution of the capstone's cnn, on one image.
    filters = model_operation("cnn", 1).weights[2]
    w, b = make_weights((filters, filters[:1]), context.seed)
    side = (28 - _KERNEL + 1) // 2
    (x,) = _drawn(context, (1, filters[1], side, side))
    with student_code(package.location):
        layer = conv_class(filters[1], filters[0], _KERNEL)
        fill(layer, w, b, context.tensor)
        plain = as_function(layer)
        weight, bias_tensor = context.tensor(w), context.tensor(b)
    return _Pair(
        size=f"1x{filters[1]}x{side}x{side}, {filters[0]} filters",
        plain=_Side("Conv2d", _data(plain), *_tensors(context, (x,))),
        optimised=_Side(
            "im2col_conv2d",
            _data(lambda images: optimised(images, weight, bias_tensor)),
            *_tensors(context, (x,)),
        ),
        native=context.kernels.conv2d(x, w, b, _convolved(x, w, 1, 0)),
        dispatch_calls=_CONV_CALLS,
        wrong=lambda result, arrays: wrong(result, _single(arrays[0]), w, b, 1, 0),
    )


def _convolved(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> Any:
    """Return room for the result. `Any`: before Python 3.12 no type says "buffer"."""
    sides = ((size + 2 * padding - _KERNEL) // stride + 1 for size in x.shape[2:])
    return np.zeros((len(x), len(w), *sides), dtype=np.float32)


# -- GELU ----------------------------------------------------------------------------------------


def _gelu(context: TaskContext) -> _Pair:
    package = context.subject.package
    optimised = _require(package, "fused_gelu")
    gelu_class: Any = _require(package, "GELU")
    forms = []
    with student_code(package.location):
        plain = as_function(gelu_class())
        for function, name in ((plain, "GELU"), (optimised, "fused_gelu")):
            grid = np.linspace(-10, 10, 3 * 67, dtype=np.float32).reshape(3, 67)
            found = require_array(function(context.tensor(grid)), f"{name}(x)")
            form, problem = _form_of(found, grid)
            if problem is not None:
                raise IncorrectResult(f"{name} of -10 to 10 is wrong: {problem}")
            forms.append(form)
    (x,) = _drawn(context, _GELU_SHAPE)
    x *= 4
    if forms[0] != forms[1]:
        package.remark(
            f"fused_gelu is GELU in its {forms[1]} form, your GELU in its {forms[0]} form"
        )
    return _Pair(
        size="x".join(map(str, _GELU_SHAPE)),
        plain=_Side("GELU", _data(plain), *_tensors(context, (x,))),
        optimised=_Side("fused_gelu", _data(optimised), *_tensors(context, (x,))),
        native=context.kernels.gelu(x, np.zeros_like(x)),
        dispatch_calls=_GELU_CALLS,
        wrong=lambda result, arrays: _form_of(result, arrays[0])[1],
    )


def _form_of(result: Any, x: np.ndarray) -> tuple[str, str | None]:
    """Return which form of GELU of `x` it is, and None; or of no form why, beside the first."""
    allowed = _GELU_ERROR * float(np.abs(x).max())
    problems = {
        form: disagreement(result, function(x.astype(np.float64)).astype(np.float32), allowed)
        for form, function in GELU_FORMS.items()
    }
    for form, problem in problems.items():
        if problem is None:
            return form, None
    form, problem = next(iter(problems.items()))
    return "", f"of none of its three forms; as the {form} form, {problem}"


# -- generation with a cache ---------------------------------------------------------------------


def _generation(context: TaskContext) -> _Pair:
    """Let the capstone's transformer block take tokens one after the other, with and without.

    Without a cache it is given all tokens so far for each new one; what counts is its last
    row, which no later token can change.
    """
    package = context.subject.package
    enable = _require(package, "enable_kv_cache")
    _check_cache(context, _require(package, "KVCache"))
    operation = model_operation("transformer", 1)
    kind = kind_of(operation)
    weights = kind.weights(operation)
    plain, cached = (
        kind.tinytorch(package, tuple(array.copy() for array in weights)) for _ in range(2)
    )
    width = weights[0].size
    holder = SimpleNamespace(
        embed_dim=width, num_layers=1, num_heads=1, max_seq_len=_TOKENS, blocks=list(cached.layers)
    )
    tensor = context.tensor
    with student_code(package.location):
        cache = enable(holder)
        for verb in ("advance", "reset"):
            if not callable(getattr(cache, verb, None)):
                raise StudentCodeError(
                    f"enable_kv_cache(model) returns a {type(cache).__name__}, which has no {verb}"
                )
    # The block as it is now: its attention may be another.
    with_cache = as_function(cached.layers[0])

    def without(x: np.ndarray) -> np.ndarray:
        rows = np.empty_like(x)
        for token in range(_TOKENS):
            rows[:, token] = plain.forward(tensor(x[:, : token + 1])).data[:, -1]
        return rows

    def within(x: np.ndarray) -> np.ndarray:
        rows = np.empty_like(x)
        cache.reset()
        with _generating(cache):
            for token in range(_TOKENS):
                with _advancing(cache):
                    row = with_cache(tensor(x[:, token : token + 1])).data
                rows[:, token] = row[:, 0]
        return rows

    def wrong(result: Any, arrays: Arrays) -> str | None:
        x = arrays[0]
        # The cached step of autumn 2025 leaves out what attention blends in there.
        variants = dict.fromkeys((plain.variant, plain.variant.removesuffix(BLENDED)))
        return min(
            (_first_wrong_token(result, x, weights, variant, kind) for variant in variants),
            key=lambda problem: problem is not None,
        )

    (x,) = _drawn(context, (1, _TOKENS, width))
    other = x.copy()
    return _Pair(
        size=f"{_TOKENS} tokens of {width}",
        plain=_Side("TransformerBlock without a cache", without, (x,), (x,)),
        optimised=_Side("TransformerBlock with KVCache", within, (other,), (other,)),
        native=_native_generation(context.kernels, x.copy(), weights),
        dispatch_calls=_TOKENS * operation.dispatch_calls,
        wrong=wrong,
    )


def _generating(cache: Any) -> AbstractContextManager[Any]:
    """Return the scope in which the newest course's cache is used; older ones have none."""
    scope = getattr(cache, "generation", None)
    found: AbstractContextManager[Any] = scope() if callable(scope) else nullcontext()
    return found


@contextmanager
def _advancing(cache: Any) -> Iterator[None]:
    """Advance the cache after a token, unless it has done so itself."""
    before = getattr(cache, "seq_pos", None)
    yield
    if getattr(cache, "seq_pos", None) == before:
        cache.advance()


def _first_wrong_token(
    result: Any, x: np.ndarray, weights: Arrays, variant: str, kind: Any
) -> str | None:
    for token in range(_TOKENS):
        so_far = _single(x[:, : token + 1])
        right = transformer_block(weights, so_far, variant or "tanh")[:, -1]
        found = result[:, token]
        problem = disagreement(found, right, kind.tolerance((so_far,), weights, right))
        if problem is not None:
            return f"token {token + 1} of {_TOKENS}: {problem}"
    return None


def _check_cache(context: TaskContext, cache_class: Any) -> None:
    """Put three tokens into both layers of a cache, and see that it gives back what was put.

    It is remarked where the cache says that it takes other memory than it does.
    """
    layers, heads, width = 2, 2, 8
    keys, values = _drawn(context, (layers, 3, 1, heads, 1, width), (layers, 3, 1, heads, 1, width))
    with student_code(context.subject.package.location):
        cache = cache_class(1, _TOKENS, layers, heads, width)
        for after_reset in (False, True):
            for token in range(3):
                with _advancing(cache):
                    for layer in range(layers):
                        key, value = keys[layer, token], values[layer, token]
                        cache.update(layer, context.tensor(key), context.tensor(value))
                for layer in range(layers):
                    for what, put, got in zip(
                        ("keys", "values"), (keys, values), cache.get(layer), strict=True
                    ):
                        right = np.concatenate(list(put[layer, : token + 1]), axis=2)
                        shown = f"the {what} of KVCache.get({layer}) after token {token + 1}"
                        problem = disagreement(require_array(got, shown), right, 0.0)
                        if problem is not None:
                            shown += " after reset()" if after_reset else ""
                            raise IncorrectResult(f"{shown} are not those put in: {problem}")
            cache.reset()
        usage = getattr(cache, "get_memory_usage", None)
        said = usage() if callable(usage) else None
    said_mb = said.get("total_mb") if isinstance(said, dict) else None
    if isinstance(said_mb, int | float):
        numbers = 2 * layers * heads * _TOKENS * width
        # They may be kept in float32 or in float64.
        times = [said_mb * 2**20 / (numbers * size) for size in (4, 8)]
        if all(abs(one - 1) > _MEMORY_ERROR for one in times):
            context.subject.package.remark(
                f"KVCache.get_memory_usage() says {times[0]:.3g} times what the cache holds"
            )


def _native_generation(kernels: Any, x: Any, weights: Any) -> _native.Call:
    """Return generation with a cache made of kernels: keys and values are written where they stay.

    `Any` for arrays: before Python 3.12 no type says that an ndarray is a buffer.
    """
    g1, e1, wq, bq, wk, bk, wv, bv, wo, bo, g2, e2, w1, b1, w2, b2 = weights
    rows = x.reshape(_TOKENS, -1)
    keys, values, out = (np.full_like(rows, np.nan) for _ in range(3))
    normed, query, mixed, projected = (np.full_like(rows[:1], np.nan) for _ in range(4))
    hidden = np.full((1, w1.shape[1]), np.nan, dtype=np.float32)
    calls: list[_native.Call] = []
    for token in range(_TOKENS):
        row, end = slice(token, token + 1), slice(token + 1)
        calls += [
            kernels.layernorm(rows[row], g1, e1, normed),
            kernels.linear(normed, wq, bq, query),
            kernels.linear(normed, wk, bk, keys[row]),
            kernels.linear(normed, wv, bv, values[row]),
            kernels.attention(query, keys[end], values[end], mixed),
            kernels.linear(mixed, wo, bo, projected),
            kernels.add(projected, rows[row], projected),
            kernels.layernorm(projected, g2, e2, normed),
            kernels.linear(normed, w1, b1, hidden),
            kernels.gelu(hidden, hidden),
            kernels.linear(hidden, w2, b2, out[row]),
            kernels.add(out[row], projected, out[row]),
        ]
    return _native.chain(calls)


PAIRS: dict[str, Callable[[TaskContext], _Pair]] = {
    "vectorized_matmul": _product("vectorized_matmul"),
    "tiled_matmul": _product("tiled_matmul"),
    "im2col_conv2d": _convolution,
    "fused_gelu": _gelu,
    "KVCache": _generation,
}
