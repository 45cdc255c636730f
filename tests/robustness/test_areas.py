"""A few tries of each area; `tools/break_it.py` makes the many."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from robustness.commands import FORKS

pytestmark = pytest.mark.skipif(not FORKS, reason="forks")
if FORKS:
    from robustness.areas import AREAS
    from robustness.commands import Outcome
else:  # the names of the parameters
    AREAS = {}


@pytest.fixture(scope="module", autouse=True)
def _everything_imported() -> None:
    from robustness.commands import preload

    preload()


@pytest.mark.parametrize("area", AREAS)
def test_nothing_breaks_it(area: str, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    rng, chosen, outcome = random.Random(seed), AREAS[area], Outcome()
    parts = rng.sample(chosen.parts, chosen.short_parts)
    for number, part in enumerate(parts):
        outcome.add(chosen.run(part, tmp_path / str(number), chosen.short, rng))
    assert outcome.tried >= len(parts)
    assert not outcome.failed, f"seed {seed}, of {parts}: {outcome.failed[0]}"
