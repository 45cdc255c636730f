"""What a command writes, asks and finds out about its terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tito_bench.cli.streams import Streams, utc_now
from tito_bench.errors import UsageError


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def streams(answers: str = "", *, environ: dict[str, str] | None = None) -> Streams:
    return Streams(Terminal(answers), Terminal(), Terminal(), environ or {}, Path())


def text_of(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("answer", "default", "meant"),
    [
        ("y\n", False, True),
        ("YES\n", False, True),
        (" n \n", True, False),
        ("\n", False, False),
        ("\n", True, True),
        ("", True, True),
        ("what\nno\n", True, False),
    ],
)
def test_confirm(answer: str, default: bool, meant: bool) -> None:
    assert streams(answer).confirm("Sure?", flag="--yes", default=default) is meant


def test_a_question_shows_which_answer_is_taken_for_none() -> None:
    asking = streams("\n")
    asking.confirm("Sure?", flag="--yes", default=True)
    assert text_of(asking.out) == "Sure? [Y/n] "


def test_ask_strips_the_answer_and_ends_the_line_at_the_end_of_input() -> None:
    assert streams("  Spain \n").ask("Where? ", flag="--country") == "Spain"
    ended = streams("")
    assert ended.ask("Where? ", flag="--country", default="nowhere") == "nowhere"
    assert text_of(ended.out) == "Where? \n"


@pytest.mark.parametrize("which", ["stdin", "out"])
def test_without_a_terminal_a_question_names_the_flag_that_answers_it(which: str) -> None:
    plain = io.StringIO("y\n")
    stdin, out = (plain, Terminal()) if which == "stdin" else (Terminal("y\n"), plain)
    silent = Streams(stdin, out, Terminal(), {}, Path())
    assert not silent.is_interactive()
    with pytest.raises(UsageError, match=r"'Sure\?.*not a terminal; answer with --yes instead"):
        silent.confirm("Sure?", flag="--yes")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"JPY_PARENT_PID": "4711"}, "this is a notebook (JPY_PARENT_PID is set)"),
        ({"CI": "true"}, "this is a CI machine (CI is set)"),
        ({"GITHUB_ACTIONS": "1"}, "this is a CI machine (GITHUB_ACTIONS is set)"),
    ],
)
def test_a_terminal_at_which_nobody_sits(environ: dict[str, str], said: str) -> None:
    nobody = streams("y\n", environ=environ)
    assert not nobody.is_interactive()
    with pytest.raises(UsageError) as error:
        nobody.confirm("Sure?", flag="--yes")
    assert str(error.value) == f"cannot ask 'Sure? [y/N]': {said}; answer with --yes instead"
    assert text_of(nobody.out) == ""


@pytest.mark.parametrize("environ", [{"CI": ""}, {"CI": "false"}, {"JPY_PARENT_PID": ""}])
def test_variables_that_say_nothing(environ: dict[str, str]) -> None:
    assert streams(environ=environ).is_interactive()


def test_a_closed_stream_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert not Streams(closed, Terminal(), Terminal(), {}, Path()).is_interactive()


def test_with_json_people_read_the_error_stream() -> None:
    both = streams().for_json(True)
    both.console().print("for people")
    both.write_json({"for": "programs"})
    assert text_of(both.err) == "for people\n"
    assert json.loads(text_of(both.out)) == {"for": "programs"}


def test_json_is_utf8_whatever_the_console_speaks() -> None:
    raw = io.BytesIO()
    console = io.TextIOWrapper(raw, encoding="cp1252")
    Streams(Terminal(), console, Terminal(), {}, Path()).write_json({"name": "Łódź 🎯"})
    assert json.loads(raw.getvalue().decode("utf-8")) == {"name": "Łódź 🎯"}
    assert raw.getvalue().endswith(b"}\n")


def test_json_is_utf8_whatever_names_of_files_are() -> None:
    both = streams()
    both.write_json({"path": "/caf\udce9", "\udcff": [1, None, Path("/x\udcff").name]})
    assert json.loads(text_of(both.out)) == {
        "path": "/caf\\udce9",
        "\\udcff": [1, None, "x\\udcff"],
    }


@pytest.mark.parametrize(
    ("encoding", "environ", "pretty"),
    [
        ("utf-8", {}, True),
        ("utf-8", {"TERM": "dumb"}, False),
        ("cp1252", {}, False),
        ("ascii", {}, False),
        ("no-such-encoding", {}, False),
    ],
)
def test_symbols_are_pretty_only_where_they_can_be_shown(
    encoding: str, environ: dict[str, str], pretty: bool
) -> None:
    shown = streams(environ=environ)
    shown.out.encoding = encoding  # type: ignore[misc]
    assert shown.symbol("✅", "[ok]") == ("✅" if pretty else "[ok]")


def test_the_console_reads_no_markup_and_no_emoji_codes() -> None:
    shown = streams()
    shown.console().print("[bold]:smile: [/] 12")
    assert text_of(shown.out) == "[bold]:smile: [/] 12\n"


def test_columns_and_colours_follow_the_given_environment() -> None:
    console = streams(environ={"COLUMNS": "40", "NO_COLOR": "1", "TERM": "xterm"}).console()
    assert console.width == 40
    assert console.no_color


def test_the_time_of_day_is_utc() -> None:
    offset = utc_now().utcoffset()
    assert offset is not None
    assert not offset
