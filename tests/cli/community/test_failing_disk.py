"""Every verb with every single disk operation failing: one line, and nothing torn."""

from __future__ import annotations

import errno
import json
import os
from typing import Any

import pytest

from tito_bench.records.filesystem import OsFileSystem

OPERATIONS = (
    "read",
    "make_folder",
    "create",
    "write",
    "sync",
    "close",
    "replace",
    "rename_new",
    "remove",
    "sync_folder",
    "list_folder",
)
VERBS = [
    ["join", "--country", "ke"],
    ["update", "--experience", "expert"],
    ["submit", "latest", "--system-info"],
    ["export", "out.json"],
    ["profile"],
    ["stats"],
    ["leave", "--force"],
]


class Faults:
    """Lets the Nth operation of the real disk fail, once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        self.failed_in: str | None = None
        self.code = errno.EIO
        for name in OPERATIONS:
            monkeypatch.setattr(OsFileSystem, name, self._wrapped(name))

    def arm(self, fail_at: int, code: int) -> None:
        self.left, self.code, self.failed_in = fail_at, code, None

    def disarm(self) -> None:
        self.left = -1

    def _wrapped(self, name: str) -> Any:
        original = getattr(OsFileSystem, name)

        def operation(disk: OsFileSystem, *arguments: Any) -> Any:
            if self.left == 0:
                self.left = -1
                self.failed_in = name
                if name == "close":
                    original(disk, *arguments)
                if self.code == 0:
                    raise KeyboardInterrupt
                raise OSError(self.code, os.strerror(self.code))
            self.left -= 1
            return original(disk, *arguments)

        return operation


@pytest.mark.parametrize("code", [errno.ENOSPC, 0])
@pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])
def test_each_operation_of_a_verb_can_fail(make_tito, monkeypatch, words, code):
    faults = Faults(monkeypatch)
    fail_at = 0
    while True:
        tito = make_tito()
        tito.record()
        if words[0] != "join":
            tito("join", "--country", "ch")
        before = tito.files()
        faults.arm(fail_at, code)
        ran = tito(*words)
        faults.disarm()
        after = tito.files()
        for name, content in after.items():
            assert not name.endswith(".tmp"), f"{name} after {faults.failed_in}"
            if name.endswith(".json"):
                json.loads(content)
        assert set(before) - set(after) <= {".tinytorch/community/profile.json"}
        if faults.failed_in is None:
            assert ran.status == 0
            break
        if code == 0 and ran.status != 0:
            assert ran.status == 130
        elif ran.status != 0:
            assert ran.status == 1
            (line,) = [line for line in ran.err.split("\n") if line]
            assert line.startswith("tito-bench: error: ")
            assert os.strerror(code) in line
        again = tito(*(words if words[0] != "export" else [*words, "--force"]))
        assert again.status == 0, again.err
        fail_at += 1
    assert fail_at >= {"profile": 3, "stats": 4}.get(words[0], 8)
