"""The `tito` script: ours for the words we own, TinyTorch's own for all others.

TinyTorch's distribution installs a script of the same name, and pip lets the
last one win. Whichever that is, `tito module start 01` must reach TinyTorch.

Whoever types a word of TinyTorch waits for this module besides TinyTorch, so
it imports nothing that costs time: not even `typing`.
"""

from __future__ import annotations

import sys

from tito_bench.cli.commands import ALWAYS_OURS, COMMANDS, OUR_VERBS, SHARED_VERBS, VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["main"]

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
    if words[0] == ALWAYS_OURS:
        return _run_own(words[1:], f"tito {ALWAYS_OURS}")
    if words[0] in OUR_VERBS:
        return _run_group(words)
    if words[0] in COMMANDS:
        return _run_own(words)
    upstream = _upstream_main()
    if upstream is not None:
        return upstream()
    # The verbs of `benchmark` by themselves are words that TinyTorch may want one day.
    if words[0].startswith("-") or words[0] in VERBS:
        return _run_own(words)
    return _no_such_command(words[0], (*COMMANDS, *VERBS))


def _run_group(words: Sequence[str]) -> object:
    """Run a word that both have: its verb, and then its options, say whose it is."""
    group, *rest = words
    verb = rest[0] if rest else _HELP[0]
    shared = group == "community" and verb in SHARED_VERBS
    ours = verb in OUR_VERBS[group] or verb in _HELP
    upstream = None if ours and not shared else _upstream_main()
    if upstream is not None:
        return upstream()
    if ours:
        return _run_ours(words)
    return _no_such_command(f"{group} {verb}", (f"{group} {one}" for one in OUR_VERBS[group]))


def _run_ours(words: Sequence[str]) -> object:
    """Run a verb of ours, unless it has an option that we do not know and TinyTorch may."""
    from tito_bench.cli.main import UnknownOption
    from tito_bench.cli.main import main as own_main

    try:
        return own_main(words, "tito", raises=True)
    except UnknownOption:
        upstream = _upstream_main()
    return _run_own(words) if upstream is None else upstream()


def _run_own(words: Sequence[str], prog: str = "tito") -> int:
    from tito_bench.cli.main import main as own_main

    return own_main(words, prog)


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


def _no_such_command(word: str, known: Iterable[str]) -> int:
    from tito_bench.cli.exits import Exit
    from tito_bench.did_you_mean import did_you_mean
    from tito_bench.safe_text import safe_text

    meant = did_you_mean(word, known)
    sys.stderr.write(
        f"tito: error: {safe_text(word)!r} is not a command of tito-bench, and TinyTorch, which "
        "may have it, is not installed in this Python; "
        f"{meant or 'install TinyTorch, or see tito --help'}\n"
    )
    return Exit.USAGE
