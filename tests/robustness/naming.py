"""Names that people, systems and archives give to projects and files."""

from __future__ import annotations

import json
import os
import random
import unicodedata
from pathlib import Path

from records.made_record import made_record, save_record
from robustness.commands import (
    QUICK_BASELINE,
    Outcome,
    Sandbox,
    fault,
    quick_client,
    run_command,
    start_command,
)

__all__ = ["FILES", "FOLDERS", "try_names"]

FOLDERS: tuple[bytes, ...] = (
    b"my project", b" ", b"  two  spaces  ", b"ends with a space ", b"ends.", b"...", b"a\tb",
    b"two\nlines", b"\n", b"a\rb", b"it's", b'say "so"', b"`date`", b"$HOME", b"${HOME}", b"%s%d%n",
    b"{}", b"{0}", b"{project}", b"[red]x[/red]", b"[/]", b":smile:", b"*", b"?", b"a?b*c[d]",
    b"~", b"#1", b"a&b;c|d", b"<b>&amp;</b>", b"-rf", b"--help", b"--project=x", b"back\\slash",
    b"a:b", b"con", b"nul.txt", b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80", b"\x1b[2J\x07", b"\x7f",
    "caf\u00e9".encode(), unicodedata.normalize("NFD", "caf\u00e9").encode(), "\u212b".encode(),
    "\U0001f3af \U0001f468\u200d\U0001f469\u200d\U0001f467".encode(), "\u202egpj.exe".encode(),
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629".encode(), "\u65e5\u672c\u8a9e".encode(),
    "a\u200bb\ufeffc".encode(), "\u0130stanbul".encode(), b"x" * 255,
    b"/".join([b"deep" * 20] * 40),
    b"tinytorch", b".tito", b".tinytorch",
)  # fmt: skip
"""Of project folders, as bytes below a folder of ours."""

FILES: tuple[str, ...] = (
    "a b.html", "two\nlines.html", "-x.html", "caf\udce9.html", "\u202egpj.html", "%s.html",
    "{}.html", "[red].html", "\x1b[2J.html", "x" * 250 + ".html", "x" * 300 + ".html",
    "no/such/folder.html", ".", "/dev/full",
)  # fmt: skip
"""Of the files that a command is told to write."""

_IN_A_PROJECT = (
    ("community", "join", "--json"),
    ("community", "update", "--country", "de", "--json"),
    ("community", "profile", "--json"),
    ("community", "submit", "latest", "--json"),
    ("community", "stats", "--json"),
    ("community", "export", "out.json", "--json"),
    ("community", "export", "--json"),
    ("community", "sync", "--share", "--json"),
    ("benchmark", "history", "--json"),
    ("benchmark", "report", "--html", "page.html"),
    ("benchmark", "report", "--card", "card.svg"),
    ("benchmark", "compare", "latest~1", "latest"),
    ("doctor",),
    ("doctor", "--json"),
    ("community", "leave", "--force", "--json"),
)
_MEASURE = (*QUICK_BASELINE, "--json")
_INNER = frozenset({b".tito", b".tinytorch"})
"""As names of projects they are those of the state of the folder around."""


def try_names(part: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Work in `count` projects with odd names, each by its folder and by `--project`."""
    outcome = Outcome()
    names = FOLDERS[int(part) :: 2]
    for number, name in enumerate(rng.sample(names, min(count, len(names)))):
        _try_folder(name, root / str(number), outcome)
    files = FILES[int(part) :: 2]
    for number, file in enumerate(rng.sample(files, min(count, len(files)))):
        _try_file(file, root / f"file{number}", outcome)
    return outcome


def _project(root: Path, name: bytes) -> Path:
    project = Path(os.fsdecode(os.fsencode(root) + b"/" + name))
    project.mkdir(parents=True)
    for slowdown in (2.0, 4.0):
        save_record(project / ".tito" / "benchmarks", made_record(slowdown=slowdown))
    return project


def _try_folder(name: bytes, root: Path, outcome: Outcome) -> None:
    box = Sandbox(root)
    box.make()
    project = _project(root, name)
    named = () if name in _INNER else ("--project", os.fsdecode(name))
    ways = ((project, ()), (root, named and ("--project=" + named[1],)))
    for cwd, how in ways[: 1 + bool(named)]:
        for words in (*_IN_A_PROJECT, _MEASURE) if cwd == project else _IN_A_PROJECT[:8]:
            words = (*words, *how)
            if words[:2] == _MEASURE[:2]:
                ran = start_command([os.fsencode(word) for word in words], cwd, box.environ)
            else:
                ran = run_command(words, cwd, box.environ, before=quick_client)
            outcome.tried += 1
            right = frozenset({0, 1} if words[0] == "doctor" else {0})
            wrong = fault(ran, words, right)
            if wrong:
                outcome.failed.append(f"{words} in {name!r}: {wrong}\n{ran.said[-2000:]}")
        for made in ("out.json", "page.html", "card.svg"):
            (cwd / made).unlink(missing_ok=True)
    wrong = _told_away(project, name)
    if wrong:
        outcome.failed.append(f"{name!r}: {wrong}")


def _told_away(project: Path, name: bytes) -> str | None:
    """Say so where a record or a submission tells the name of its folder."""
    if len(name) < 8 or name == b"tinytorch":
        return None
    shown = json.dumps(os.fsdecode(name)).strip('"')
    state = [*(project / ".tito").rglob("*.json"), *(project / ".tinytorch").rglob("*.json")]
    for path in state:
        data = path.read_bytes()
        if name in data or shown.encode("utf-8", "surrogateescape") in data:
            return f"{path.name} tells the folder's name"
    return None


def _try_file(file: str, root: Path, outcome: Outcome) -> None:
    box = Sandbox(root)
    box.make()
    save_record(box.project / ".tito" / "benchmarks", made_record())
    before = box.files()
    for flag in ("--html", "--svg", "--card"):
        words = ("benchmark", "report", f"{flag}={file}", "--force")
        ran = box.run(*words)
        outcome.tried += 1
        wrong = fault(ran, words, frozenset({0, 1}))
        path = box.project / file
        written = os.path.lexists(path) if len(file) < 256 else False
        if not wrong and ran.status == 0 and not written:
            wrong = "it says that it wrote what is not there"
        if not wrong and ran.status == 1 and len(ran.err.splitlines()) != 1:
            wrong = "more than one line"
        if wrong:
            outcome.failed.append(f"{words}: {wrong}\n{ran.said[-2000:]}")
        box.restore(before)
