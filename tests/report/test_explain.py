"""What an explanation says in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from fake_worker import LOADED
from msgspec import structs
from rich.console import Console

from tito_bench.explain.causes import Cause
from tito_bench.machine.environment import Machine
from tito_bench.measure.evidence import Evidence, Lines, Place
from tito_bench.measure.task_figures import OptimisationFigures
from tito_bench.records.benchmark import FailureRecord, subject_record, system_info
from tito_bench.records.explanation import (
    Explanation,
    OperationExplanation,
    OptimisationExplanation,
    Split,
)
from tito_bench.report.explain import print_explanation
from tito_bench.report.terminal import Symbols

MACHINE = Machine("CPU", "x86_64", 1, 2, 8, "Linux 6")
EVIDENCE = Evidence(Lines(3, False, (), 0, ()), None, (), None)
SPLIT = Split(4e6, 1e6, 1e3, 2.999e6, 1.5e6, 3.996, (3.9, 4.1))
PLAIN = OperationExplanation(
    "matmul_100", "matmul", True, 1, None, SPLIT, 10.0, False, (), 1.0, EVIDENCE, None
)
LOOP = Cause("python_loop", "likely", ", some for each row", "40,235", (), None)
COPIES = Cause("temporaries", "likely", "40 kB", "80 kB", (Place("a.py:3", 80_000),), 1e6)


def shown(
    detailed: bool = True,
    subject: str = "tinytorch",
    optimisations: Sequence[OptimisationExplanation] = (),
    **changed: Any,
) -> str:
    explanation = Explanation(
        tito_bench_version="1",
        subject=structs.replace(subject_record(LOADED), name=subject),
        system_info=system_info(LOADED, MACHINE, ()),
        operations=[structs.replace(PLAIN, **changed)],
        optimisations=list(optimisations),
    )
    out = StringIO()
    console = Console(file=out, width=80, markup=False, emoji=False, highlight=False)
    print_explanation(console, explanation, Symbols.choose(False), detailed=detailed)
    return out.getvalue()


def test_the_parts_stand_below_each_other() -> None:
    lines = shown().splitlines()
    assert lines[3] == "* matmul 100: slowdown 4.00x, costs 10.0 points"
    assert lines[4:9] == [
        "   native kernel       1.00ms   25%",
        "   1 array call        1.00us    0%",
        "   what remains        3.00ms   75%",
        "   your code           4.00ms  100%",
        "   NumPy alone         1.50ms",
    ]
    assert lines[9:11] == [
        "   4.00x is 2.00 doublings, each worth 10 points: 20.0; this operation is 50% of",
        "   the score, so 10.0 points of it.",
    ]


def test_of_loops_the_figure_that_counts_stands_beside_the_native_one() -> None:
    split = structs.replace(SPLIT, subject_ns=430e6, remaining_ns=428.999e6, slowdown=43.0)
    text = shown(split=split, points_lost=None, interpreter_share=0.9)
    assert "   at least            10.0ms          43.0x  (of loops; this counts)\n" in text
    assert "   native              1.00ms           430x\n" in text
    assert "43.0x is 5.43 doublings, each worth 10 points: 54.3.\n" in text
    assert "of loops" not in shown(split=split)


def test_numpy_alone_is_named_once_and_is_not_yours() -> None:
    text = shown(subject="numpy")
    assert text.count("NumPy alone") == 1
    assert "your code" not in text


def test_code_that_beats_the_reference_has_less_than_nothing_left() -> None:
    split = structs.replace(SPLIT, subject_ns=9e5, remaining_ns=-1.01e5, slowdown=0.9)
    text = shown(split=split, near_native=True, points_lost=-0.8)
    assert "what remains        -101us  -11%" in text
    assert "costs 0.0 points" in text
    assert "nothing to explain" in text


def test_no_cause_is_said_to_be_none() -> None:
    assert "The measurement shows no single cause." in shown()


@pytest.mark.parametrize(("share", "said"), [(0.7, True), (0.3, False)])
def test_what_is_mostly_unexplained_is_said_to_be(share: float, said: bool) -> None:
    text = shown(causes=(COPIES,), unexplained_share=share)
    assert ("For 70% of what remains the measurement shows no cause." in text) == said


def test_a_cause_has_sentence_place_cost_remedy_and_module() -> None:
    text = " ".join(shown(causes=(COPIES,), unexplained_share=0.0).split())
    assert "Likely: One call makes 80 kB of arrays beside the 40 kB that it needs" in text
    assert "Made by a.py:3 (80 kB) That is about 1.00ms of each call. note: Drop copies" in text
    assert "Taught in module 01 tensor (views and copies); module 17 acceleration" in text


def test_a_line_of_a_notebook_is_named_by_its_cell_with_its_text_and_the_remedy() -> None:
    edited_at = "modules/01_tensor/tensor.ipynb, cell 7"
    place = Place("tinytorch/core/tensor.py:131", 4096, "for row in rows:", edited_at)
    loop = Cause("python_loop", "likely", "", "9", (place,), None)
    for detailed in (True, False):
        text = shown(detailed=detailed, causes=(loop,), unexplained_share=0.0)
        said = "The line that ran most: modules/01_tensor/tensor.ipynb, cell 7"
        said += " (tinytorch/core/tensor.py:131) (4,096 times) for row in rows:"
        assert said in " ".join(text.split())
        assert "note: Let one array call do all of it" in " ".join(text.split())


def test_in_short_there_is_the_first_cause_and_how_many_more() -> None:
    text = shown(detailed=False, causes=(LOOP, COPIES), unexplained_share=0.0)
    assert "40,235 lines of Python, some for each row." in " ".join(text.split())
    assert "And 1 more cause." in text
    assert "80 kB" not in text
    assert "what remains" not in text
    assert "tito-bench benchmark explain matmul_100" in text


def test_reasons_and_places_cannot_drive_the_terminal() -> None:
    evil = "x\x1b[31m\u202e [red]y"
    failure = FailureRecord("raised", evil)
    for text in (
        shown(failure=failure, split=None, evidence=None),
        shown(unseen=failure, evidence=None),
        shown(causes=(Cause(
            "python_loop", "likely", "", "9", (Place(evil, 4),), None),)),
    ):  # fmt: skip
        assert r"x\x1b[31m\u202e [red]y" in " ".join(text.split())
        assert "\x1b" not in text


def test_an_optimisation_says_what_it_gives_or_why_that_is_not_known() -> None:
    tiled = OptimisationFigures(
        "tiled_matmul", "Tensor @ Tensor", "100x100 by 100x100", 15, 9e6, 3e6, 1e6,
        3.0, (2.9, 3.1), 9.0, 3.0,
    )  # fmt: skip
    away = FailureRecord("missing", "module 18 memoization is not exported yet")
    wrong = FailureRecord("incorrect", "fused_gelu is wrong on 32x256: \x1b[31m")
    text = shown(
        optimisations=(
            OptimisationExplanation("tiled_matmul", tiled, None),
            OptimisationExplanation("fused_gelu", None, wrong),
            OptimisationExplanation("KVCache", None, away),
        )
    )
    lines = text.splitlines()
    start = lines.index("* What your optimisations give")
    said = " ".join(" ".join(lines[start + 1 :]).split("Code:")[0].split())
    assert said == (
        "tiled_matmul beside your Tensor @ Tensor: 3.00x faster (2.90 to 3.10); 3.00x from native "
        "fused_gelu: fused_gelu is wrong on 32x256: \\x1b[31m "
        "KVCache: module 18 memoization is not exported yet"
    )
    assert "optimisations" not in shown()
