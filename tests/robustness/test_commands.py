"""What counts as a fault, and that a command can be killed where it is told to."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from robustness.commands import FORKS, Kill, Ran, Sandbox, fault, run_command, start_command

OK = frozenset({0})


@pytest.mark.parametrize(
    ("ran", "words", "wrong"),
    [
        (Ran(0, b"done\n", b""), (), None),
        (Ran(0, b"{}\n", b"said\n"), ("--json",), None),
        (Ran(None, b"", b""), (), "stuck"),
        (Ran(0, b"", b"Traceback (most recent call last):\n"), (), "Traceback"),
        (Ran(0, b"\x1b[2J", b""), (), "x1b"),
        (Ran(-11, b"", b""), (), "exit code -11"),
        (Ran(1, b"", b"tito-bench: error: no\n"), (), "exit code 1, not 0"),
        (Ran(0, b"{} {}", b""), ("--json",), "document"),
    ],
)
def test_what_is_a_fault(ran: Ran, words: tuple[str, ...], wrong: str | None) -> None:
    found = fault(ran, words, OK)
    assert found is None if wrong is None else wrong in str(found)


def test_a_failure_without_a_word_is_a_fault() -> None:
    assert fault(Ran(1, b"\n", b""), (), frozenset({0, 1})) == "it failed without a word"


@pytest.mark.skipif(not FORKS, reason="forks")
def test_a_fork_does_what_a_process_of_its_own_does(tmp_path: Path) -> None:
    box = Sandbox(tmp_path)
    box.make()
    box.do("community", "join", "--country", "ke")
    words = ("community", "profile", "--json")
    forked = box.run(*words)
    assert json.loads(forked.out)["profile"]["location"]["country"] == "Kenya"
    assert start_command(words, box.project, box.environ) == forked
    assert box.run("no-such-command").status == 2


@pytest.mark.skipif(not FORKS, reason="forks")
@pytest.mark.parametrize("kill", [Kill(after_s=0.0), Kill(at_event=3)])
def test_a_command_is_killed_where_it_is_told_to(kill: Kill, tmp_path: Path) -> None:
    box = Sandbox(tmp_path)
    box.make()
    ran = run_command(("community", "join"), box.project, box.environ, kill=kill)
    assert ran.status == -signal.SIGKILL
    assert not list(box.project.rglob("profile.json"))


@pytest.mark.skipif(not FORKS, reason="forks")
def test_a_sandbox_is_put_back_whatever_was_done_to_it(tmp_path: Path) -> None:
    box = Sandbox(tmp_path)
    box.make()
    (box.project / "kept" / "in").mkdir(parents=True)
    (box.project / "kept" / "in" / "a").write_bytes(b"a")
    before, number = box.files(), box.project.stat().st_ino
    (box.project / "kept" / "in" / "a").unlink()
    (box.project / "kept" / "in" / "a").mkdir()
    (box.project / "new").symlink_to("/etc")
    (box.project / "kept" / "b").write_bytes(b"b")
    box.restore(before)
    assert box.files() == before
    assert [path.name for path in box.project.iterdir()] == ["kept"]
    assert box.project.stat().st_ino == number
