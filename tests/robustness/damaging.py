"""Damaged and odd files, and the commands that read them: no command may end in a stack trace.

`tools/damage_files.py` runs many of them, `test_damage.py` a few.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from records.made_record import made_capstone, made_record, save_record
from tito_bench.cli.main import main

__all__ = ["ODD", "READERS", "Outcome", "damage", "healthy_project", "try_damages", "try_odd_files"]

RECORDS = ".tito/benchmarks"
READERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    ".tinytorch/config.json": (
        ("community", "profile"),
        ("community", "stats"),
        ("community", "sync"),
    ),
    ".tinytorch/community/profile.json": (
        ("community", "profile"),
        ("community", "stats"),
        ("community", "update", "--country", "de"),
        ("community", "export", "out.json", "--force"),
    ),
    ".tinytorch/community/consent.json": (("community", "profile"), ("community", "sync")),
    ".tinytorch/community/website.json": (("community", "profile"), ("community", "sync")),
    ".tinytorch/outbox/000001_join.json": (("community", "sync"), ("community", "profile")),
    ".tinytorch/submissions/baseline_1.json": (
        ("community", "stats"),
        ("community", "export", "out.json", "--force"),
    ),
    f"{RECORDS}/baseline": (
        ("benchmark", "history"),
        ("benchmark", "report", "--json"),
        ("benchmark", "report", "--html", "page.html", "--force"),
        ("benchmark", "compare", "latest~1", "latest"),
        ("community", "stats"),
    ),
    f"{RECORDS}/capstone": (
        ("benchmark", "history", "--json"),
        ("benchmark", "report", "--type", "capstone"),
    ),
    ".tito/progress.json": (("community", "profile"), ("community", "stats")),
    ".tito/milestones.json": (("community", "profile"), ("community", "stats")),
}
"""The commands that read each kind of file, by its path or the start of its name."""

ODD: tuple[bytes, ...] = (
    *(b"", b" ", b"\n", b"\0", b"\0" * 4096, b"\xff", b"\xff\xfe", b"\xfe\xff\0{", b"\xef\xbb\xbf"),
    *(
        b"\xef\xbb\xbf{}",
        b"{}",
        b"[]",
        b"null",
        b"true",
        b"0",
        b"-1",
        b"1e999",
        b'""',
        b'"\\ud800"',
    ),
    *(b"NaN", b"{", b"[", b'{"schema": 1}', b'{"schema": "1"}', b'{"schema": null}'),
    *(b'{"schema": 99}', b'{"schema": -1}', b'{"schema": 1.0}', b'{"schema": 1e400}'),
    *(b'{"schema": 1, "schema": 1}', b'{"schema": 1, "kind": []}', b"[" * 100_000),
    *(b'{"a":' * 50_000, b"[1" + b"0" * 5000 + b"]", b'{"schema": 1' + b"0" * 400 + b"}"),
    *(b'{"\x1b[2J": "\x1b]0;x\x07"}', '{"schema": 1, "x": "‮"}'.encode(), b"PK\x03\x04"),
    *(b"<html></html>", b"version https://git-lfs.github.com/spec/v1\n", b"<<<<<<< HEAD\n{}\n"),
)
"""What people and programs leave in the place of a file of ours."""


@dataclass
class Outcome:
    """How many runs there were, and what of them failed, each with all that shows it again."""

    tried: int = 0
    failed: list[str] = field(default_factory=list)


def healthy_project(root: Path) -> None:
    """Make a project with a file of each kind."""
    for record in (made_record(slowdown=4.0), made_record(slowdown=2.0), made_capstone()):
        save_record(root / RECORDS, record)
    for words in (("community", "join", "--country", "ke"), ("community", "submit", "latest")):
        outcome = Outcome()
        run(root, words, "a healthy project", outcome)
        assert not outcome.failed
    submission, *_ = (root / ".tinytorch" / "submissions").glob("*.json")
    submission.rename(submission.with_name("baseline_1.json"))
    for name, text in (
        (".tinytorch/config.json", b'{"schema": 1, "website": {"enabled": false}}'),
        (".tinytorch/community/consent.json", b'{"schema": 1, "profile": null, "seal": "00"}'),
        (".tinytorch/community/website.json", b'{"schema": 1, "known_id": null, "seal": "00"}'),
        (
            ".tinytorch/outbox/000001_join.json",
            (
                b'{"schema": 1, "action": "join", "data": "profile", "api_url": "https://a.example",'
                b' "idempotency_key": "00000000-0000-4000-8000-000000000000", "created_at": "",'
                b' "body": "{}"}'
            ),
        ),
        (".tito/progress.json", b'{"completed_modules": ["01", 2], "last_completed": 2}'),
        (".tito/milestones.json", b'{"completed_milestones": ["01"]}'),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def damage(data: bytes, rng: random.Random) -> bytes:
    """Return `data` as a bad disk, an editor or a merge may leave it."""
    at, length = rng.randrange(len(data) + 1), rng.randrange(1, 40)
    replacement = bytes(rng.randrange(256) for _ in range(length))
    number = rng.choice((b"1e999", b"-0", b"NaN", b"null", b'"x"', b"[]", b"{}", b"1" * 30))
    digits = [place for place, byte in enumerate(data) if chr(byte).isdigit()] or [0]
    digit = rng.choice(digits)
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


def try_damages(root: Path, count: int, rng: random.Random, environ: Mapping[str, str]) -> Outcome:
    """Damage each kind of file `count` times, and read it by each command that does."""
    outcome = Outcome()
    with _environment(environ):
        for name, commands in READERS.items():
            for path, before in _each_time(root, name, count):
                after = damage(before, rng)
                for words in commands:
                    path.write_bytes(after)
                    run(root, words, f"{name} as {after[:2000]!r}", outcome)
    return outcome


def try_odd_files(root: Path, odd: tuple[bytes, ...], environ: Mapping[str, str]) -> Outcome:
    """Put each of `odd` into the place of each kind of file."""
    outcome = Outcome()
    with _environment(environ):
        for name, commands in READERS.items():
            turns = iter(odd)
            for path, _ in _each_time(root, name, len(odd)):
                content = next(turns)
                for words in commands:
                    path.write_bytes(content)
                    run(root, words, f"{name} as {content[:200]!r}", outcome)
    return outcome


def _each_time(root: Path, name: str, count: int) -> Iterator[tuple[Path, bytes]]:
    """Yield the file and its healthy content in a project that is whole, `count` times."""
    whole = root / "whole"
    if not whole.exists():
        whole.mkdir()
        healthy_project(whole)
    project = root / "project"
    for turn in range(count):
        if turn % 50 == 0:
            shutil.rmtree(project, ignore_errors=True)
            shutil.copytree(whole, project)
            os.chdir(project)
        (source,) = sorted((whole / name).parent.glob(f"{Path(name).name}*"))[:1]
        yield project / source.relative_to(whole), source.read_bytes()


def run(root: Path, words: tuple[str, ...], what: str, outcome: Outcome) -> None:
    """Run a command in this process; what it lets through is a failure."""
    folder = root if (root / RECORDS).exists() else root / "project"
    outcome.tried += 1
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*words, "--project", str(folder)])
    except SystemExit as ended:
        status = int(str(ended.code))
    except BaseException:
        outcome.failed.append(f"{' '.join(words)}, {what}:\n{traceback.format_exc()}")
        return
    said = out.getvalue() + err.getvalue()
    if "Traceback" in said or status not in {0, 1, 2} or "\x1b" in said:
        outcome.failed.append(f"{' '.join(words)}, {what}: exit {status}\n{said[-2000:]}")


@contextlib.contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    before, folder = dict(os.environ), Path.cwd()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(folder)


AREAS: Mapping[str, Callable[[Path, int, random.Random, Mapping[str, str]], Outcome]] = {
    "damages": try_damages,
    "odd files": lambda root, count, _rng, environ: try_odd_files(root, ODD[:count], environ),
}
