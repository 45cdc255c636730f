"""The one object through which a command reads, writes and asks.

It knows what the terminal can show, so that no command has to look at
`sys.stdout`, the environment or the clock itself, and a test can put
anything in their place.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tito_bench.errors import ProjectError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

__all__ = ["Streams", "utc_now"]

_EMOJI_SAMPLE = "🎯⚡•"
_NOTEBOOK = "JPY_PARENT_PID"  # Jupyter's kernels hand it down to all that they start


def utc_now() -> datetime:
    """Return the time of day in UTC."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


@dataclass(frozen=True)
class Streams:
    """Where a command reads and writes.

    `json` is true once `--json`, or another kind of document, was asked for:
    text for people then goes to `err`, and `out` carries one document and
    nothing else.
    """

    stdin: TextIO
    out: TextIO
    err: TextIO
    environ: Mapping[str, str]
    cwd: Path
    now: Callable[[], datetime] = utc_now
    json: bool = False

    @classmethod
    def of_process(cls) -> Streams:
        """Return the streams of this process; text that cannot be encoded is shown as `?`.

        Raises `ProjectError` where the current folder has been removed.
        """
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            cwd = Path.cwd()
        except FileNotFoundError as error:
            raise ProjectError(
                "the current folder does not exist any more; change to one that does"
            ) from error
        return cls(
            _or_nothing(sys.stdin),
            _or_nothing(sys.stdout),
            _or_nothing(sys.stderr),
            os.environ,
            cwd,
        )

    def for_json(self, json: bool) -> Streams:
        """Return the same streams with `json` as given."""
        return replace(self, json=json)

    @property
    def people(self) -> TextIO:
        """The stream for text that people read."""
        return self.err if self.json else self.out

    def is_interactive(self) -> bool:
        """Whether a person can be asked: input and the people's stream are a terminal, at which
        somebody sits."""
        return self._why_nobody() is None

    def _why_nobody(self) -> str | None:
        """Why nobody can be asked, in a few words.

        A notebook gives its commands a terminal to which nobody can type; CI may do so, too.
        """
        from tito_bench.website.network_policy import ci_variable

        if not (_is_terminal(self.stdin) and _is_terminal(self.people)):
            return "not a terminal"
        if self.environ.get(_NOTEBOOK):
            return f"this is a notebook ({_NOTEBOOK} is set)"
        machine = ci_variable(self.environ)
        return None if machine is None else f"this is a CI machine ({machine} is set)"

    @property
    def unicode(self) -> bool:
        """Whether the people's stream can encode emoji and bullets."""
        encoding = getattr(self.people, "encoding", None) or "ascii"
        try:
            _EMOJI_SAMPLE.encode(encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return self.environ.get("TERM") != "dumb"

    def symbol(self, pretty: str, plain: str) -> str:
        """Return `pretty` where the people's stream can show it, else `plain`."""
        return pretty if self.unicode else plain

    def console(self) -> Console:
        """Return a rich console on the people's stream; it never reads markup or emoji codes."""
        from rich.console import Console

        return Console(
            file=self.people,
            markup=False,
            emoji=False,
            highlight=False,
            soft_wrap=False,
            safe_box=not self.unicode,
            _environ=self.environ,
        )

    def ask(self, question: str, *, flag: str, default: str = "") -> str:
        """Ask for one line of text; an empty answer or the end of input is `default`.

        Raises `UsageError` naming `flag` where nobody can be asked.
        """
        from tito_bench.report.wrapping import wrapped

        self._need_person(question, flag)
        self.people.write("\n".join(wrapped(question, self.console().width)))
        self.people.flush()
        line = self.stdin.readline()
        if not line:
            self.people.write("\n")
        return line.strip() or default

    def confirm(self, question: str, *, flag: str, default: bool = False) -> bool:
        """Ask a yes/no question; an empty answer or the end of input is `default`.

        Raises `UsageError` naming `flag` where nobody can be asked.
        """
        choices = "[Y/n]" if default else "[y/N]"
        while True:
            answer = self.ask(f"{question} {choices} ", flag=flag).lower()
            if not answer:
                return default
            if answer in {"y", "yes", "n", "no"}:
                return answer.startswith("y")
            self.people.write("Please answer y or n.\n")

    def write_json(self, document: Any) -> None:
        """Write one JSON document (anything msgspec can encode) to `out`, as UTF-8.

        Bytes of names that are no UTF-8 are written as `\\udcff`.
        """
        from msgspec import to_builtins

        from tito_bench.records.schema import record_bytes
        from tito_bench.safe_text import safe_json

        try:
            data = record_bytes(document)
        except UnicodeEncodeError:
            data = record_bytes(_in_utf8(to_builtins(document)))
        self.write_document(safe_json(data.decode()))

    def write_document(self, text: str) -> None:
        """Write a document, which ends with a line feed, to `out`, as UTF-8."""
        binary = getattr(self.out, "buffer", None)
        if binary is None:
            self.out.write(text)
        else:
            # Past the text layer: a cp1252 console must not break the document.
            self.out.flush()
            binary.write(text.encode())
        self.out.flush()

    def _need_person(self, question: str, flag: str) -> None:
        nobody = self._why_nobody()
        if nobody is not None:
            raise UsageError(
                f"cannot ask {question.strip()!r}: {nobody}; answer with {flag} instead"
            )


def _or_nothing(stream: TextIO | None) -> TextIO:
    """Return the stream, or an empty one: a shell can close any of them (`>&-`)."""
    return stream if stream is not None else Path(os.devnull).open("r+", encoding="utf-8")


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _in_utf8(document: Any) -> Any:
    """Return a JSON document whose text can all be encoded."""
    if isinstance(document, dict):
        return {_in_utf8(name): _in_utf8(item) for name, item in document.items()}
    if isinstance(document, list | tuple):
        return [_in_utf8(item) for item in document]
    if isinstance(document, str):
        return document.encode("utf-8", "backslashreplace").decode()
    return document
