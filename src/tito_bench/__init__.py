"""Hardware-normalised benchmarks and a privacy-first cohort for TinyTorch students.

From Python and in notebooks: `tito_bench.baseline()`, and so on. They are loaded when they are
first used, so that importing this package costs nothing.
"""

from typing import Any

_FUNCTIONS = ("baseline", "bench", "compare", "history", "run_capstone", "run_explain")
"""Those of `tito_bench.api`; their types are in __init__.pyi."""

# Kept equal to pyproject.toml by tests/test_version.py: reading it from the
# installed metadata would add 30 ms to every start.
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        import importlib

        return getattr(importlib.import_module("tito_bench.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_FUNCTIONS})
