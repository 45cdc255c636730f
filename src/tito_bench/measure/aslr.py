"""Where a process comes to lie in memory: the same place every time, where the system allows it.

Linux places program, libraries, heap and stack of every process at random.
Which cache sets and branch slots they share is luck then, and the same loop of
Python differs by 3% from process to process (Mytkowicz et al., "Producing wrong
data without doing anything obviously wrong!", ASPLOS 2009).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["fixed_addresses"]

_ADDR_NO_RANDOMIZE = 0x0040000  # personality(2)
_ASK = 0xFFFFFFFF


@contextmanager
def fixed_addresses() -> Iterator[bool]:
    """Keep programs started meanwhile from random places; yield whether the system does so.

    Some containers forbid it, and only Linux has it: nothing changes there.
    """
    if sys.platform != "linux":
        yield False
        return
    personality = ctypes.CDLL(None).personality
    personality.argtypes, personality.restype = [ctypes.c_ulong], ctypes.c_int
    before = personality(_ASK)
    if before == -1 or personality(before | _ADDR_NO_RANDOMIZE) == -1:
        yield False
        return
    try:
        yield True
    finally:
        personality(before)
