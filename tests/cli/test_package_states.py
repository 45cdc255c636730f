"""The page on packages shows what the command prints today, but for the figures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOL, PAGE = ROOT / "tools" / "package_states.py", ROOT / "docs" / "guide" / "packages.md"


def without_figures(text: str) -> str:
    """Return the words: figures and the widths that they take are another each time."""
    return " ".join(re.sub(r"\d+(\.\d+)*(ns|us|ms)?", "#", text).split())


def test_the_transcript_of_five_states_is_what_is_printed(clean_environ: dict[str, str]) -> None:
    printed = subprocess.run(
        [sys.executable, str(TOOL)],
        env=clean_environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    text = PAGE.read_text(encoding="utf-8")
    shown = text.partition("<!-- package_states -->")[2].partition("<!-- end")[0]
    assert without_figures(shown) == without_figures(printed)
    assert re.findall(r"\[exit (\d)\]", printed) == ["0", "0", "0", "1", "0"]
