"""`tito-bench community`: the verbs of belonging to a cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tito_bench.cli.community import (
    cohort,
    connect,
    export,
    join,
    leave,
    me,
    peers,
    profile,
    stats,
    submit,
    sync,
    update,
)
from tito_bench.cli.community import map as community_map
from tito_bench.cli.community import open as open_pages
from tito_bench.cli.options import Subparsers, add_group

if TYPE_CHECKING:
    import argparse

__all__ = ["add_parsers"]


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the `community` group."""
    group = add_group(
        subparsers,
        "community",
        "Learn with a cohort. Everything stays on this machine unless you say otherwise.",
    )
    for verb in (
        connect,
        join,
        update,
        profile,
        stats,
        submit,
        export,
        sync,
        community_map,
        cohort,
        open_pages,
        me,
        leave,
    ):
        verb.add_parser(group)
    peers.add_parsers(group)
