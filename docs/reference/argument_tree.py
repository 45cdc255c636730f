"""The argument tree as Sphinx is to read it: epilogs are laid out by hand, and are no markup."""

from __future__ import annotations

import argparse
import textwrap

from tito_bench.cli.main import build_parser

__all__ = ["parser"]


def parser() -> argparse.ArgumentParser:
    """Return the tree of `tito-bench`, its epilogs of several lines as literal blocks."""
    tree = build_parser(short_forms=False)
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if one.epilog and "\n" in one.epilog:
            one.epilog = "::\n\n" + textwrap.indent(one.epilog, "   ")
        for action in one._actions:  # argparse has no public way down
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()
    return tree
