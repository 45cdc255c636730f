"""Draw what a student sees first: a real run of `tito-bench baseline`, as an SVG.

    python tools/terminal_picture.py FILE.svg

Needs tito-bench installed beside the Python that runs it. The package that is measured is the one
of the tests whose matrix product is a loop; the picture is rich's own drawing of the terminal.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests")]

from first_screens import make_project  # noqa: E402

from tito_bench.cli.main import build_parser  # noqa: E402
from tito_bench.cli.streams import Streams  # noqa: E402

_COLUMNS = 80
# The picture is to ask nobody for a font.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


@dataclass(frozen=True)
class _Drawn(Streams):
    """Streams whose terminal remembers what it was told."""

    terminal: Console = field(default_factory=Console)

    @property
    def unicode(self) -> bool:
        """Whether it can show emoji: a picture can."""
        return True

    def console(self) -> Console:
        """Return the terminal that is drawn."""
        return self.terminal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, metavar="FILE.svg")
    out = parser.parse_args().file
    options = build_parser(words=["baseline"]).parse_args(["baseline", "--skip-submit"])
    terminal = Console(
        file=StringIO(), width=_COLUMNS, record=True, markup=False, emoji=False, highlight=False
    )
    with tempfile.TemporaryDirectory() as home:
        project = make_project(Path(home))
        said = StringIO()
        streams = _Drawn(
            StringIO(), said, StringIO(), {**os.environ, "HOME": home}, project, terminal=terminal
        )
        terminal.print("$ tito-bench baseline", style="bold")
        options.run(options, streams)
    out.write_text(
        terminal.export_svg(title="tito-bench", theme=SVG_EXPORT_THEME, code_format=_FORMAT)
    )


if __name__ == "__main__":
    main()
