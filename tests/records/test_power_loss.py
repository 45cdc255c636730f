"""What survives when the power goes: a model of a disk that forgets what was not synced."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tito_bench.records.store import write_atomic, write_new

OLD, NEW = b"old content", b"new content, longer"
TARGET = Path("folder/file.json")


class PowerOff(BaseException):
    """The machine is dark."""


class ForgetfulDisk:
    """Names and contents in memory, with what of each is certain to survive.

    A content that was not synced survives as nothing, a part, zeros or whole.
    Name changes since the last sync of the folder survive up to any point, in order.
    """

    def __init__(self, off_at: int, content: bytes | None) -> None:
        self.contents: list[bytearray] = []
        self.synced: set[int] = set()
        self.names: dict[Path, int] = {}
        self.kept: list[dict[Path, int]] = []  # every state of names that may survive
        self.open: dict[int, int] = {}
        self.left = off_at
        self._tokens = itertools.count()
        if content is not None:
            self.names[TARGET] = self._new(content)
            self.synced.add(0)
        self.kept = [dict(self.names)]

    def _new(self, content: bytes = b"") -> int:
        self.contents.append(bytearray(content))
        return len(self.contents) - 1

    def _step(self) -> None:
        if self.left == 0:
            raise PowerOff
        self.left -= 1

    def _renamed(self) -> None:
        self.kept.append(dict(self.names))

    def survivors(self) -> set[bytes | None]:
        """Everything that may be found under the target's name afterwards."""
        found: set[bytes | None] = set()
        for names in self.kept:
            number = names.get(TARGET)
            if number is None:
                found.add(None)
                continue
            content = bytes(self.contents[number])
            found.add(content)
            if number not in self.synced:
                found |= {b"", content[: len(content) // 2], bytes(len(content))}
        return found

    def make_folder(self, path: Path) -> None:
        self._step()

    def create(self, path: Path) -> int:
        self._step()
        assert path not in self.names
        self.names[path] = self._new()
        self._renamed()
        return self.names[path]

    def write(self, descriptor: int, data: bytes) -> int:
        self._step()
        self.synced.discard(descriptor)
        self.contents[descriptor] += data[:7]
        return len(data[:7])

    def sync(self, descriptor: int) -> None:
        self._step()
        self.synced.add(descriptor)

    def close(self, descriptor: int) -> None:
        pass

    def replace(self, source: Path, target: Path) -> None:
        self._step()
        self.names[target] = self.names.pop(source)
        self._renamed()

    def rename_new(self, source: Path, target: Path) -> None:
        if target in self.names:
            raise FileExistsError(17, "exists")
        self.replace(source, target)

    def remove(self, path: Path) -> None:
        self._step()
        del self.names[path]
        self._renamed()

    def sync_folder(self, path: Path) -> None:
        self._step()
        self.kept = [dict(self.names)]

    def token(self) -> str:
        return f"{next(self._tokens):08x}"

    def follow(self, path: Path) -> Path:
        return path

    def lock(self, path: Path) -> None:
        raise NotImplementedError

    def read(self, path: Path, limit: int) -> bytes:
        raise NotImplementedError

    def list_folder(self, path: Path) -> list[str]:
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("write", "before"), [(write_atomic, OLD), (write_atomic, None), (write_new, None)]
)
def test_old_or_new_at_every_moment(write, before):
    finished = 0
    for off_at in range(20):
        disk = ForgetfulDisk(off_at, before)
        try:
            write(TARGET, NEW, disk)
        except PowerOff:
            assert disk.survivors() <= {before, NEW}, f"power off after {off_at} operations"
        else:
            finished += 1
            assert disk.survivors() == {NEW}, "what was reported as written stays"
    assert 5 < 20 - finished < 20


def test_the_model_notices_a_missing_sync():
    class Hasty(ForgetfulDisk):
        def sync(self, descriptor: int) -> None:
            pass

    disk = Hasty(100, OLD)
    write_atomic(TARGET, NEW, disk)
    assert b"" in disk.survivors()


def test_the_model_notices_a_missing_folder_sync():
    class Hasty(ForgetfulDisk):
        def sync_folder(self, path: Path) -> None:
            pass

    disk = Hasty(100, OLD)
    write_atomic(TARGET, NEW, disk)
    assert OLD in disk.survivors()
