"""Instruction sets: NumPy, its OpenBLAS and the kernels held to the same one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["INSTRUCTION_SETS", "InstructionSet", "clean_environ", "instruction_sets"]

# Presets of the shell that would decide what is measured.
_PRESETS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE")


@dataclass(frozen=True)
class InstructionSet:
    """One kernel target, with the OpenBLAS core and the NumPy features that match it."""

    target: str
    openblas_core: str
    numpy_keeps: tuple[str, ...]
    """NumPy's dispatch features that stay on; all others are switched off."""

    def environ(self) -> dict[str, str]:
        """Return the variables that hold a process to it."""
        from numpy._core._multiarray_umath import __cpu_dispatch__

        off = [feature for feature in __cpu_dispatch__ if feature not in self.numpy_keeps]
        return {
            "TITO_KERNELS_TARGET": self.target,
            "OPENBLAS_CORETYPE": self.openblas_core,
            "NPY_DISABLE_CPU_FEATURES": " ".join(off),
        }


_AVX2 = ("X86_V3", "AVX2", "FMA3")
INSTRUCTION_SETS = (
    # What OpenBLAS itself takes on a CPU with SSE4.2 and no AVX.
    InstructionSet("sse2", "Nehalem", ()),
    InstructionSet("avx2", "Haswell", _AVX2),
    InstructionSet(
        "avx512",
        "SkylakeX",
        (*_AVX2, "X86_V4", "AVX512F", "AVX512CD", "AVX512_SKX", "AVX512_ICL", "AVX512_SPR"),
    ),
)


def instruction_sets() -> tuple[InstructionSet, ...]:
    """Return those that this CPU can run."""
    from tito_bench import _native

    supported = _native.supported_targets()
    return tuple(one for one in INSTRUCTION_SETS if one.target in supported)


def clean_environ() -> Mapping[str, str]:
    """Return the environment without presets that would decide what is measured."""
    return {name: value for name, value in os.environ.items() if name not in _PRESETS}
