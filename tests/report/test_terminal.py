"""A baseline in terminals of every width."""

from __future__ import annotations

import io

import msgspec
import pytest
from fake_worker import RUNTIME
from rich.cells import cell_len
from rich.console import Console

from records.made_record import made_record
from tito_bench.measure.results import Failure
from tito_bench.measure.verdict import Verdict, reason
from tito_bench.note import Note
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.report import view
from tito_bench.report.terminal import Symbols, print_baseline
from tito_bench.score import Work

SAVED = ".tito/benchmarks/baseline_20261122T203000Z_abcd.json"
MISSING = Failure("missing", "module 03 layers: Linear not found")


def shown(
    record: BenchmarkRecord, width: int = 80, *, unicode: bool = True, saved: str | None = SAVED
) -> str:
    text = io.StringIO()
    console = Console(file=text, width=width, markup=False, emoji=False, highlight=False)
    print_baseline(console, record, Symbols.choose(unicode), saved)
    return text.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def reference_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference machine whose card does not change: everything native takes 2 ms there."""
    monkeypatch.setattr(view, "reference_ms", lambda op: 2 * op.slowdown)
    monkeypatch.setattr(view, "reference_name", lambda: "Old CPU, sse2")


def test_the_whole_report() -> None:
    assert shown(made_record()).splitlines() == [
        "",
        "🎯 Baseline Benchmark",
        "",
        "📊 Your Baseline Performance:                 native   slowdown",
        "   • Tensor Operations:    ⚡ 0.00210ms    0.00105ms       2.0x",
        "   • Matrix Multiply:      ⚡ 0.00210ms    0.00105ms       2.0x",
        "   • Forward Pass:         ⚡ 0.00250ms    0.00125ms       2.0x",
        "   • mlp batch 1:          ⚡ 0.00250ms    0.00125ms       2.0x  not scored",
        "   • Score: 90/100",
        "",
        "✅ Setup verified and working!",
        "",
        "Subject: numpy 2.0.0",
        "CPU: Some CPU; kernels: portable",
        "NumPy 2.0.0, openblas Haswell, BLAS threads: 1",
        "95% interval of the score: 90.0 to 90.0",
        "On the reference machine (Old CPU, sse2) about: Tensor Operations 4.000ms,",
        "Matrix Multiply 4.000ms, Forward Pass 4.000ms",
        f"Saved: {SAVED}",
    ]


@pytest.mark.parametrize("width", [40, 60, 79, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal_but_for_paths(width: int, unicode: bool) -> None:
    failures = {
        "mlp_batch_256": MISSING,
        "add_512x512": Failure("raised", "tensor.py:3: " + "no " * 40),
    }
    record = made_record(failures, note="measuring numpy: " + "because " * 20)
    lines = shown(record, width, unicode=unicode).splitlines()
    assert [line for line in lines if cell_len(line) > width and SAVED not in line] == []
    assert [line for line in lines if line != line.rstrip()] == []


def test_loops_of_python_are_named_with_how_they_count() -> None:
    text = flat(shown(made_record(work=Work(0.9, 1, 1))))
    assert "Loops of Python: Tensor Operations, Matrix Multiply, Forward Pass, mlp batch 1." in text
    assert "held against the interpreter" in text
    assert "Loops of Python" not in shown(made_record(work=Work(0.4, 1, 1)))


def test_a_path_stays_whole_on_a_narrow_terminal() -> None:
    assert SAVED in shown(made_record(), 40).splitlines()


def test_a_narrow_terminal_has_the_same_numbers() -> None:
    text = shown(made_record(), 40)
    assert "   • Forward Pass: ⚡ 0.00250ms\n     native 0.00125ms, 2.0x\n" in text
    assert "     native 0.00125ms, 2.0x, not scored\n" in text
    assert "   • Score: 90/100\n" in text


def test_without_unicode_the_report_is_ascii_and_says_as_much() -> None:
    text = shown(made_record(), unicode=False)
    assert text.isascii()
    assert "[ok] Setup verified" in text
    failed = shown(made_record({"add_512x512": Failure("incorrect", "off")}), unicode=False)
    assert "[failed] Setup is not verified: an operation failed." in failed


def test_an_operation_failed_only_where_one_did() -> None:
    record = made_record()
    verdict = Verdict("invalid", [reason("other_processes", "the code", "1")])
    text = shown(msgspec.structs.replace(record, verdict=verdict))
    assert "Setup is not verified: some of the work was not timed." in text
    assert "Processes that the code started, whose work is not timed: 1." in text


def test_what_is_missing_is_named_and_the_score_says_how_much_it_covers() -> None:
    text = shown(made_record({"mlp_batch_256": MISSING, "mlp_batch_1": MISSING}))
    assert "Forward Pass: not measured (module 03 layers: Linear not found)" in text
    assert "Score: 90/100 (2 of 3 groups)" in text
    assert "Works so far" in text


def test_a_failure_has_no_score() -> None:
    text = shown(made_record({"matmul_256": Failure("incorrect", "the result is off by 1")}))
    assert "not measured (matmul_256: incorrect: the result is off by 1)" in flat(text)
    assert "Score: none" in text
    assert "❌ Setup is not verified" in text


def test_nothing_at_all_could_be_measured() -> None:
    names = ["add_100x100", "mul_100x100", "add_512x512", "matmul_100", "matmul_256"]
    names += ["mlp_batch_256", "mlp_batch_1"]
    text = shown(made_record(dict.fromkeys(names, MISSING)))
    assert "Nothing could be measured." in text


def test_numpy_in_place_of_a_package_is_said_where_it_is_seen() -> None:
    text = shown(made_record(note="measuring numpy: no TinyTorch package"))
    assert "This was plain NumPy, not your own code." in text
    assert "💡 measuring numpy: no TinyTorch package" in text


def test_the_students_files_are_listed_once_each() -> None:
    files = {"Tensor": "tinytorch/core/tensor.py", "ReLU": "a.py", "Linear": "a.py"}
    text = shown(made_record(name="tinytorch", version=None, files=files))
    assert "Subject: tinytorch\n   Tensor from tinytorch/core/tensor.py\n" in text
    assert "   ReLU, Linear from a.py\n" in text


def test_unknown_libraries_are_said_to_be_unknown() -> None:
    runtime = msgspec.structs.replace(
        RUNTIME, blas=None, blas_version=None, blas_architecture=None, blas_threads=None
    )
    text = shown(made_record(runtime=runtime))
    assert "NumPy 2.0.0, unknown BLAS, BLAS threads: unknown" in text


def test_warnings_about_the_machine_are_told_and_mere_facts_are_not() -> None:
    findings = [
        Note("on_battery", "warning", "battery", ""),
        Note("virtual_machine", "info", "machine", "kvm"),
    ]
    text = flat(shown(made_record(environment=findings)))
    assert "Plug it in." in text
    assert "virtual machine" not in text


def test_markup_and_control_bytes_of_students_are_shown_not_obeyed() -> None:
    reason = "[red]tensor.py[/red]\x1b[2J\u202e"
    text = shown(made_record({"add_512x512": Failure("raised", reason)}, note=":smile: [b]x[/b]"))
    assert "[red]tensor.py[/red]\\x1b[2J\\u202e" in text
    assert ":smile: [b]x[/b]" in text
    assert "\x1b" not in text


def test_without_a_file_nothing_is_said_to_be_saved() -> None:
    assert "Saved" not in shown(made_record(), saved=None)
