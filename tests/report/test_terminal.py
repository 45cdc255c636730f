"""A baseline in terminals of every width."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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
from tito_bench.report.outlook import Outlook
from tito_bench.report.progress import Since
from tito_bench.report.terminal import Symbols, print_baseline
from tito_bench.score import Work

SAVED = ".tito/benchmarks/baseline_20261122T203000Z_abcd.json"
MISSING = Failure("missing", "module 03 layers: Linear not found")


def shown(
    record: BenchmarkRecord,
    width: int = 80,
    *,
    unicode: bool = True,
    saved: str | None = SAVED,
    outlook: Outlook | None = None,
    verbose: bool = False,
) -> str:
    text = io.StringIO()
    console = Console(file=text, width=width, markup=False, emoji=False, highlight=False)
    symbols = Symbols.choose(unicode)
    print_baseline(console, record, symbols, saved, outlook=outlook, verbose=verbose)
    return text.getvalue()


@pytest.fixture
def utc() -> Iterator[None]:
    """A clock on the wall that shows UTC."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system has no tzset")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC0")
        time.tzset()
        yield
    time.tzset()


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
        "   • Tensor Operations:    ⚡ 2.10us          1.05us      2.00x",
        "   • Matrix Multiply:      ⚡ 2.10us          1.05us      2.00x",
        "   • Forward Pass:         ⚡ 2.50us          1.25us      2.00x",
        "   • mlp batch 1:          ⚡ 2.50us          1.25us      2.00x  not scored",
        "   • Score: 90/100",
        "",
        "✅ Setup verified and working!",
        "👉 Next: in the folder of your TinyTorch project: tito-bench benchmark baseline",
        "",
        "Code: numpy 2.0.0",
        "Machine: Some CPU, portable kernels, NumPy 2.0.0 with openblas (more: --verbose)",
        f"Saved: {SAVED}",
    ]


def test_all_facts_are_there_for_whoever_asks() -> None:
    assert shown(made_record(), verbose=True).splitlines()[12:] == [
        "",
        "Subject: numpy 2.0.0",
        "CPU: Some CPU; kernels: portable",
        "NumPy 2.0.0, openblas Haswell, BLAS threads: 1",
        "95% interval of the score: 90.0, to within 0.1",
        "On the reference machine (Old CPU, sse2) about: Tensor Operations 4.00ms, Matrix",
        "Multiply 4.00ms, Forward Pass 4.00ms",
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
    brief = shown(made_record(work=Work(0.9, 1, 1)))
    assert brief.count("x  loops\n") == 3
    assert "   loops: of Python, held against the interpreter and not against native" in brief
    text = flat(shown(made_record(work=Work(0.9, 1, 1)), verbose=True))
    assert "Loops of Python: Tensor Operations, Matrix Multiply, Forward Pass, mlp batch 1." in text
    assert "held against the interpreter" in text
    assert "oops" not in shown(made_record(work=Work(0.4, 1, 1)), verbose=True)


def test_a_path_stays_whole_on_a_narrow_terminal() -> None:
    assert SAVED in shown(made_record(), 40).splitlines()


def test_a_narrow_terminal_has_the_same_numbers() -> None:
    text = shown(made_record(), 40)
    assert "   • Forward Pass: ⚡ 2.50us\n     native 1.25us, 2.00x\n" in text
    assert "     native 1.25us, 2.00x, not scored\n" in text
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
    assert "Score: 90/100 (2 of 3 parts)" in text
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
    record = made_record(name="tinytorch", version=None, files=files)
    assert "Code: tinytorch: tensor.py in tinytorch/core; a.py\n" in shown(record)
    text = shown(record, verbose=True)
    assert "Subject: tinytorch\n   Tensor from tinytorch/core/tensor.py\n" in text
    assert "   ReLU, Linear from a.py\n" in text


def test_unknown_libraries_are_said_to_be_unknown() -> None:
    runtime = msgspec.structs.replace(
        RUNTIME, blas=None, blas_version=None, blas_architecture=None, blas_threads=None
    )
    record = made_record(runtime=runtime)
    assert "NumPy 2.0.0 with unknown BLAS" in flat(shown(record))
    text = shown(record, verbose=True)
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


AT = datetime(2026, 11, 22, 20, 16, tzinfo=UTC)
PRAISE = "Your first 90: within twice of what this machine can do. Well done!"
NEXT = "matmul 256 costs 21 points: a loop at modules/01_tensor/tensor.ipynb, cell 7; tito-bench"
NEXT += " benchmark explain matmul_256"


def since(before: float, after: float) -> Outlook:
    return Outlook(Since(before, after, AT, AT + timedelta(hours=1)), (PRAISE,), NEXT)


@pytest.mark.parametrize(
    ("before", "after", "said", "ascii_said"),
    [
        (42.4, 93.2, "42 → 93 since 20:16 (+51)", "42 -> 93 since 20:16 (+51)"),
        (93.2, 42.4, "93 → 42 since 20:16 (-51)", "93 -> 42 since 20:16 (-51)"),
        (93.2, 93.4, *["93, as at 20:16: no change beyond noise"] * 2),
    ],
)
@pytest.mark.usefixtures("utc")
def test_better_worse_and_unchanged_are_told_below_the_score(
    before: float, after: float, said: str, ascii_said: str
) -> None:
    lines = shown(made_record(), outlook=since(before, after)).splitlines()
    assert lines[lines.index("   • Score: 90/100") + 1] == f"     {said}"
    text = shown(made_record(), outlook=since(before, after), unicode=False)
    assert text.isascii()
    assert f"     {ascii_said}\n" in text


@pytest.mark.usefixtures("utc")
def test_what_to_do_next_comes_before_all_facts() -> None:
    text = flat(shown(made_record(), outlook=since(42.4, 93.2)))
    order = (
        "Score: 90/100",
        "42 → 93",
        "✅ Setup",
        f"🎉 {PRAISE}",
        f"👉 Next: {NEXT}",
        "Machine: ",
    )
    places = [text.index(each) for each in order]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_way_to_a_score_fits_every_terminal(width: int, unicode: bool) -> None:
    record = made_record(work=Work(0.9, 1, 1))
    lines = shown(record, width, unicode=unicode, outlook=since(42.4, 93.2)).splitlines()
    paths = (SAVED, "modules/01_tensor/tensor.ipynb")
    wide = [line for line in lines if cell_len(line) > width]
    assert [line for line in wide if not any(path in line for path in paths)] == []


def test_colour_never_says_anything_alone() -> None:
    def coloured(outlook: Outlook, **environ: str) -> str:
        out = io.StringIO()
        console = Console(file=out, width=80, force_terminal=True, markup=False, _environ=environ)
        print_baseline(console, made_record(), Symbols.choose(True), None, outlook=outlook)
        return out.getvalue()

    better, worse = since(42.4, 93.2), since(93.2, 42.4)
    assert "\x1b[32m" in coloured(better, TERM="xterm").split("(+51)")[0].rpartition("\n")[2]
    assert "\x1b[33m" in coloured(worse, TERM="xterm").split("(-51)")[0].rpartition("\n")[2]
    for outlook in (better, worse):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured(outlook, TERM="xterm"))
        assert plain == shown(made_record(), outlook=outlook, saved=None)
        no_colour = coloured(outlook, TERM="xterm", NO_COLOR="1")
        assert set(re.findall(r"\x1b\[([0-9;]*)m", no_colour)) <= {"0", "1", "2"}


def test_next_steps_with_foreign_names_cannot_drive_the_terminal() -> None:
    text = shown(made_record(), outlook=Outlook(None, ("\x1b[2J",), "a\x1b]0;b\u202e"))
    assert "\x1b" not in text
    assert "\u202e" not in text
