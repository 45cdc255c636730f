"""A real headless Chromium, the system's own, and pages that must keep to themselves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from records.made_record import made_capstone, made_record
from report.made_report import card_of, report_of
from tito_bench.measure.results import Failure
from tito_bench.measure.task_figures import CurvePoint, TrainingFigures
from tito_bench.records.calibration import Bandwidth, Calibration, Figure
from tito_bench.report.html.page import render_page

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "</text></svg><script>document.title='owned'</script><img src=https://example.org/x>"
RTL = "\u202e\x1b[31mgnitirw"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of this machine, for all tests of a run."""
    driver = pytest.importorskip("playwright.sync_api", reason="needs the extra browser")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield browser
        browser.close()


Visit = Callable[..., Any]


@pytest.fixture
def visit(chromium: Any) -> Iterator[Visit]:
    """Open a file; at the end, nothing may have been complained of or asked for elsewhere."""
    complaints: list[str] = []
    requests: list[str] = []
    contexts: list[Any] = []

    def open_file(path: Path, *, width: int = 1280, dark: bool = False) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url for url in requests if not url.startswith("file:")} == set()
    assert len(requests) == len(contexts), "a page is one file"


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of a usual baseline, a capstone with a curve, a hostile record and an empty one."""
    folder = tmp_path_factory.mktemp("pages")
    others = [made_record(slowdown=9.0), made_record(ran_on={"kernels_version": "0"})]
    baseline = made_record(
        slowdown=3.0,
        rounds={"matmul_100": [40 + 0.3 * (index % 11) for index in range(45)]},
        name="tinytorch",
        files={"Tensor": "tinytorch/core/tensor.py"},
    )
    curve = [CurvePoint(epoch, 2 / epoch, 1 - 0.4 / epoch) for epoch in range(1, 7)]
    training = TrainingFigures("SGD", 186, 6, 0.93, 0.955, 1e6, 5e5, 2.0, curve)
    capstone = msgspec.structs.replace(made_capstone(slowdown=6.0), training=training)
    hostile = made_record(
        {"add_512x512": Failure("raised", HOSTILE), "matmul_256": Failure("missing", "x" * 5000)},
        name=HOSTILE,
        version=RTL,
        files={HOSTILE: HOSTILE, "y" * 3000: "z" * 3000},
        note=HOSTILE + RTL,
        ran_on={"numpy": HOSTILE},
    )
    gone = Failure("missing", "module 01 is not exported yet")
    empty = made_record(dict.fromkeys((op.name for op in baseline.operations), gone))
    made = {
        "baseline": report_of(baseline, _caches(card_of(baseline)), *others),
        "capstone": report_of(capstone, _caches(card_of(capstone))),
        "hostile": report_of(hostile, card_of(hostile), *others),
        "empty": report_of(empty),
    }
    paths = {}
    for name, report in made.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(render_page(report), encoding="utf-8")
    return paths


def _caches(card: Calibration) -> Calibration:
    """The card with a peak and caches above what made-up records reach."""
    flows = {32: 4e5, 1024: 1e5, 2048: 5e4, 49152: 3e4, 196608: 1.5e4}
    figures = {kib: Figure(gb_s, 0.01, 9) for kib, gb_s in flows.items()}
    return msgspec.structs.replace(
        card,
        targets=[msgspec.structs.replace(card.targets[0], peak_gflops=Figure(2e5, 0.01, 9))],
        bandwidth=[Bandwidth(kib, figure, figure) for kib, figure in figures.items()],
    )
