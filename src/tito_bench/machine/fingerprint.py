"""What a calibration holds for: this kind of CPU with these kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tito_bench.machine.environment import Machine, Runtime

__all__ = ["Fingerprint", "fingerprint_of"]


class Fingerprint(msgspec.Struct, frozen=True):
    """The kind of CPU, and the kernels by version, compiler and target.

    Names a kind of machine and never a single one: no serial, no host name.
    """

    cpu_model: str
    architecture: str
    kernels_version: str
    kernels_compiler: str
    kernel_target: str

    def differences(self, other: Fingerprint) -> tuple[str, ...]:
        """Return the facts in which two differ, with spaces for underscores, for people."""
        return tuple(
            name.replace("_", " ")
            for name in self.__struct_fields__
            if getattr(self, name) != getattr(other, name)
        )


def fingerprint_of(machine: Machine, runtime: Runtime) -> Fingerprint:
    """Return the fingerprint of a machine and of the process that measured on it."""
    return Fingerprint(
        machine.cpu_model,
        machine.architecture,
        runtime.kernels_version,
        runtime.kernels_compiler,
        runtime.kernel_target,
    )
