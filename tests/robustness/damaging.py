"""Damaged files, and odd things in the place of files, before every command that reads them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from capstone.test_submission_check import GOOD
from machine.facts import card
from records.made_record import made_capstone, made_record, save_record
from robustness.commands import Outcome, Sandbox, fault, quick_client
from tito_bench.records.calibration import CALIBRATION
from tito_bench.records.schema import encode

__all__ = ["KINDS", "ODD", "damage", "try_damages", "try_odd"]

_RECORDS = "project/.tito/benchmarks"
_PROFILE = (
    ("community", "profile", "--json"),
    ("community", "stats", "--json"),
    ("community", "update", "--country", "de"),
    ("community", "export", "out.json", "--force"),
)
_SHARED = (("community", "profile", "--json"), ("community", "sync"))
_PROGRESS = (("community", "update", "--country", "de"), ("community", "stats", "--json"))
_RECORD = (
    ("benchmark", "history", "--json"),
    ("benchmark", "history", "--csv"),
    ("benchmark", "report", "--json"),
    ("benchmark", "report", "--html", "page.html", "--force"),
    ("benchmark", "compare", "latest~1", "latest"),
    ("community", "submit", "latest"),
)
KINDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "project/.tinytorch/config.json": (*_SHARED, ("community", "stats", "--json")),
    "project/.tinytorch/calibration.json": (
        ("benchmark", "history", "--json"),
        ("benchmark", "report", "--html", "page.html", "--force"),
    ),
    "project/.tinytorch/community/profile.json": _PROFILE,
    "project/.tinytorch/community/consent.json": _SHARED,
    "project/.tinytorch/community/website.json": (*_SHARED, ("community", "leave", "--force")),
    "project/.tinytorch/community/key.json": (*_SHARED, ("community", "me")),
    "project/.tinytorch/outbox/000001_": (*_SHARED, ("community", "sync", "--dry-run")),
    "project/.tinytorch/submissions/": (
        ("community", "stats", "--json"),
        ("community", "export", "out.json", "--force"),
        ("community", "sync", "--dry-run"),
    ),
    f"{_RECORDS}/baseline_": _RECORD,
    f"{_RECORDS}/capstone_": (
        ("benchmark", "history", "--json"),
        ("benchmark", "report", "--type", "capstone"),
        ("benchmark", "report", "--type", "capstone", "--html", "page.html", "--force"),
        ("community", "stats", "--json"),
    ),
    "project/.tito/progress.json": _PROGRESS,
    "project/.tito/milestones.json": _PROGRESS,
    "project/.tito/submissions/old.json": (("community", "export", "out.json", "--force"),),
    "project/handed_in/one.json": (
        ("community", "stats", "--from", "handed_in", "--json"),
        ("community", "stats", "--from", "handed_in", "--csv"),
    ),
    "project/roster.csv": (
        ("community", "stats", "--from", "handed_in", "--csv", "--roster", "roster.csv"),
    ),
    "project/module_20.json": (("benchmark", "capstone", "--check", "module_20.json"),),
    "home/.tinytorch/sync.json": (("community", "sync"), ("community", "profile")),
    "home/.local/state/tito-bench/place.key": (
        *_SHARED,
        ("community", "submit", "latest", "--share"),
    ),
}
"""The commands that read each kind of file, by the start of its path."""

_CHANGE = frozenset({"update", "sync", "leave", "submit"})
"""Verbs that may rewrite or remove what they could read."""

ODD: Mapping[str, bytes | Callable[[Path], object]] = {
    "empty": b"",
    "a space": b" ",
    "a line feed": b"\n",
    "a zero byte": b"\0",
    "4,096 zero bytes, as a power cut leaves": b"\0" * 4096,
    "no UTF-8": b"\xff",
    "the mark of UTF-16": b"\xff\xfe",
    "UTF-16": '{"schema": 1}'.encode("utf-16"),
    "UTF-32": '{"schema": 1}'.encode("utf-32"),
    "Latin-1": '{"schema": 1, "name": "Ren\u00e9"}'.encode("latin-1"),
    "a byte order mark": b"\xef\xbb\xbf",
    "an object after a byte order mark": b"\xef\xbb\xbf{}",
    "an object": b"{}",
    "an array": b"[]",
    "null": b"null",
    "true": b"true",
    "0": b"0",
    "1e999": b"1e999",
    "a string": b'""',
    "half a pair": b'"\\ud800"',
    "half a pair inside": b'{"schema": 1, "anonymous_id": "\\ud800"}',
    "NaN": b"NaN",
    "a brace": b"{",
    "schema 1": b'{"schema": 1}',
    "schema as text": b'{"schema": "1"}',
    "schema null": b'{"schema": null}',
    "schema of the future": b'{"schema": 99}',
    "schema below zero": b'{"schema": -1}',
    "schema with a point": b'{"schema": 1.0}',
    "schema without end": b'{"schema": 1' + b"0" * 400 + b"}",
    "a key twice": b'{"schema": 1, "schema": 1}',
    "a kind that cannot be hashed": b'{"schema": 1, "kind": []}',
    "100,000 brackets": b"[" * 100_000,
    "50,000 objects": b'{"a":' * 50_000,
    "a number of 5,000 digits": b"[1" + b"0" * 5000 + b"]",
    "escapes of a terminal": b'{"\\u001b[2J": "\\u001b]0;x\\u0007"}',
    "text from right to left": '{"schema": 1, "x": "\u202e"}'.encode(),
    "an archive": b"PK\x03\x04",
    "a page": b"<html></html>",
    "a pointer of git-lfs": b"version https://git-lfs.github.com/spec/v1\n",
    "a merge that was left": b"<<<<<<< HEAD\n{}\n=======\n[]\n>>>>>>> main\n",
    "20 MB of nothing": b" " * 20_000_000,
    "a folder": lambda path: path.mkdir(),
    "a folder with a file in it": lambda path: (path.mkdir(), (path / "x").write_bytes(b"x")),
    "a pipe": lambda path: os.mkfifo(path),
    "a socket": lambda path: _bind(path),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to the folder": lambda path: path.symlink_to("."),
    "a link out of the project": lambda path: path.symlink_to("/etc/passwd"),
    "a link to zeros without end": lambda path: path.symlink_to("/dev/zero"),
    "a file that may not be read": lambda path: (path.write_bytes(b"{}"), path.chmod(0)),
    "100 GB of hole": lambda path: (path.touch(), os.truncate(path, 10**11)),
}
"""What people and programs leave in the place of a file of ours."""


def _bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound, contextlib.chdir(path.parent):
        bound.bind(path.name)


def _whole(root: Path) -> tuple[Sandbox, Mapping[str, bytes]]:
    """Make a project with a file of each kind; everything waits for a website that is off."""
    box = Sandbox(root)
    box.make()
    for record in (made_record(slowdown=4.0), made_record(slowdown=2.0), made_capstone()):
        save_record(root / _RECORDS, record)
    box.connect("http://127.0.0.1:9")
    given = {
        "project/.tinytorch/calibration.json": encode(CALIBRATION, card({"add": 1200.0})),
        "project/.tito/progress.json": b'{"completed_modules": ["01", 2], "last_completed": 2}',
        "project/.tito/milestones.json": b'{"completed_milestones": ["01"]}',
        "project/.tito/submissions/old.json": json.dumps(GOOD).encode(),
        "project/module_20.json": json.dumps(GOOD).encode(),
        "project/roster.csv": b"file,name\none.json,Anna\n",
        "home/.tinytorch/sync.json": b'{"auto_sync": true}',
    }
    for name, data in given.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (box.project / "handed_in").mkdir()
    box.do("community", "join", "--country", "ke", "--share")
    box.do("community", "submit", "latest", "--anonymous-id", "--share")
    box.do("community", "export", "handed_in/one.json")
    box.run("community", "sync", before=_one_try)  # it makes a key, and reaches nobody
    return box, box.files()


def _one_try() -> None:
    quick_client(tries=1)


def damage(data: bytes, rng: random.Random) -> bytes:
    """Return `data` as a bad disk, an editor or a merge may leave it."""
    at, length = rng.randrange(len(data) + 1), rng.randrange(1, 40)
    replacement = rng.randbytes(length)
    number = rng.choice((b"1e999", b"-0", b"NaN", b"null", b'"x"', b"[]", b"{}", b"1" * 30))
    digit = rng.choice([place for place, byte in enumerate(data) if chr(byte).isdigit()] or [0])
    return rng.choice(
        (
            data[:at],
            data[at:],
            data[:at] + replacement + data[at:],
            data[:at] + replacement + data[at + length :],
            data[:at] + data[at + length :],
            data[:at] + data[at : at + length] * 2 + data[at + length :],
            data[:at] + bytes(length) + data[at + length :],
            data[:digit] + number + data[digit + 1 :],
            data.replace(b":", b": [", 1),
            data + data,
        )
    )


def _path_of(kind: str, files: Mapping[str, bytes]) -> str:
    found = sorted(name for name in files if name.startswith(kind) and not name.endswith(".lock"))
    if not found:
        raise AssertionError(f"there is no {kind}: {sorted(files)}")
    return found[0]


def try_damages(kind: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Damage a kind of file `count` times, and have each command that reads it read it."""
    box, whole = _whole(root)
    name = _path_of(kind, whole)
    outcome = Outcome()
    for _ in range(count):
        after = damage(whole[name], rng)
        for words in KINDS[kind]:
            box.restore({**whole, name: after})
            ran = box.run(*words, before=_one_try)
            outcome.tried += 1
            wrong = fault(ran, words, _right(words)) or _lost(box.root / name, after, words)
            if wrong:
                outcome.failed.append(
                    f"{' '.join(words)}: {wrong}\n{name} as {after!r}\n{ran.said}"
                )
    return outcome


def _right(words: tuple[str, ...]) -> frozenset[int]:
    """Return the exit codes that are right; `latest` is a usage error where there is no record."""
    return frozenset({0, 1, 2} if {"report", "compare", "submit"}.intersection(words) else {0, 1})


def _difference(before: bytes, after: bytes) -> str:
    """Show where two contents of a file begin to differ."""
    pairs = enumerate(zip(before, after, strict=False))
    at = next(
        (place for place, (one, other) in pairs if one != other), min(len(before), len(after))
    )
    return f"from byte {at} on: {after[max(0, at - 20) : at + 60]!r}, for: {before[at : at + 40]!r}"


def _lost(path: Path, damaged: bytes, words: tuple[str, ...]) -> str | None:
    """Say so where the bytes of a file are gone that nothing could be made of."""
    if _CHANGE.intersection(words):
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(damaged.decode("utf-8-sig"))
            return None
        if "leave" in words:
            return None
    beside = [one for one in path.parent.iterdir() if one.is_file()] if path.parent.exists() else []
    return None if any(one.read_bytes() == damaged for one in beside) else "the bytes are gone"


def try_odd(kind: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Put odd things, `count` at most, into the place of a kind of file."""
    box, whole = _whole(root)
    name = _path_of(kind, whole)
    outcome = Outcome()
    without = {other: data for other, data in whole.items() if other != name}
    for odd in rng.sample(sorted(ODD), min(count, len(ODD))):
        made = ODD[odd]
        for words in KINDS[kind]:
            box.restore(without)
            path = box.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(made, bytes):
                path.write_bytes(made)
            else:
                made(path)
            ran = box.run(*words, before=_one_try)
            outcome.tried += 1
            wrong = fault(ran, words, _right(words))
            if wrong:
                outcome.failed.append(f"{' '.join(words)}: {wrong}\n{name} is {odd}\n{ran.said}")
    shutil.rmtree(root, ignore_errors=True)
    return outcome
