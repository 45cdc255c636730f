"""Whether tito-bench itself is whole: its libraries and its native kernels."""

from __future__ import annotations

from importlib.util import find_spec

import msgspec

from tito_bench.note import Note

__all__ = ["KernelFacts", "check_installation"]

_NEEDED = ("numpy", "psutil", "threadpoolctl", "filelock")


class KernelFacts(msgspec.Struct, frozen=True):
    """The native kernels: `target` is in use, `supported` run on this CPU, best first."""

    version: str
    compiler: str
    target: str
    supported: list[str]


def check_installation() -> tuple[KernelFacts | None, list[Note]]:
    """Return the kernels, or None where they cannot run, and all that is missing."""
    findings = [
        Note("broken_install", "breaks", name, "it is not installed")
        for name in _NEEDED
        if find_spec(name) is None
    ]
    try:
        from tito_bench import _native
    except ImportError as error:
        return None, [*findings, Note("broken_install", "breaks", "_native", str(error))]
    try:
        build = _native.build_info()
    except _native.TargetError as error:
        return None, [*findings, Note("kernel_target", "breaks", "kernels", str(error))]
    facts = KernelFacts(
        build["kernels_version"],
        build["compiler"],
        build["target"],
        list(build["targets_supported"]),
    )
    return facts, findings
