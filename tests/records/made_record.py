"""A record of made-up rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from fake_worker import LOADED
from made_rounds import made_result, made_round

from tito_bench.machine.findings import Finding
from tito_bench.measure.environment import Machine
from tito_bench.measure.results import Failure
from tito_bench.measure.summary import summarise
from tito_bench.measure.verdict import judge
from tito_bench.records.benchmark import BenchmarkRecord, build_record
from tito_bench.workloads.baseline import BASELINE

__all__ = ["MACHINE", "made_record"]

MACHINE = Machine("Some CPU", "x86_64", 4, 8, 16, "Linux 6.1")
NOW = datetime(2026, 11, 22, 20, 30, 0, 123456, UTC)


def made_record(
    failures: Mapping[str, Failure] = {},
    *,
    slowdown: float = 2.0,
    environment: Sequence[Finding] = (),
    **subject: Any,
) -> BenchmarkRecord:
    """All operations at that slowdown, but for the `failures`, by operation name."""
    results = []
    for op in BASELINE:
        call_ns = slowdown * (1000.0 + 50.0 * op.dispatch_calls)
        failure = failures.get(op.name)
        rounds = [] if failure else [made_round(call_ns)] * 9
        results.append(made_result(op, rounds, failure))
    summary = summarise(results)
    loaded = msgspec.structs.replace(LOADED, **subject)
    return build_record(summary, loaded, MACHINE, environment, judge(summary, loaded.runtime), NOW)
