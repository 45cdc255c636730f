"""`benchmark report`, as real processes in real projects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from records.made_record import NOW, made_capstone, made_record, save_record
from tito_bench.cli.main import build_parser

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def records(project: Path) -> Path:
    """A baseline, a capstone, a later baseline, and a file that is none."""
    folder = project / ".tito" / "benchmarks"
    save_record(folder, made_record(slowdown=8.0))
    save_record(folder, made_capstone(now=NOW + timedelta(days=1)))
    save_record(folder, made_record(slowdown=4.0, now=NOW + timedelta(days=2)))
    (folder / "half.json").write_text('{"schema": 1,')
    return folder


def test_the_latest_record_becomes_a_page_and_a_card(
    run_cli: RunCli, records: Path, project: Path
) -> None:
    done = run_cli("benchmark", "report", "--html", "my page.html", "--card", "card.svg")
    assert (done.returncode, done.stderr) == (0, "")
    page = (project / "my page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert 'class="points">80<' in page
    assert ">80<tspan" in (project / "card.svg").read_text(encoding="utf-8")
    assert "Page: my page.html (" in done.stdout
    assert "half.json: It ends too early" in done.stdout
    assert "half.json" in page


@pytest.mark.parametrize(
    ("words", "kicker", "points"),
    [
        (["latest~2"], "baseline report", 70),
        (["--type", "capstone"], "capstone report", 95),
        (["2026-11-22"], "baseline report", 70),
    ],
)
def test_any_record_can_be_named(
    words: list[str], kicker: str, points: int, run_cli: RunCli, records: Path, project: Path
) -> None:
    done = run_cli("benchmark", "report", *words, "--html", "page.html")
    assert done.returncode == 0, done.stderr
    page = (project / "page.html").read_text(encoding="utf-8")
    assert kicker in page
    assert f'class="points">{points}<' in page


def test_without_a_file_the_record_is_shown_again(run_cli: RunCli, records: Path) -> None:
    done = run_cli("benchmark", "report")
    assert done.returncode == 0
    assert "Score: 80/100" in done.stdout
    assert "Saved: .tito/benchmarks/baseline_" in done.stdout
    assert "half.json" in done.stdout
    capstone = run_cli("benchmark", "report", "--type", "capstone", environ={"NO_COLOR": "1"})
    assert "Capstone Benchmark" in capstone.stdout


def test_json_is_the_record_alone(run_cli: RunCli, records: Path, project: Path) -> None:
    done = run_cli("benchmark", "report", "--json", "--html", "page.html")
    assert json.loads(done.stdout)["normalized_metrics"]["score"] == pytest.approx(80.0)
    assert "Page: page.html" in done.stderr
    assert (project / "page.html").exists()


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_page_is_made_to_be_handed_on(run_cli: RunCli, records: Path, project: Path) -> None:
    run_cli("benchmark", "report", "--html", "page.html")
    usual = project / "usual"
    usual.touch()
    assert (project / "page.html").stat().st_mode == usual.stat().st_mode


def test_a_file_that_exists_stays_without_force(
    run_cli: RunCli, records: Path, project: Path
) -> None:
    kept = project / "page.html"
    kept.write_text("mine")
    refused = run_cli("benchmark", "report", "--html", "page.html", "--card", "card.svg")
    assert refused.returncode == 1
    assert "page.html exists; name another file, or add --force" in refused.stderr
    assert kept.read_text() == "mine"
    assert not (project / "card.svg").exists(), "all or nothing"
    forced = run_cli("benchmark", "report", "--html", "page.html", "--force")
    assert forced.returncode == 0
    assert kept.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--html", "gone/page.html"], 1, "its folder does not exist"),
        (["--html", "."], 1, "it is a folder"),
        (["--html", "x", "--card", "x"], 2, "same FILE"),
        (["nothing.json", "--html", "x"], 2, "is no record"),
        (["half.json", "--html", "x"], 1, "ends too early"),
        (["latest~9", "--html", "x"], 2, "there are 3 records"),
        (["--show-cohort"], 2, "--show-cohort needs --card"),
        (["--card", "x", "--show-cohort"], 2, "community join"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    words: list[str], status: int, message: str, run_cli: RunCli, records: Path, project: Path
) -> None:
    done = run_cli("benchmark", "report", *words)
    assert done.returncode == status
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project / "x").exists()
    assert run_cli("benchmark", "report", *words, "--json").stdout == "", "no document of a failure"


@pytest.mark.parametrize("words", [[], ["--html", "page.html"], ["--type", "capstone"]])
def test_nothing_to_show_says_what_to_run_first(
    words: list[str], run_cli: RunCli, project: Path
) -> None:
    done = run_cli("benchmark", "report", *words)
    verb = "capstone" if "capstone" in words else "baseline"
    assert done.returncode == 2
    assert f"tito-bench benchmark {verb}" in done.stderr
    assert list(project.iterdir()) == []


def test_the_cohort_is_on_the_card_only_when_asked_for(
    run_cli: RunCli, records: Path, project: Path
) -> None:
    joined = run_cli("community", "join", "--cohort", "Fall 2026", "--yes")
    assert joined.returncode == 0, joined.stderr
    assert run_cli("benchmark", "report", "--card", "without.svg").returncode == 0
    assert run_cli("benchmark", "report", "--card", "with.svg", "--show-cohort").returncode == 0
    assert "Fall 2026" not in (project / "without.svg").read_text(encoding="utf-8")
    assert "Fall 2026" in (project / "with.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("--png", "x"), ("--card", "x.png")])
def test_a_png_without_resvg_names_the_extra(
    words: tuple[str, str], run_cli: RunCli, records: Path, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "resvg_py.py").write_text("raise ImportError('not here')")
    done = run_cli(
        *("benchmark", "report", *words, "--html", "y"), environ={"PYTHONPATH": str(tmp_path)}
    )
    assert done.returncode == 1
    assert "pip install 'tito-bench[png]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project / words[1]).exists()
    assert not (project / "y").exists(), "all or nothing"


def test_an_svg_needs_no_extra(
    run_cli: RunCli, records: Path, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "resvg_py.py").write_text("raise ImportError('not here')")
    done = run_cli("benchmark", "report", "--svg", "a.svg", environ={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert b"<svg" in (project / "a.svg").read_bytes()


def test_picture_and_card_as_png(run_cli: RunCli, records: Path, project: Path) -> None:
    pytest.importorskip("resvg_py", reason="needs the extra png")
    done = run_cli("benchmark", "report", "--png", "a.png", "--card", "card.PNG")
    assert done.returncode == 0, done.stderr
    for name in ("a.png", "card.PNG"):
        assert (project / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(sys.platform != "linux", reason="where fontconfig says which fonts there are")
def test_a_machine_without_fonts_is_told_so(
    run_cli: RunCli, records: Path, project: Path, tmp_path: Path
) -> None:
    pytest.importorskip("resvg_py", reason="needs the extra png")
    none = tmp_path / "fonts.conf"
    none.write_text(f"<fontconfig><dir>{tmp_path / 'nothing here'}</dir></fontconfig>")
    done = run_cli("benchmark", "report", "--png", "x", environ={"FONTCONFIG_FILE": str(none)})
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "needs a font to draw text with" in done.stderr
    assert not (project / "x").exists()


def test_building_the_parser_imports_no_template_engine() -> None:
    code = (
        "import sys; from tito_bench.cli.main import build_parser; build_parser(); "
        "sys.exit(','.join({'jinja2', 'resvg_py', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert build_parser().parse_args(["benchmark", "report"]).record == "latest"


def test_a_page_goes_to_standard_output(run_cli, project: Path) -> None:
    save_record(project / ".tito" / "benchmarks", made_record())
    done = run_cli("benchmark", "report", "--html", "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<!doctype html>")
    assert done.stdout.rstrip().endswith("</html>")
    assert "Project: " in done.stderr
    assert not (project / "-").exists()
    both = run_cli("benchmark", "report", "--html", "-", "--json")
    assert both.returncode == 2
    assert "name a FILE" in both.stderr
