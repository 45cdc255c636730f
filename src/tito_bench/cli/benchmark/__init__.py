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
from tito_bench.cli.commands import COMMANDS
from tito_bench.cli.options import Subparsers, add_group

__all__ = ["add_parsers"]


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the `benchmark` group."""
    group = add_group(subparsers, "benchmark", COMMANDS["benchmark"])
    for verb in (baseline, capstone, explain, compare, history, report, calibrate):
        verb.add_parser(group)
