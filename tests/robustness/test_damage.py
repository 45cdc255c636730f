"""A few damages of each kind of file; `tools/damage_files.py` goes on for longer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from robustness.damaging import AREAS


@pytest.mark.parametrize(("area", "count"), [("damages", 4), ("odd files", 6)])
def test_no_command_ends_in_a_stack_trace(area: str, count: int, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    outcome = AREAS[area](tmp_path, count, random.Random(seed), {"HOME": str(tmp_path / "home")})
    assert outcome.tried > count
    assert not outcome.failed, f"seed {seed}: {outcome.failed[0]}"
