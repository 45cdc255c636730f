"""The `tito` script: ours for the words we own, TinyTorch's own for all others.

TinyTorch's distribution installs a script of the same name, and pip lets the
last one win. Whichever that is, `tito module start 01` must reach TinyTorch.

Whoever types a word of TinyTorch waits for this module besides TinyTorch, so
it imports nothing that costs time: not even `typing`.
"""

from __future__ import annotations

import sys

from tito_bench.cli.commands import COMMANDS, VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["SHARED_VERBS", "THEIR_VERBS", "main"]

# `doctor` is ours: TinyTorch's is `tito system doctor`, in all versions that have the modules
# which we measure. Of the groups that both have, these verbs are TinyTorch's alone; without
# them an installation of tito-bench would take `tito community login` away.
THEIR_VERBS = frozenset(("community", verb) for verb in ("login", "logout", "status"))
# Both have these: they are TinyTorch's where it is installed, and ours where it is not.
# `tito-bench community map` is ours everywhere. The same goes for `tito baseline` and the other
# verbs of `benchmark` by themselves, words that TinyTorch may want one day.
SHARED_VERBS = frozenset({("community", "map")})
_HELP = ("-h", "--help")


def main() -> object:
    """Run `tito`. Words that are not ours go to `tito.main.main`, untouched.

    Returns
    -------
    object
        For `sys.exit`: an `Exit` code of ours, or whatever TinyTorch returned.
    """
    words = sys.argv[1:]
    if not words or words[0] in _HELP:
        return _help_of_both()
    verb = tuple(words[:2])
    if words[0] in COMMANDS and verb not in THEIR_VERBS | SHARED_VERBS:
        return _run_own(words)
    upstream = _upstream_main()
    if upstream is not None:
        return upstream()
    if words[0].startswith("-") or words[0] in VERBS or verb in SHARED_VERBS:
        return _run_own(words)
    return _no_such_command(" ".join(words[:2]) if words[0] in COMMANDS else words[0])


def _run_own(words: Sequence[str]) -> int:
    from tito_bench.cli.main import main as own_main

    return own_main(words, prog="tito")


def _help_of_both() -> object:
    """Print our help, and TinyTorch's below it where it is installed."""
    status = _run_own([])
    upstream = None if status else _upstream_main()
    if upstream is None:
        return status
    if sys.stdout is not None:
        sys.stdout.write("\nTinyTorch's own commands:\n\n")
    return upstream()


def _upstream_main() -> Callable[[], object] | None:
    """Return TinyTorch's entry point, or None where TinyTorch is not installed.

    Only the absence of `tito` itself means that; an import error inside
    TinyTorch is TinyTorch's to report.
    """
    try:
        from tito.main import main as upstream
    except ModuleNotFoundError as error:
        if error.name in {"tito", "tito.main"}:
            return None
        raise
    found: Callable[[], object] = upstream
    return found


def _no_such_command(word: str) -> int:
    from tito_bench.cli.exits import Exit
    from tito_bench.did_you_mean import did_you_mean
    from tito_bench.safe_text import safe_text

    meant = did_you_mean(word, (*COMMANDS, *VERBS))
    sys.stderr.write(
        f"tito: error: {safe_text(word)!r} is not a command of tito-bench, and TinyTorch, which "
        "may have it, is not installed in this Python; "
        f"{meant or 'install TinyTorch, or see tito --help'}\n"
    )
    return Exit.USAGE
