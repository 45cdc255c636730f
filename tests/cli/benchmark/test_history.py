"""`benchmark history`, as real processes in real projects."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from records.made_record import NOW, made_capstone, made_record, save_record

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def records(project: Path) -> Path:
    """Two baselines and a capstone, and a file that is none."""
    folder = project / ".tito" / "benchmarks"
    save_record(folder, made_record(slowdown=8.0))
    save_record(folder, made_capstone(now=NOW + timedelta(days=1)))
    save_record(folder, made_record(now=NOW + timedelta(days=2)))
    (folder / "half.json").write_text('{"schema": 1,')
    return folder


def test_people_see_a_table_a_chart_and_what_was_skipped(run_cli: RunCli, records: Path) -> None:
    done = run_cli("benchmark", "history", environ={"COLUMNS": "100"})
    assert (done.returncode, done.stderr) == (0, "")
    for shown in (
        "when",
        "2026-11-22 20:30  baseline   70.0  70.0, to within 0.1",
        "half.json: It ends",
        "┤",
    ):
        assert shown in done.stdout
    assert done.stdout.index("2026-11-22") < done.stdout.index("2026-11-24")


def test_documents_stand_alone_on_stdout(run_cli: RunCli, records: Path) -> None:
    before = sorted(path.name for path in records.iterdir())
    document = run_cli("benchmark", "history", "--json")
    found = json.loads(document.stdout)
    assert [row["kind"] for row in found["records"]] == ["baseline", "capstone", "baseline"]
    assert found["records"][0]["score"] == pytest.approx(70.0)
    assert found["skipped"][0]["skip"] == "half"
    table = run_cli("benchmark", "history", "--csv")
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert [row["file"] for row in rows] == [row["file"] for row in found["records"]]
    marked = run_cli("benchmark", "history", "--markdown")
    assert marked.stdout.startswith("| when (UTC) | kind |")
    assert len(marked.stdout.splitlines()) == 5
    for done in (document, table, marked):
        assert done.returncode == 0
        assert "half.json" in done.stderr
    assert sorted(path.name for path in records.iterdir()) == before, "looking changes nothing"


def test_a_kind_and_a_limit(run_cli: RunCli, records: Path) -> None:
    done = run_cli("benchmark", "history", "--type", "baseline", "--limit", "1", "--json")
    found = json.loads(done.stdout)
    assert [row["created_at"][:10] for row in found["records"]] == ["2026-11-24"]
    assert found["earlier"] == 1


@pytest.mark.parametrize("kind", ["baseline", "capstone"])
def test_nothing_to_show_says_what_to_run(kind: str, run_cli: RunCli) -> None:
    done = run_cli("benchmark", "history", "--type", kind)
    assert done.returncode == 0
    assert f"No {kind} records yet; run: tito-bench benchmark {kind}" in done.stdout
    empty = run_cli("benchmark", "history", "--json")
    assert json.loads(empty.stdout) == {"records": [], "earlier": 0, "skipped": []}
    assert "run: tito-bench benchmark baseline" in empty.stderr


@pytest.mark.parametrize(
    "words", [("--limit", "0"), ("--limit", "x"), ("--csv", "--json"), ("--type", "other")]
)
def test_wrong_words_are_usage_errors(words: tuple[str, ...], run_cli: RunCli) -> None:
    done = run_cli("benchmark", "history", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[0] in done.stderr


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}],
    ids=["dumb", "ascii"],
)
def test_a_plain_terminal_gets_ascii(environ: dict[str, str], run_cli: RunCli, records) -> None:
    done = run_cli("benchmark", "history", environ={**environ, "COLUMNS": "40"})
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "?" not in done.stdout
    listed = [line for line in done.stdout.splitlines() if not line.startswith("Project")]
    assert max(map(len, listed)) <= 40
