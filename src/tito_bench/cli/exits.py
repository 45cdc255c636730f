"""The exit codes, named in one place."""

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """What the process tells the shell."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNSTABLE = 3
    """Measured, but the verdict is unstable and `--strict` was given."""
    INTERRUPTED = 130
    """128 + SIGINT, as shells have it; so it is with other signals."""
