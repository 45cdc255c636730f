"""Writes that are all or nothing, whatever operation fails."""

from __future__ import annotations

import errno
import os
import stat
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tito_bench.errors import FileBusy, StoreError
from tito_bench.records import store
from tito_bench.records.store import (
    FileExists,
    add_stamped,
    check_writable,
    locked,
    read_bytes,
    stamp,
    sweep,
    utc_text,
    write_atomic,
    write_new,
)

OLD, NEW = b"old " * 100, b"new " * 5000
ERRORS = [errno.ENOSPC, errno.EIO, errno.EACCES, None]


def _raised(code: int | None) -> BaseException:
    return KeyboardInterrupt() if code is None else OSError(code, os.strerror(code))


def _outcome(act, *arguments) -> BaseException | None:
    try:
        act(*arguments)
    except (StoreError, KeyboardInterrupt) as error:
        return error
    return None


def _check_message(error: BaseException, code: int | None) -> None:
    assert "\n" not in str(error)
    if code is None:
        assert isinstance(error, KeyboardInterrupt)
    else:
        assert "file.json" in str(error)
        assert os.strerror(code) in str(error)


def _litter(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("write", [write_atomic, write_new])
def test_every_operation_can_fail(tmp_path, failing_disk, write, there, code):
    """Every N: old or new content, no litter, one line; 0 faults means the end is reached."""
    faults = 0
    while True:
        folder = tmp_path / str(faults)
        folder.mkdir()
        path = folder / "file.json"
        before = OLD if there and write is write_atomic else None
        if before is not None:
            path.write_bytes(before)
        disk = failing_disk(faults, lambda: _raised(code))
        error = _outcome(write, path, NEW, disk)
        if error is None:
            assert path.read_bytes() == NEW
            break
        _check_message(error, code)
        after = path.read_bytes() if path.exists() else None
        last = disk.done[faults]
        assert after == (NEW if last == "sync_folder" else before)
        assert _litter(folder) == []
        faults += 1
    assert faults == 7, disk.done  # make_folder create write sync close rename sync_folder


def test_a_failing_clean_up_does_not_hide_the_first_error(tmp_path, failing_disk):
    class Worse(failing_disk):
        def remove(self, path: Path) -> None:
            raise OSError(errno.EACCES, "cannot remove")

    disk = Worse(2, lambda: OSError(errno.ENOSPC, "disk full"))
    with pytest.raises(StoreError, match="disk full; free some disk space"):
        write_atomic(tmp_path / "file.json", NEW, disk)


def test_short_writes_are_continued(tmp_path, failing_disk):
    class Slow(failing_disk):
        def write(self, descriptor: int, data: bytes) -> int:
            return super().write(descriptor, data[:1000])

    disk = Slow(None, RuntimeError)
    write_atomic(tmp_path / "file.json", NEW, disk)
    assert (tmp_path / "file.json").read_bytes() == NEW
    assert disk.done.count("write") == 20


def test_the_content_is_on_the_disk_before_its_name(tmp_path, failing_disk):
    disk = failing_disk(None, RuntimeError)
    write_atomic(tmp_path / "file.json", NEW, disk)
    order = [disk.done.index(name) for name in ("write", "sync", "close", "replace", "sync_folder")]
    assert order == sorted(order)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_files_are_for_their_owner_only(tmp_path):
    write_new(tmp_path / "a.json", NEW)
    write_atomic(tmp_path / "b.json", NEW)
    for name in ("a.json", "b.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_new_never_overwrites(tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(OLD)
    with pytest.raises(FileExists, match="was not overwritten"):
        write_new(path, NEW)
    assert path.read_bytes() == OLD
    assert _litter(tmp_path) == []


def test_new_without_hard_links(tmp_path, monkeypatch):
    def no_links(*_paths: object, **_folders: object) -> None:
        raise OSError(errno.EPERM, "no links on this disk")

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "file.json"
    write_new(path, NEW)
    assert path.read_bytes() == NEW
    with pytest.raises(FileExists):
        write_new(path, OLD)
    assert path.read_bytes() == NEW
    assert _litter(tmp_path) == []


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "state").touch()
    for write in (write_atomic, write_new):
        with pytest.raises(StoreError, match="a file is where a folder should be"):
            write(tmp_path / "state" / "file.json", NEW)


class _Busy(PermissionError):
    def __init__(self, winerror: int) -> None:
        super().__init__(errno.EACCES, "used by another process")
        self.winerror = winerror


@pytest.mark.parametrize("winerror", [5, 32, 33])
def test_windows_sharing_violations_pass(tmp_path, failing_disk, winerror):
    class Shared(failing_disk):
        refusals = 6

        def replace(self, source: Path, target: Path) -> None:
            if self.refusals:
                self.refusals -= 1
                raise _Busy(winerror)
            super().replace(source, target)

    disk = Shared(None, RuntimeError)
    path = tmp_path / "file.json"
    path.write_bytes(OLD)
    write_atomic(path, NEW, disk)
    assert path.read_bytes() == NEW
    assert disk.done.count("sleep") == 6


@pytest.mark.parametrize(("winerror", "sleeps"), [(32, 9), (1314, 0)])
def test_but_not_for_ever(tmp_path, failing_disk, winerror, sleeps):
    class Shared(failing_disk):
        def replace(self, source: Path, target: Path) -> None:
            raise _Busy(winerror)

    disk = Shared(None, RuntimeError)
    path = tmp_path / "file.json"
    path.write_bytes(OLD)
    with pytest.raises(StoreError, match="used by another process"):
        write_atomic(path, NEW, disk)
    assert path.read_bytes() == OLD
    assert disk.done.count("sleep") == sleeps
    assert _litter(tmp_path) == []


def test_reading(tmp_path, monkeypatch, failing_disk):
    path = tmp_path / "file.json"
    assert read_bytes(path) is None
    path.write_bytes(OLD)
    assert read_bytes(path) == OLD
    with pytest.raises(StoreError, match="a folder is where a file should be"):
        read_bytes(tmp_path)
    with pytest.raises(StoreError, match=r"cannot read .*check the disk"):
        read_bytes(path, failing_disk(0, lambda: OSError(errno.EIO, "bad sector")))
    monkeypatch.setattr(store, "READ_LIMIT", 10)
    with pytest.raises(StoreError, match="larger than"):
        read_bytes(path)


def test_stamped_names_are_new_ones(tmp_path, now, failing_disk):
    class Lottery(failing_disk):
        def token(self) -> str:
            return super().token()[-4:] * 2

    first = add_stamped(tmp_path, "baseline", now, OLD, Lottery(None, RuntimeError))
    second = add_stamped(tmp_path, "baseline", now, NEW, Lottery(None, RuntimeError))
    assert first.name.startswith("baseline_20261122T203000Z_")
    assert first != second
    assert (first.read_bytes(), second.read_bytes()) == (OLD, NEW)


def test_a_stamp_is_utc():
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    assert stamp(moment) == "20260102T030405Z"
    assert utc_text(moment) == "2026-01-02T03:04:05Z"
    for wrong in (datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=1)))):
        for text_of in (stamp, utc_text):
            with pytest.raises(ValueError, match="UTC"):
                text_of(wrong)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
@pytest.mark.timeout(20)
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "file.json")
    with pytest.raises(StoreError, match="not a regular file"):
        read_bytes(tmp_path / "file.json")


def test_writable_is_found_out_before(tmp_path, failing_disk):
    path = tmp_path / "out.json"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(StoreError, match="folder does not exist"):
        check_writable(tmp_path / "no" / "out.json")
    with pytest.raises(StoreError, match="read-only"):
        check_writable(path, failing_disk(0, lambda: OSError(errno.EROFS, "Read-only")))


def test_a_lock_is_waited_for_and_then_named(target):
    with (
        locked(target),
        pytest.raises(FileBusy, match="in use by another tito-bench"),
        locked(target, timeout_s=0.05),
    ):
        raise AssertionError("two holders")
    with locked(target, timeout_s=0.05):
        pass


def test_a_lock_is_released_by_an_error(target):
    with pytest.raises(RuntimeError), locked(target):
        raise RuntimeError
    with locked(target, timeout_s=0.05):
        pass


def test_a_lock_that_cannot_be_made(tmp_path):
    (tmp_path / "state").touch()
    with pytest.raises(StoreError, match="cannot lock"), locked(tmp_path / "state" / "x.json"):
        raise AssertionError("never held")


def test_sweeping_takes_only_what_killed_writers_left(tmp_path, failing_disk):
    path = tmp_path / "file.json"
    for name in ("file.json", ".file.json.0000.tmp", ".other.json.0000.tmp", "file.json.tmp"):
        (tmp_path / name).touch()
    sweep(path)
    left = sorted(one.name for one in tmp_path.iterdir())
    assert left == [".other.json.0000.tmp", "file.json", "file.json.tmp"]
    sweep(path, failing_disk(0, lambda: OSError(errno.EIO, "bad")))  # litter harms nobody
