"""`tito-bench benchmark`: the verbs that measure."""

from __future__ import annotations

import argparse

from tito_bench.cli.benchmark import (
    baseline,
    calibrate,
    capstone,
    compare,
    explain,
    history,
    report,
)
from tito_bench.cli.options import Subparsers, add_group

__all__ = ["add_parsers"]


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the `benchmark` group."""
    group = add_group(
        subparsers, "benchmark", "Measure your code beside native kernels on this machine."
    )
    baseline.add_parser(group)
    capstone.add_parser(group)
    history.add_parser(group)
    compare.add_parser(group)
    report.add_parser(group)
    calibrate.add_parser(group)
    explain.add_parser(group)
