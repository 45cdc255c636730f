"""Whether a module-20 submission.json holds: its schema, its ranges, its improvements.

The rules are those of the course (module 20): see docs/guide/capstone.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from tito_bench.errors import StoreError
from tito_bench.safe_text import safe_text

__all__ = ["Problem", "check_submission", "read_submission"]

_MOST_BYTES = 1 << 20
_LARGEST = 1e15
_SYSTEM = ("platform", "python_version", "numpy_version")
_ABOVE_ZERO = (
    "parameter_count",
    "model_size_mb",
    "latency_ms_mean",
    "throughput_samples_per_sec",
)
_PERCENTILES = ("latency_ms_median", "latency_ms_p95", "latency_ms_p99")
_RELATIVE, _ABSOLUTE = 0.01, 0.01
"""Improvements may have been rounded to two digits."""


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold: where in the document, and what."""

    where: str
    what: str


class _Refused(ValueError):
    pass


def read_submission(path: Path) -> Any:
    """The JSON document in `path`.

    Raises `StoreError` for a file that cannot be read, is larger than 1 MiB,
    or is no JSON; NaN, infinity and a key given twice are none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise StoreError(f"cannot read {path.name}: {error.strerror or error}") from error
    if len(data) > _MOST_BYTES:
        raise StoreError(f"{path.name} is larger than 1 MiB: no submission of module 20")
    try:
        return json.loads(data, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except _Refused as error:
        raise StoreError(f"{path.name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path.name} is not JSON: {_why(error)}") from error


def _why(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return safe_text(str(error))
    return "a number with thousands of digits"  # Python refuses to convert it


def check_submission(found: Any) -> tuple[Problem, ...]:
    """Everything that does not hold in a decoded submission; empty where all does."""
    if not isinstance(found, Mapping):
        return (Problem("submission", "is not an object"),)
    return (*_top(found), *_models(found), *_improvements(found))


def _top(found: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("tinytorch_version", "timestamp"):
        yield from _text(found.get(name), name)
    if found.get("submission_type") != "capstone_benchmark":
        yield Problem("submission_type", 'is not "capstone_benchmark"')
    if "student_name" in found:
        yield from _text(found["student_name"], "student_name")
    system = found.get("system_info")
    if not isinstance(system, Mapping):
        yield Problem("system_info", "is missing or not an object")
        return
    for name in _SYSTEM:
        yield from _text(system.get(name), f"system_info.{name}")


def _models(found: Mapping[str, Any]) -> Iterator[Problem]:
    for part in ("baseline", "optimized"):
        model = found.get(part)
        if part == "optimized" and part not in found:
            continue
        if not isinstance(model, Mapping):
            yield Problem(part, "is missing or not an object")
            continue
        yield from _text(model.get("model_name"), f"{part}.model_name")
        yield from _metrics(model.get("metrics"), f"{part}.metrics")
        techniques = model.get("techniques_applied", [])
        if part == "optimized" and not (
            isinstance(techniques, list) and all(isinstance(name, str) for name in techniques)
        ):
            yield Problem(f"{part}.techniques_applied", "is not a list of text")


def _metrics(metrics: Any, where: str) -> Iterator[Problem]:
    if not isinstance(metrics, Mapping):
        yield Problem(where, "is missing or not an object")
        return
    count = metrics.get("parameter_count")
    if not isinstance(count, int) or isinstance(count, bool):
        yield Problem(f"{where}.parameter_count", "is not a whole number")
    for name in _ABOVE_ZERO:
        yield from _number(metrics.get(name), f"{where}.{name}", above=0.0)
    yield from _number(metrics.get("latency_ms_std"), f"{where}.latency_ms_std", least=0.0)
    yield from _number(metrics.get("accuracy"), f"{where}.accuracy", least=0.0, most=1.0)
    present = [name for name in _PERCENTILES if name in metrics]
    for name in present:
        yield from _number(metrics[name], f"{where}.{name}", above=0.0)
    values = [metrics[name] for name in present]
    if all(map(_is_number, values)) and values != sorted(values):
        yield Problem(where, "median, p95 and p99 do not grow in that order")


def _improvements(found: Mapping[str, Any]) -> Iterator[Problem]:
    improvements = found.get("improvements")
    if improvements is None:
        if "optimized" in found:
            yield Problem("improvements", "is missing beside optimized")
        return
    if not isinstance(improvements, Mapping):
        yield Problem("improvements", "is not an object")
        return
    if "optimized" not in found:
        yield Problem("improvements", "has no optimized model to be about")
        return
    before, after = (_metrics_of(found.get(part)) for part in ("baseline", "optimized"))
    expected = {
        "speedup": _ratio(before, after, "latency_ms_mean"),
        "compression_ratio": _ratio(before, after, "model_size_mb"),
        "accuracy_delta": _difference(before, after),
    }
    for name, value in expected.items():
        given = improvements.get(name)
        if not _is_number(given):
            yield Problem(f"improvements.{name}", "is missing or not a number")
        elif value is not None and abs(given - value) > max(_ABSOLUTE, _RELATIVE * abs(value)):
            yield Problem(f"improvements.{name}", f"is {given:.4g}, the metrics give {value:.4g}")


def _metrics_of(model: Any) -> Mapping[str, Any]:
    metrics = model.get("metrics") if isinstance(model, Mapping) else None
    return metrics if isinstance(metrics, Mapping) else {}


def _ratio(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> float | None:
    first, second = before.get(name), after.get(name)
    if not _is_number(first) or not _is_number(second) or not first or not second:
        return None
    return float(first / second)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    first, second = before.get("accuracy"), after.get("accuracy")
    return float(second - first) if _is_number(first) and _is_number(second) else None


def _text(value: Any, where: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.strip():
        yield Problem(where, "is missing or not text")


def _number(
    value: Any,
    where: str,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float = _LARGEST,
) -> Iterator[Problem]:
    if not _is_number(value):
        yield Problem(where, "is missing or not a number")
    elif above is not None and value <= above:
        yield Problem(where, f"is {value:.4g}, it must be above {above:g}")
    elif least is not None and value < least:
        yield Problem(where, f"is {value:.4g}, it must be at least {least:g}")
    elif value > most:
        yield Problem(where, f"is larger than {most:g}")


def _is_number(value: Any) -> TypeGuard[float]:
    """Whether it is a number that arithmetic can be done with: no bool, no giant integer."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= 1e300 and math.isfinite(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"the key {safe_text(key, 40)!r} is given twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise _Refused(f"{name} is not a number of JSON")
