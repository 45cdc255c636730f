"""The options of `benchmark capstone` that name the student's own model."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING

from tito_bench.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.measure.task_figures import CustomModelChoice
    from tito_bench.records.capstone import CapstoneRecord

__all__ = ["own_choice", "own_failed", "shape"]

_SHAPE = re.compile(r"\(?[0-9]{1,6}(?:[x,][0-9]{1,6}){1,7}\)?")
_MOST_ELEMENTS = 1 << 24


def shape(text: str) -> list[int]:
    """Parse sizes, `1x64` or `1,3,32,32`, for argparse."""
    parts = re.split("[x,]", text.strip("()")) if _SHAPE.fullmatch(text) else []
    sizes = [int(part) for part in parts]
    if not sizes or not 0 < math.prod(sizes) <= _MOST_ELEMENTS:
        message = f"{text!r} is not the shape of a batch, as 1x64 or 8x1x28x28"
        raise argparse.ArgumentTypeError(message)
    return sizes


def own_choice(options: argparse.Namespace, cwd: Path) -> CustomModelChoice | None:
    """Return what `--model` and its companions ask for, or None. Raises `UsageError`."""
    from tito_bench.measure.task_figures import CustomModelChoice

    if options.model is None:
        for name in ("optimized", "input_shape", "data"):
            if getattr(options, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} needs --model FILE.py:FACTORY")
        return None
    model = _factory("--model", options.model, cwd)
    if options.input_shape is None and options.data is None:
        raise UsageError("--model needs --input-shape, or --data to take it from")
    optimized, data = options.optimized, options.data
    if data is not None and not (cwd / data).is_file():
        raise UsageError(f"--data: there is no file {data.name}")
    return CustomModelChoice(
        model=model,
        optimized=None if optimized is None else _factory("--optimized", optimized, cwd),
        input_shape=options.input_shape,
        data=None if data is None else str((cwd / data).absolute()),
    )


def own_failed(record: CapstoneRecord) -> bool:
    """Tell whether an own model was asked for and could not be measured."""
    return any(found.what == "your own model" for found in record.not_measured)


def _factory(flag: str, text: str, cwd: Path) -> str:
    """Return the absolute form of FILE.py:FACTORY."""
    file, colon, name = text.rpartition(":")
    if not colon or not name.isidentifier():
        raise UsageError(f"{flag} {text!r}: write it as FILE.py:FACTORY")
    path = (cwd / file).absolute()
    if not path.is_file():
        raise UsageError(f"{flag}: there is no file {file}")
    return f"{path}:{name}"
