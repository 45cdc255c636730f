"""`tito-bench community`: the verbs of belonging to a cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tito_bench.cli.commands import ALWAYS_OURS, COMMANDS, SHARED_VERBS, UPSTREAM_VERBS
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

_BESIDE_TINYTORCH = (
    f"Where TinyTorch is installed, `tito community {'`, `'.join(UPSTREAM_VERBS)}` and all that is "
    f"not listed here are TinyTorch's own. Ours of the same name: `tito {ALWAYS_OURS} community "
    f"{'`, `'.join(sorted(SHARED_VERBS))}`."
)


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the `community` group."""
    group = add_group(
        subparsers,
        "community",
        COMMANDS["community"],
        tito=_BESIDE_TINYTORCH,
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
