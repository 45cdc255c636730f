"""The `tito` script: ours for the words we own, TinyTorch's own for all others.

TinyTorch's distribution installs a script of the same name, and pip lets the
last one win. Whichever that is, `tito module start 01` must reach TinyTorch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from tito_bench.cli.exits import Exit
from tito_bench.cli.main import build_parser
from tito_bench.cli.main import main as own_main

__all__ = ["OWN_COMMANDS", "main"]

OWN_COMMANDS = frozenset({"benchmark", "community"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run `tito`. Words that are not ours go to `tito.main.main` untouched."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in OWN_COMMANDS:
        return own_main(words, prog="tito")
    upstream = _upstream_main()
    if upstream is not None:
        if not words or words[0] in {"-h", "--help"}:
            build_parser("tito").print_help()
            sys.stdout.write("\nTinyTorch's own commands:\n\n")
            sys.stdout.flush()
        return int(upstream() or 0)
    if not words or words[0].startswith("-"):
        return own_main(words, prog="tito")
    sys.stderr.write(
        f"tito: error: {words[0]!r} is a command of TinyTorch, which is not installed in this "
        "Python; install TinyTorch, or see tito-bench --help for the commands that are here\n"
    )
    return Exit.USAGE


def _upstream_main() -> Callable[[], int | None] | None:
    """TinyTorch's entry point, or None where TinyTorch is not installed.

    Only the absence of `tito` itself means that; an import error inside
    TinyTorch is TinyTorch's to report.
    """
    try:
        module = import_module("tito.main")
    except ModuleNotFoundError as error:
        if error.name in {"tito", "tito.main"}:
            return None
        raise
    found: Callable[[], int | None] = module.main
    return found
