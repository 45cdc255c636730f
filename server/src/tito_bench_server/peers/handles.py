"""Names of three words, drawn anew for each group: nobody is recognised from another one."""

from __future__ import annotations

import secrets
from collections.abc import Collection

__all__ = ["new_handle"]

_WORDS = """
amber brave bright calm clear clever cosy curious eager early fair fine gentle glad golden happy
kind lively lucky merry mild neat nimble patient plain quick quiet ready steady sunny warm wise

alpine autumn azure birch cedar coastal coral forest garden harbour hazel hill island ivory jade
lake maple meadow moss mountain olive orchard pearl pine prairie river sage sea silver spring
valley winter

badger beaver crane dolphin dove eagle falcon finch fox gecko hare heron ibex jay kite koala lark
lynx marten newt otter owl panda puffin quail robin seal sparrow stork swan tern wren
"""
_LISTS = tuple(tuple(words.split()) for words in _WORDS.split("\n\n"))


def new_handle(taken: Collection[str]) -> str:
    """Return one of 32,768 names that is not taken."""
    while True:
        found = "-".join(secrets.choice(words) for words in _LISTS)
        if found not in taken:
            return found
