"""Reading and writing files that cannot be lost.

A write is all or nothing: a new file beside the target, readable by its owner
only, is filled, forced to the disk and renamed over the target. Whoever reads
meanwhile sees the old or the new content. Read-modify-write happens under
`locked`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from tito_bench.errors import FileBusy, StoreError
from tito_bench.records.filesystem import FileSystem, OsFileSystem
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = [
    "DISK",
    "FIRST_TIME",
    "READ_LIMIT",
    "FileExists",
    "add_stamped",
    "check_can_add",
    "check_writable",
    "latest_time",
    "list_names",
    "locked",
    "parse_time",
    "read_bytes",
    "show_path",
    "stamp",
    "sweep",
    "sweep_folder",
    "utc_text",
    "write_atomic",
    "write_new",
]

T = TypeVar("T")

DISK: FileSystem = OsFileSystem()

READ_LIMIT = 64 * 2**20
"""Bytes; no file of ours comes near, and a wrong one must not fill the memory."""

FIRST_TIME = datetime(2020, 1, 1, tzinfo=UTC)
"""Nothing was measured before: TinyTorch is younger."""
_CLOCKS_DIFFER = timedelta(days=1)

# ERROR_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION: a virus scanner or
# a reader has the file open for a moment.
_SHARING_ERRORS = frozenset({5, 32, 33})
_SHARING_TRIES = 10
_TEMPORARY = ".tmp"
_STAMPED = re.compile(r"\.\w+_(\d{8}T\d{6}Z)_[0-9a-f]{4}\.json\.[0-9a-f]{8}\.tmp")
_LONGEST_WRITE = timedelta(hours=1)
_REMEDIES = {
    errno.ENOSPC: "free some disk space and run the command again",
    errno.EDQUOT: "free some of your disk quota and run the command again",
    errno.EACCES: "check the permissions of the folder",
    errno.EPERM: "check the permissions of the folder",
    errno.EROFS: "the disk is read-only; use --project with a folder you can write to",
    errno.EEXIST: "a file is where a folder should be; move it away",
    errno.ENOTDIR: "a file is where a folder should be; move it away",
    errno.EISDIR: "a folder is where a file should be; move it away",
    errno.ELOOP: "replace the link by what it points to",
    errno.ENAMETOOLONG: "use a shorter path",
}


class FileExists(StoreError):
    """A file that must be new exists already."""


def read_bytes(path: Path, disk: FileSystem = DISK) -> bytes | None:
    """Return the file's content, or None if there is no such file.

    Raises `StoreError` if it cannot be read or is larger than `READ_LIMIT`.
    """
    try:
        real = disk.follow(path)
        data = _patiently(disk, lambda: disk.read(real, READ_LIMIT + 1))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failure("read", path, error) from error
    if len(data) > READ_LIMIT:
        raise StoreError(
            f"cannot read {show_path(path)}: larger than {READ_LIMIT >> 20} MiB; move it away"
        )
    return data


def list_names(folder: Path, disk: FileSystem = DISK) -> list[str]:
    """Return the names in the folder, none where there is no such folder.

    Raises `StoreError` if it cannot be read.
    """
    try:
        return disk.list_folder(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _failure("read", folder, error) from error


def write_atomic(path: Path, data: bytes, disk: FileSystem = DISK) -> None:
    """Write the file, replacing what is there; all or nothing.

    A link is followed if it stays inside the project. Raises `StoreError`; the old
    content is then still there, unless the message says that it was written.
    """
    _write(path, data, disk, disk.replace)


def write_new(path: Path, data: bytes, disk: FileSystem = DISK) -> None:
    """Write a file that must not exist yet; all or nothing, never overwriting.

    Raises `FileExists` if it exists, `StoreError` if it cannot be written.
    """
    try:
        _write(path, data, disk, disk.rename_new)
    except FileExistsError as error:
        raise FileExists(f"{show_path(path)} exists already; it was not overwritten") from error


def check_can_add(folder: Path, disk: FileSystem = DISK) -> None:
    """Find out whether a first file could be written to `folder`, which need not exist.

    Raises `StoreError` where it cannot; leaves nothing behind.
    """
    existing = folder
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    try:
        _probe(existing / "new.json", disk)
    except OSError as error:
        raise _failure("write", folder, error) from error


def check_writable(path: Path, disk: FileSystem = DISK) -> None:
    """Find out before a long run whether `path` can be written after it.

    Raises `StoreError` where it cannot; leaves nothing behind and does not
    touch what is there.
    """
    if path.is_dir():
        raise StoreError(f"cannot write {show_path(path)}: it is a folder; name a file")
    try:
        _probe(path, disk)
    except FileNotFoundError as error:
        raise StoreError(
            f"cannot write {show_path(path)}: its folder does not exist; create it first"
        ) from error
    except OSError as error:
        raise _failure("write", path, error) from error


def _probe(path: Path, disk: FileSystem) -> None:
    probe = path.with_name(f".{path.name}.{disk.token()}{_TEMPORARY}")
    disk.close(disk.create(probe))
    disk.remove(probe)


def add_stamped(
    folder: Path, prefix: str, now: datetime, data: bytes, disk: FileSystem = DISK
) -> Path:
    """Write `<prefix>_<UTC time>_<4 hex>.json` as a new file in the folder; its path.

    What writers left there who were killed an hour ago, or longer, is removed.
    """
    long_ago = stamp(now - _LONGEST_WRITE)
    _sweep(folder, lambda name: (found := _STAMPED.fullmatch(name)) and found[1] < long_ago, disk)
    for _ in range(16):
        path = folder / f"{prefix}_{stamp(now)}_{disk.token()[:4]}.json"
        try:
            write_new(path, data, disk)
        except FileExists:
            continue
        return path
    raise StoreError(f"cannot find a free name in {show_path(folder)}; run the command again")


def stamp(now: datetime) -> str:
    """Return the time of a file name, UTC: `20261122T203000Z`."""
    return _checked_utc(now).strftime("%Y%m%dT%H%M%SZ")


def utc_text(now: datetime) -> str:
    """Return the time as it stands in a file, UTC to the second: `2026-11-22T20:30:00Z`."""
    return _checked_utc(now).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: object) -> datetime | None:
    """Return an ISO 8601 time as UTC, one without a zone taken as UTC; None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def latest_time(now: datetime) -> datetime:
    """Return the latest time that something can have been measured at: clocks differ by a day."""
    return now + _CLOCKS_DIFFER


def _checked_utc(now: datetime) -> datetime:
    offset = now.utcoffset()
    if offset is None or offset:
        raise ValueError("a time of day in UTC is needed")
    return now


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = 10.0, disk: FileSystem = DISK) -> Iterator[None]:
    """Hold the lock of this file against other processes (not reentrant).

    Raises `FileBusy` if another process holds it for `timeout_s`.
    """
    name = path.with_name(f".{path.name}.lock")
    until = time.monotonic() + timeout_s
    try:
        disk.make_folder(path.parent)
        while (release := disk.lock(name)) is None:
            if time.monotonic() >= until:
                raise FileBusy(
                    f"{show_path(path)} is in use by another tito-bench for more than "
                    f"{timeout_s:g} s; wait for it to end and run the command again"
                )
            disk.sleep(0.01)
    except OSError as error:
        raise _failure("lock", path, error) from error
    try:
        yield
    finally:
        release()


def show_path(path: Path) -> str:
    """Return a path for a message: harmless, and long enough to be found."""
    return safe_text(str(path), limit=400)


def sweep(path: Path, disk: FileSystem = DISK) -> None:
    """Remove what killed writers of this file left; only for the holder of its lock."""
    start = f".{path.name}."
    _sweep(path.parent, lambda name: name.startswith(start) and name.endswith(_TEMPORARY), disk)


def sweep_folder(folder: Path, disk: FileSystem = DISK) -> None:
    """Remove what killed writers left in a folder; only where a lock keeps others from writing."""
    _sweep(folder, lambda name: name.startswith(".") and name.endswith(_TEMPORARY), disk)


def _sweep(folder: Path, is_litter: Callable[[str], object], disk: FileSystem) -> None:
    with contextlib.suppress(OSError):  # litter is no reason to fail the write
        for name in filter(is_litter, disk.list_folder(folder)):
            disk.remove(folder / name)


def _write(path: Path, data: bytes, disk: FileSystem, rename: Callable[[Path, Path], None]) -> None:
    shown = path
    try:
        path = disk.follow(path)
        temporary = path.with_name(f".{path.name}.{disk.token()}{_TEMPORARY}")
        disk.make_folder(path.parent)
        descriptor = disk.create(temporary)
    except OSError as error:
        raise _failure("write", shown, error) from error
    try:
        try:
            _fill(descriptor, data, disk)
            _patiently(disk, lambda: rename(temporary, path))
        except BaseException:
            with contextlib.suppress(OSError):  # the first error is the one to report
                disk.remove(temporary)
            raise
    except FileExistsError:
        raise  # from rename_new only: the caller's question
    except OSError as error:
        raise _failure("write", shown, error) from error
    try:
        disk.sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"{show_path(shown)} was written, but may be lost in a power cut: {_reason(error)}; "
            "check the disk"
        ) from error


def _fill(descriptor: int, data: bytes, disk: FileSystem) -> None:
    try:
        rest = data
        while rest:
            rest = rest[disk.write(descriptor, rest) :]
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)


def _patiently(disk: FileSystem, operation: Callable[[], T]) -> T:
    """Run the operation, again where Windows says that the file is open elsewhere."""
    for attempt in range(_SHARING_TRIES - 1):
        try:
            return operation()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _SHARING_ERRORS:
                raise
            disk.sleep(min(0.01 * 2**attempt, 0.3))
    return operation()


def _failure(verb: str, path: Path, error: OSError) -> StoreError:
    remedy = _REMEDIES.get(error.errno or 0, "check the disk and run the command again")
    return StoreError(f"cannot {verb} {show_path(path)}: {_reason(error)}; {remedy}")


def _reason(error: OSError) -> str:
    return safe_text(error.strerror or type(error).__name__)
