"""Help of argparse in colour, for terminals that show it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import IO

from rich.console import Console
from rich_argparse import RawDescriptionRichHelpFormatter, RichHelpFormatter

__all__ = ["coloured"]


class _Coloured(RichHelpFormatter):
    """The words and headings of plain argparse, in which no markup is read."""

    text_markup = False
    help_markup = False
    usage_markup = False
    group_name_formatter = str
    styles = RichHelpFormatter.styles | {
        "argparse.groups": "bold",  # legible on light and dark backgrounds
        "argparse.prog": "bold",
    }


class _ColouredRaw(_Coloured, RawDescriptionRichHelpFormatter):
    """The same, with the line breaks of descriptions kept."""


def coloured(
    plain: Callable[..., argparse.HelpFormatter], stream: IO[str]
) -> Callable[..., argparse.HelpFormatter]:
    """What to set as `formatter_class` instead of `plain`, for help that goes to `stream`."""
    keeps_lines = plain is argparse.RawDescriptionHelpFormatter
    formatter = _ColouredRaw if keeps_lines else _Coloured

    def make(prog: str) -> argparse.HelpFormatter:
        return formatter(prog, console=Console(file=stream, markup=False, emoji=False))

    return make
