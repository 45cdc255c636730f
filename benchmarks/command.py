"""What the benchmark commands share: the installed tito-bench, and the machine it runs on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tito_bench

__all__ = ["baseline_record", "environ", "machine_line", "tito_bench_command"]

# They would make the BLAS library choose other kernels than it does for a student.
_BLAS_OVERRIDES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE")


def environ() -> dict[str, str]:
    """Return this environment without what changes the choice of BLAS kernels or the project."""
    unwanted = (*_BLAS_OVERRIDES, "TITO_KERNELS_TARGET", "TITO_PROJECT")
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def tito_bench_command() -> str:
    """Return the script installed beside this interpreter."""
    found = shutil.which("tito-bench", path=str(Path(sys.executable).parent))
    if found is None:
        sys.exit("tito-bench is not installed in this Python: pip install .")
    if "site-packages" not in tito_bench.__file__:
        print("note: an editable installation starts more slowly than a real one", file=sys.stderr)
    return found


def baseline_record(project: Path, *words: str, verb: str = "baseline") -> dict[str, Any]:
    """Return the record of a whole run of `benchmark baseline`, or another verb, in `project`."""
    command = [tito_bench_command(), "benchmark", verb, "--skip-submit", "--json", *words]
    done = subprocess.run(command, cwd=project, env=environ(), capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def machine_line(record: Mapping[str, Any]) -> str:
    """Say on what a record was made: CPU, Python, NumPy, BLAS kernel, our kernels."""
    machine, runtime = record["system_info"]["machine"], record["system_info"]["runtime"]
    return (
        f"{machine['cpu_model']}, {machine['cores_logical']} cores, {machine['os']}; "
        f"Python {runtime['python']}, NumPy {runtime['numpy']}, {runtime['blas']} "
        f"{runtime['blas_version']} {runtime['blas_architecture']}; "
        f"kernels {runtime['kernel_target']}"
    )
