"""The far end of a terminal, for tests of what a person would see."""

from __future__ import annotations

import os

__all__ = ["read_to_end"]


def read_to_end(terminal: int) -> bytes:
    """All that is written to a terminal until the last writer has gone; closes this end."""
    shown = b""
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError:  # Linux ends a terminal so
            break
        if not read:
            break
        shown += read
    os.close(terminal)
    return shown
