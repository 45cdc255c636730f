"""Honest code may keep its frames, and with them those of whoever measures it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from cheating import dedented, measure, reasons

KEEPING = """
    import gc, sys
    class Kept:
        pass
    honest = Tensor._slowly
    def _keeps(self, function, other):
        kept = Kept()
        kept.me = kept
        {keep}
        return honest(self, function, other)
    Tensor._slowly = _keeps
"""
KEEP = {
    "its frame": "kept.frame = sys._getframe()",
    "an exception": """
        try:
            {}["missing"]
        except KeyError as error:
            kept.error = error
    """,
    "a generator that waits": """
        kept.generator = (kept for frame in [sys._getframe(), None])
        next(kept.generator)
    """,
    "all it can find": """
        kept.frame = sys._getframe()
        while kept.frame:
            kept.__dict__[str(id(kept.frame))] = list(kept.frame.f_locals.values())
            kept.frame = kept.frame.f_back
    """,
    "what the collector finds": "kept.found = gc.get_objects()[-2000:]",
}


@pytest.mark.parametrize("what", KEEP)
def test_it_is_measured_like_any_other(what: str, tmp_path: Path) -> None:
    keep = textwrap.indent(dedented(KEEP[what]), "    ")
    record = measure(tmp_path, dedented(KEEPING).replace("    {keep}", keep))
    assert record.verdict.status != "invalid", reasons(record)
    assert record.normalized_metrics.score is not None
