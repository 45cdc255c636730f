"""The documents lead somewhere: every link, every file and page that text or code names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "tito_bench"
_IGNORED = {".git", ".venv", "build", "node_modules", ".nox"}
MARKDOWN = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.md")
    if not _IGNORED & set(path.relative_to(ROOT).parts)
)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} (.*)$", re.MULTILINE)


def prose(path: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCED.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """Return the fragments of a page's headings, as code hosts make them."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(path)))
    return {text.strip().replace(" ", "-") for text in plain}


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for link in (one or other for one, other in _LINK.findall(prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        lost = anchor and target.suffix == ".md" and anchor not in anchors(target)
        if not target.exists() or lost:
            found.append(link)
    return found


def test_there_are_pages_for_people_about_the_design_and_of_figures() -> None:
    folders = {page.split("/")[1] for page in MARKDOWN if page.startswith("docs/")}
    assert {"guide", "design", "measured"} <= folders


@pytest.mark.parametrize("page", MARKDOWN)
def test_every_link_within_the_repository_leads_somewhere(page: str) -> None:
    assert broken(ROOT / page) == []


def test_a_broken_link_and_a_lost_anchor_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `thing`: and more\n[a](#one-thing-and-more) [b](#two) [c](gone.md) [d](page.md)"
        '\n```\n[no](link)\n```\n<img src="gone.png">\n'
    )
    assert broken(page) == ["#two", "gone.md", "gone.png"]


def test_every_page_is_in_the_index() -> None:
    index = prose(ROOT / "docs" / "README.md") + prose(ROOT / "docs/design/decisions/README.md")
    linked = {one.rpartition("/")[2] for one, _ in _LINK.findall(index)}
    pages = {Path(page).name for page in MARKDOWN if page.startswith("docs/")}
    assert pages - linked - {"README.md", "index.md"} == set()


def test_every_document_that_code_names_is_there() -> None:
    files = [
        path
        for folder in ("src", "tests", "tools", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".c", ".h", ".pyx", ".pyi"}
    ]
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in files
        if path != Path(__file__)
        for name in re.findall(r"\bdocs/[\w/]+\.(?:md|yaml|png|svg)", path.read_text("utf-8"))
    }
    assert len(named) >= 5
    assert [(path, name) for path, name in sorted(named) if not (ROOT / name).is_file()] == []


ARCHITECTURE = ROOT / "docs" / "design" / "architecture.md"


def test_every_file_of_the_architecture_is_there() -> None:
    named = re.findall(r"`((?:[\w.]+/)*[\w.]+\.(?:py|pyx|c|h|toml))`", prose(ARCHITECTURE))
    assert len(named) >= 40
    base = {name: ROOT if name.startswith("src/") else PACKAGE for name in named}
    gone = [name for name in named if not (base[name] / name).is_file()]
    assert [name for name in gone if not (ROOT / name).is_file()] == []


def test_every_folder_is_in_the_architecture() -> None:
    floors = set(re.findall(r"`(\w+)/`", prose(ARCHITECTURE)))
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == floors
