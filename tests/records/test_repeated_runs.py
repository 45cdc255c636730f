"""What is learned from other runs of the same code, and what keeps nobody from comparing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from records.made_record import NOW, made_record, save_record
from tito_bench.errors import StoreError
from tito_bench.measure.comparison import FEWEST_PAIRS
from tito_bench.records.read import read_history
from tito_bench.records.repeated_runs import learned_drifts

RUNS = FEWEST_PAIRS + 4


def test_a_run_that_is_gone_meanwhile_is_named_and_not_learned_from(tmp_path: Path) -> None:
    saved = [
        save_record(tmp_path, made_record(name="numpy", now=NOW + timedelta(hours=hour)))
        for hour in range(RUNS)
    ]
    now = NOW + timedelta(hours=RUNS)
    entries = read_history(tmp_path, now).entries
    before, after = sorted(entries, key=lambda entry: entry.file)[-2:]

    def learned(named: list[StoreError]) -> set[int]:
        drifts = learned_drifts(tmp_path, entries, before, after, now, named.append)
        return {drift.pairs for drift in drifts.values()}

    assert learned([]) == {RUNS - 3}
    saved[0].unlink()
    named: list[StoreError] = []
    assert learned(named) == {RUNS - 4}
    assert [saved[0].name in str(error) for error in named] == [True]
