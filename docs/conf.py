"""The documentation as a site: `nox -s docs`. Warnings are errors."""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # what is described is this checkout

from tito_bench import __version__

project = "tito-bench"
copyright = "the tito-bench authors"  # noqa: A001 - Sphinx's name
release = __version__
extensions = ["myst_parser", "sphinxarg.ext"]
exclude_patterns = ["README.md"]  # index.md includes it
myst_heading_anchors = 4
suppress_warnings = ["myst.domains"]  # the extension for argparse resolves no links of Markdown
html_theme = "furo"
html_title = f"tito-bench {release}"
html_extra_path = ["api.yaml"]
html_copy_source = False
html_show_sphinx = False

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s:]+)\)")


def _without_links_out(name: str, content: list[str]) -> None:
    """Leave out links to folders and to files that are no pages: they open in the repository."""
    folder = posixpath.dirname(name)

    def shown(match: re.Match[str]) -> str:
        outside = posixpath.normpath(posixpath.join(folder, match[2])).startswith("..")
        return match[1] if outside or match[2].endswith("/") else match[0]

    content[0] = _LINK.sub(shown, content[0])


def setup(app: Sphinx) -> None:
    """Have Sphinx call what is above, for pages and for what they include."""
    app.connect("source-read", lambda _app, name, content: _without_links_out(name, content))
    app.connect(
        "include-read", lambda _app, _path, name, content: _without_links_out(name, content)
    )
