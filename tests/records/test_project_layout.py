"""The folders of a project are spelled in one place, and the files lie where they always lay."""

from __future__ import annotations

import ast
from pathlib import Path

import tito_bench
from tito_bench.records.project_layout import STATE_FOLDERS, Layout


def test_every_file_lies_where_it_always_lay(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert {
        layout.shown(path)
        for path in (
            *(layout.config, layout.calibration, layout.profile, layout.consent, layout.sync_state),
            *(layout.submissions, layout.outbox, layout.benchmarks, layout.course_submissions),
            *(*layout.course_progress, layout.course_milestones),
        )
    } == {
        ".tinytorch/config.json",
        ".tinytorch/calibration.json",
        ".tinytorch/community/profile.json",
        ".tinytorch/community/consent.json",
        ".tinytorch/community/website.json",
        ".tinytorch/submissions",
        ".tinytorch/outbox",
        ".tito/benchmarks",
        ".tito/submissions",
        ".tito/progress.json",
        "progress.json",
        ".tito/milestones.json",
    }


def test_the_state_folders_are_spelled_once() -> None:
    spelled = [
        (path.name, node.value)
        for path in Path(tito_bench.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in STATE_FOLDERS
    ]
    assert sorted(spelled) == [("project_layout.py", name) for name in sorted(STATE_FOLDERS)]
