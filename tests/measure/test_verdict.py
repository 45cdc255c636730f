"""Whether a result can be trusted, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest
from fake_worker import RUNTIME
from made_rounds import made_operation, made_reading, made_result, made_round

from tito_bench.measure.results import Failure, OperationResult, PairedRound
from tito_bench.measure.summary import summarise
from tito_bench.measure.verdict import Verdict, doubts_of, judge, reason
from tito_bench.note import Note

ADD = made_operation("add", "tensor_ops")
MLP = made_operation("mlp", "forward_pass")
SHOWN = made_operation("mlp_1", "forward_pass", scored=False)
NOISY = [1000 * 1.2**step for step in range(10)]


def verdict_of(*results: OperationResult, processes: int = 0) -> Verdict:
    return judge(summarise(results, processes), RUNTIME)


def rounds(times: Sequence[float]) -> list[PairedRound]:
    return [made_round(time) for time in times]


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_calm_rounds_are_stable() -> None:
    assert verdict_of(made_result(ADD)) == Verdict("stable", ())


def test_what_is_missing_is_no_reason_for_doubt() -> None:
    missing = made_result(made_operation("mlp"), failure=Failure("missing", "not yet"))
    assert verdict_of(made_result(ADD), missing).status == "stable"


def test_a_failed_operation_is_invalid_and_named() -> None:
    failed = made_result(made_operation("mlp"), failure=Failure("crashed", "SIGSEGV"))
    verdict = verdict_of(made_result(ADD), failed)
    assert verdict == Verdict("invalid", (reason("failed_operation", "mlp", "SIGSEGV"),))


def test_work_that_was_not_measured_is_invalid() -> None:
    beside = made_result(ADD, [made_round(2100.0, others=0.25)] * 9)
    threads = verdict_of(beside)
    assert threads.status == "invalid"
    assert threads.reasons[0] == reason("other_threads", "add", "25%")
    processes = verdict_of(made_result(ADD), processes=2)
    assert processes.status == "invalid"
    assert processes.reasons[0] == reason("other_processes", "the code", "2")


def test_a_dearer_smallest_call_is_named_and_noise_of_it_is_not() -> None:
    def changed(change: float) -> Verdict:
        taken = [replace(made_round(2100.0), dispatch_change=change) for _ in range(9)]
        return verdict_of(made_result(ADD, taken))

    assert changed(1.2).status == "stable"
    assert changed(1.6).reasons == (reason("dearer_dispatch", "add", "1.6"),)


def test_some_warnings_about_the_machine_are_doubts() -> None:
    held = Note("forced_kernel_target", "warning", "kernels", "sse2, the best here is avx2")
    alike, busy = Note(held.code, "info", "", ""), Note("busy_machine", "warning", "", "")
    (doubt,) = doubts_of([held, alike, busy])
    assert doubt == reason("forced_kernel_target", held.what, held.value)
    assert judge(summarise([made_result(ADD)], 0), RUNTIME, [doubt]).status == "unstable"


def test_a_wide_interval_and_noise_are_doubts() -> None:
    verdict = verdict_of(made_result(ADD, rounds(NOISY)))
    assert verdict.status == "unstable"
    assert {"wide_interval", "noisy_operation"} <= set(codes(verdict))
    noise = next(reason for reason in verdict.reasons if reason.code == "noisy_operation")
    assert noise.what == "add"


def test_noise_of_what_is_only_shown_is_no_doubt() -> None:
    noisy = made_result(SHOWN, rounds(NOISY))
    assert verdict_of(made_result(MLP), noisy).status == "stable"


def test_a_machine_that_gets_faster_or_slower_meanwhile() -> None:
    verdict = verdict_of(made_result(ADD, rounds([2000 + 40 * step for step in range(12)])))
    assert "drift" in codes(verdict)
    drift = next(reason for reason in verdict.reasons if reason.code == "drift")
    assert drift.value.startswith("-")  # the score fell


def test_another_program_in_most_rounds() -> None:
    disturbed = made_round(made_reading(2100.0, wall=1.5))
    most = verdict_of(made_result(ADD, [disturbed] * 6 + [made_round(2100.0)] * 4))
    assert reason("preempted", "rounds", "60%") in most.reasons
    few = verdict_of(made_result(ADD, [disturbed] * 4 + [made_round(2100.0)] * 6))
    assert few.status == "stable"


@pytest.mark.parametrize(("threads", "shown"), [(4, "4"), (None, "unknown")])
def test_blas_threads_that_could_not_be_limited(threads: int | None, shown: str) -> None:
    runtime = msgspec.structs.replace(RUNTIME, blas_threads=threads)
    verdict = judge(summarise([made_result(ADD)]), runtime)
    assert verdict == Verdict("unstable", (reason("blas_threads", "openblas", shown),))


def test_doubts_from_elsewhere_come_last_and_make_it_unstable() -> None:
    further = reason("slower_than_calibrated", "kernels", "20%")
    assert judge(summarise([made_result(ADD)]), RUNTIME, [further]) == Verdict(
        "unstable", (further,)
    )


def test_invalid_wins_over_unstable() -> None:
    failed = made_result(made_operation("mlp"), failure=Failure("incorrect", "off"))
    noisy = made_result(ADD, rounds(NOISY))
    assert verdict_of(noisy, failed).status == "invalid"
