"""What is known of the BLAS that NumPy multiplies matrices with."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from tito_bench.machine.system import read_text

__all__ = ["built_blas", "built_blas_of", "instruction_set"]

# NumPy wrote `bool("True"...` until 2.4 and a plain `True` from 2.5 on.
_BUILT = re.compile(r'"blas":\s*\{\s*"name":\s*"([^"]*)",\s*"found":\s*(?:bool\(")?(\w+)')
# Kernel families of OpenBLAS and BLIS, as they name them, by the widest set they use.
_FAMILIES = {
    "avx512": ("skylakex", "cooperlake", "sapphirerapids", "skx", "knl", "zen4", "zen5"),
    "avx2": ("haswell", "zen", "zen2", "zen3", "excavator"),
    "avx": ("sandybridge", "bulldozer", "piledriver", "steamroller"),
    "sse2": (
        *("prescott", "core2", "penryn", "dunnington", "nehalem", "atom"),
        *("athlon", "opteron", "opteron_sse3", "barcelona", "bobcat", "katmai", "coppermine"),
        *("northwood", "generic"),
    ),
}
_SET_OF = {family: name for name, families in _FAMILIES.items() for family in families}


def instruction_set(architecture: str) -> str | None:
    """Return the x86 instruction set of a BLAS kernel family: "avx512", "avx2", "avx" or "sse2".

    None for a family of another processor, or an unknown one.
    """
    return _SET_OF.get(architecture.lower())


def built_blas() -> str | None:
    """Return the BLAS that NumPy was built with, by its own configuration.

    "none" for a NumPy without one, None where it does not say. Read from its
    file: importing NumPy would take longer than all other readers together.
    """
    spec = find_spec("numpy")
    if spec is None or spec.origin is None:
        return None
    return built_blas_of(read_text(Path(spec.origin).with_name("__config__.py")))


def built_blas_of(configuration: str) -> str | None:
    """Return the BLAS in the text of NumPy's `__config__.py`; see `built_blas`."""
    match = _BUILT.search(configuration)
    if match is None:
        return None
    name, found = match.groups()
    return name.lower() if found == "True" else "none"
