"""The words that are ours, and one line about each.

They stand here, apart from the code of the commands, so that neither the help
of all commands nor the `tito` script need import any of them.
"""

__all__ = ["ALWAYS_OURS", "COMMANDS", "SHARED_VERBS", "UPSTREAM_VERBS", "VERBS"]

COMMANDS = {
    "benchmark": "Measure your code beside native kernels on this machine.",
    "community": "Learn with a cohort. Everything stays on this machine unless you say otherwise.",
    "doctor": "Say what is wrong with this machine or installation, and how to repair it.",
    "server": "Host the community of a course on a machine of your own.",
    "completions": "Print a script that lets your shell complete these commands.",
}

VERBS = {
    "benchmark": frozenset(
        {"baseline", "calibrate", "capstone", "compare", "explain", "history", "report"}
    ),
    "community": frozenset(
        {
            *("cohort", "connect", "export", "join", "leave", "map", "me", "open", "profile"),
            *("stats", "submit", "sync", "update"),
        }
    ),
}
"""Ours, in the groups that TinyTorch has too: any other verb in them is TinyTorch's."""

UPSTREAM_VERBS = ("login", "logout", "map", "profile", "status", "sync")
"""Those of TinyTorch's own `community`, as of 0.2.0."""

SHARED_VERBS = VERBS["community"].intersection(UPSTREAM_VERBS)
"""Both have these in `community`. `tito` gives them to TinyTorch where it is installed: its
`sync --disable-auto` is how people say no to its uploads, and must reach it."""

ALWAYS_OURS = "bench"
"""`tito bench WORDS` is `tito-bench WORDS`; no version of TinyTorch has this word."""
