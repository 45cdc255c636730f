"""The processes that the code under test has started, as the worker itself sees them."""

from __future__ import annotations

import os
import sys

__all__ = ["count_children"]

# Bound as they were before any student code could replace them.
_listdir, _open = os.listdir, open


def count_children() -> int:
    """Count the children of this process, those included that have ended and wait for it.

    0 where the system does not tell (it has to be Linux).
    """
    if sys.platform != "linux":
        return 0
    found = 0
    try:
        for thread in _listdir("/proc/self/task"):
            with _open(f"/proc/self/task/{thread}/children", encoding="ascii") as file:
                found += len(file.read().split())
    except OSError:  # a thread that has just ended, or a kernel without that file
        return found
    return found
