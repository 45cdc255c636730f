"""Runs the installed command as a process of its own and reads its record."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from fairness_lab.contention import Contention, cores
from tito_bench.records.benchmark import BenchmarkRecord, decode_record

__all__ = ["run_baseline"]


def run_baseline(
    project: Path,
    words: Sequence[str],
    environ: Mapping[str, str],
    contention: Contention,
    python: str = sys.executable,
) -> BenchmarkRecord:
    """Run one `benchmark baseline` in a process pinned to one core, under `contention`.

    Raises RuntimeError with the command's own words where it fails.
    """
    command = [python, "-m", "tito_bench", "benchmark", "baseline", "--json", "--skip-submit"]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [*command, "--project", str(project), *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=dict(environ),
            # The worker inherits it; the parent only waits while the worker measures.
            preexec_fn=lambda: os.sched_setaffinity(0, {cores()[0]}),
        )
        with contention(psutil.Process(process.pid)):
            code = process.wait()
        out.seek(0)
        err.seek(0)
        if code != 0:
            raise RuntimeError(err.read().decode("utf-8", "replace").strip())
        return decode_record(out.read())
