"""The words that are ours, and one line about each.

They stand here, apart from the code of the commands, so that neither the help
of all commands nor the `tito` script need import any of them.
"""

__all__ = [
    "ALWAYS_OURS",
    "COMMANDS",
    "OUR_VERBS",
    "SHARED_VERBS",
    "UPSTREAM_VERBS",
    "VERBS",
]

COMMANDS = {
    "benchmark": "Measure your code beside native kernels on this machine.",
    "community": "Learn with a cohort. Everything stays on this machine unless you say otherwise.",
    "doctor": "Say what is wrong with this machine or installation, and how to repair it.",
    "server": "Host the community of a course on a machine of your own.",
    "completions": "Print a script that lets your shell complete these commands.",
}

VERBS = {
    "baseline": "quick check: how close your code runs to this machine's native speed",
    "capstone": "the whole evaluation: speed, compression, accuracy, efficiency of your package",
    "explain": "where the time goes, the likely cause, and which module teaches the remedy",
    "compare": "two records: which operations are faster, which slower, which not separated",
    "history": "all your records, oldest to newest, and the score over time",
    "report": "a record as one page with charts, as a picture, or as a card to share",
    "calibrate": "measure what this machine can do, for later results to be compared with",
}
"""The verbs of `benchmark`, which may be called without that word too."""

OUR_VERBS = {
    "benchmark": frozenset(VERBS),
    "community": frozenset(
        {
            "block",
            "blocks",
            "cohort",
            "connect",
            "export",
            "group",
            "groups",
            "inbox",
            "join",
            "leave",
            "map",
            "me",
            "mentor",
            "mentors",
            "open",
            "profile",
            "report",
            "roster",
            "stats",
            "submit",
            "sync",
            "unblock",
            "update",
        }
    ),
}
"""Those of the groups that TinyTorch has too: any other verb in them is TinyTorch's."""

UPSTREAM_VERBS = ("login", "logout", "map", "profile", "status", "sync")
"""Those of TinyTorch's own `community`, as of 0.2.0."""

SHARED_VERBS = OUR_VERBS["community"].intersection(UPSTREAM_VERBS)
"""Both have these in `community`. `tito` gives them to TinyTorch where it is installed: its
`sync --disable-auto` is how people say no to its uploads, and must reach it."""

ALWAYS_OURS = "bench"
"""`tito bench WORDS` is `tito-bench WORDS`; no version of TinyTorch has this word."""
