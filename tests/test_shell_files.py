"""The manual page and the completions that the wheel brings: complete, current, well formed."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tito_bench import __version__
from tito_bench.cli.commands import VERBS
from tito_bench.cli.main import build_parser


def installed(name: str) -> Path:
    """A file of the installation's `share` folder, by the end of its path."""
    found = [file for file in distribution("tito-bench").files or () if str(file).endswith(name)]
    assert len(found) == 1, f"{name}: {found}"
    return Path(str(found[0].locate())).resolve()


@pytest.fixture(scope="module")
def page() -> Path:
    """The manual page."""
    return installed("share/man/man1/tito-bench.1")


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and all below it."""
    yield parser
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for below in action.choices.values():
                yield from commands(below)


def test_every_command_and_option_has_its_place_in_the_page(page: Path) -> None:
    text = page.read_text("utf-8").replace(r"\-", "-").replace(r"\(aq", "'")
    for parser in commands(build_parser()):
        assert parser.prog in text or parser.prog.removeprefix("tito-bench ") in VERBS
        for action in parser._actions:
            for option in set(action.option_strings) - {"-h", "--help"}:
                assert re.search(rf"{option}\b", text), f"{parser.prog} {option}"
    for said in ("EXIT STATUS", "TITO_PROJECT", "NO_COLOR", f"tito-bench {__version__}"):
        assert said in text
    assert re.match(r'\.TH TITO-BENCH "1" "\d{4}-\d\d-\d\d" ', text)


def test_the_page_names_nothing_that_is_no_option_any_more(page: Path) -> None:
    text = page.read_text("utf-8").replace(r"\-", "-")
    known = {
        option
        for parser in commands(build_parser())
        for action in parser._actions
        for option in action.option_strings
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known


@pytest.mark.parametrize(
    ("command", "accepted"),
    [
        # Whoever writes roff by hand is asked for short lines; a program need not.
        (["mandoc", "-T", "lint"], r".*STYLE: input text line longer than 80 bytes.*"),
        (["groff", "-man", "-ww", "-Tutf8"], r"$^"),
    ],
    ids=["mandoc", "groff"],
)
def test_formatters_have_nothing_to_complain_of(
    command: list[str], accepted: str, page: Path
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    done = subprocess.run([*command, str(page)], capture_output=True, text=True, check=False)
    said = done.stderr + (done.stdout if command[0] == "mandoc" else "")
    assert [line for line in said.splitlines() if not re.fullmatch(accepted, line)] == []


def test_tito_has_the_same_page() -> None:
    assert installed("share/man/man1/tito.1").read_text() == ".so man1/tito-bench.1\n"


@pytest.mark.parametrize(
    "name",
    [
        "share/bash-completion/completions/tito-bench",
        "share/zsh/site-functions/_tito-bench",
        "share/fish/vendor_completions.d/tito-bench.fish",
    ],
)
def test_the_completions_know_every_command_and_option(name: str) -> None:
    script = installed(name).read_text("utf-8")
    for parser in commands(build_parser()):
        for action in parser._actions:
            for word in (*action.option_strings, *(action.choices or ())):
                assert str(word).lstrip("-") in script
