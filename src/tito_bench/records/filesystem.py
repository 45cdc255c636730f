"""The operations on files that the store needs, one method each.

Everything that writes goes through this seam, so that a test can let any
single operation fail, or forget what was not synced.

A path below a state folder is opened from the project's folder downwards, by
descriptor and through no link, so that nothing outside the project is written,
renamed or deleted, whatever another process puts there meanwhile. Where the
system has no such descriptors (Windows) it is looked at just before.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tito_bench.foreign_json import OPEN_TO_READ, read_regular
from tito_bench.records.project_layout import STATE_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

if sys.platform != "win32":
    import fcntl

__all__ = ["FileSystem", "OsFileSystem", "SharedFileSystem"]

# What some network and shared-folder disks cannot do; nothing is lost that could be kept.
_UNSUPPORTED = frozenset(
    {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.ENOTTY, errno.EOPNOTSUPP}
)
# A folder that may be written to, but not read, cannot be opened either.
_NO_FOLDER_SYNC = _UNSUPPORTED | {errno.EACCES, errno.EBADF, errno.EPERM}
_FULL_SYNCS = (51, 85)
"""F_FULLFSYNC and F_BARRIERFSYNC of macOS' <sys/fcntl.h>, the strongest first."""
_FOLDER = (
    getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_PATH", os.O_RDONLY)  # needs no permission to read the folder
)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_LEADS_OUT = "a link leads out of the project"


class FileSystem(Protocol):
    """What the store does to a disk; every method may raise OSError."""

    def follow(self, path: Path) -> Path:
        """Return where the file really is, if it is a link among the project's state."""

    def read(self, path: Path, limit: int) -> bytes:
        """Read at most `limit` bytes of the file."""

    def make_folder(self, path: Path) -> None:
        """Create the folder and its parents where they are missing."""

    def create(self, path: Path) -> int:
        """Create a new file and return its descriptor. Fails if it exists."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write some of the data; how many bytes were taken."""

    def sync(self, descriptor: int) -> None:
        """Force the file's content to the disk."""

    def close(self, descriptor: int) -> None:
        """Close the descriptor."""

    def replace(self, source: Path, target: Path) -> None:
        """Rename, replacing the target in one step."""

    def rename_new(self, source: Path, target: Path) -> None:
        """Rename; FileExistsError if the target exists."""

    def remove(self, path: Path) -> None:
        """Remove the file."""

    def sync_folder(self, path: Path) -> None:
        """Force the folder's entries to the disk, where the system can."""

    def list_folder(self, path: Path) -> list[str]:
        """Return the names in the folder."""

    def lock(self, path: Path) -> Callable[[], None] | None:
        """Take the lock that this file is; return what gives it back, or None if another has it."""

    def sleep(self, seconds: float) -> None:
        """Wait before another try."""

    def token(self) -> str:
        """Return eight random hex digits for a temporary name."""


class OsFileSystem:
    """The disk of this machine; new files are for their owner only."""

    mode = 0o600
    platform = sys.platform

    def follow(self, path: Path) -> Path:
        return path if _project_of(path) is None else Path(*_inside(path))

    def read(self, path: Path, limit: int) -> bytes:
        with _in_folder(path) as (name, folder):
            flags = OPEN_TO_READ | (0 if folder is None else _NO_FOLLOW)
            descriptor = os.open(name, flags, dir_fd=folder)
        return read_regular(descriptor, limit)

    def make_folder(self, path: Path) -> None:
        if _by_descriptor(path):
            os.close(_open_folder(*_inside(path), make=True))
        else:
            path.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        with _in_folder(path) as (name, folder):
            return os.open(name, flags, self.mode, dir_fd=folder)

    def write(self, descriptor: int, data: bytes) -> int:
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        if self.platform == "darwin":  # its fsync leaves data in the drive's cache
            for command in _FULL_SYNCS:
                with contextlib.suppress(_Unsupported), _unless(_UNSUPPORTED):
                    self.control(descriptor, command)
                    return
        with contextlib.suppress(_Unsupported), _unless(_UNSUPPORTED):
            os.fsync(descriptor)

    def control(self, descriptor: int, command: int) -> None:
        """Give a command to what the descriptor belongs to, as fcntl(2)."""
        if sys.platform != "win32":
            fcntl.fcntl(descriptor, command)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        with _in_folder(source) as (old, from_folder), _in_folder(target) as (new, to_folder):
            os.replace(old, new, src_dir_fd=from_folder, dst_dir_fd=to_folder)

    def rename_new(self, source: Path, target: Path) -> None:
        with _in_folder(source) as (old, from_folder), _in_folder(target) as (new, to_folder):
            if sys.platform == "win32":
                source.rename(target)  # refuses an existing target there
                return
            try:
                os.link(old, new, src_dir_fd=from_folder, dst_dir_fd=to_folder)
            except FileExistsError:
                raise
            except OSError:
                # FAT and some network disks have no links: the look and the rename
                # are two steps there, which the random part of the names makes safe.
                if _is_there(new, to_folder):
                    raise FileExistsError(f"{target.name} exists") from None
                os.rename(old, new, src_dir_fd=from_folder, dst_dir_fd=to_folder)
                return
            os.unlink(old, dir_fd=from_folder)

    def remove(self, path: Path) -> None:
        with _in_folder(path) as (name, folder):
            os.unlink(name, dir_fd=folder)

    def sync_folder(self, path: Path) -> None:
        if sys.platform == "win32":
            return  # folders cannot be opened there; NTFS journals its entries
        with contextlib.suppress(_Unsupported), _unless(_NO_FOLDER_SYNC), _opened(path) as folder:
            os.fsync(folder)

    def list_folder(self, path: Path) -> list[str]:
        if not _by_descriptor(path):
            return os.listdir(path)  # noqa: PTH208 - names are all that is asked for
        with _opened(path) as folder:
            return os.listdir(folder)  # noqa: PTH208

    def lock(self, path: Path) -> Callable[[], None] | None:
        if sys.platform == "win32":
            return _lock_of_library(path)
        with _in_folder(path) as (name, folder):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(name, flags, self.mode, dir_fd=folder)
        try:
            with _unless(_UNSUPPORTED):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except _Unsupported:
            os.close(descriptor)
            return _lock_of_library(path)
        except BaseException:
            os.close(descriptor)
            raise
        return lambda: os.close(descriptor)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def token(self) -> str:
        return secrets.token_hex(4)


class SharedFileSystem(OsFileSystem):
    """The same for files that are made to be handed on: readable as the umask has it."""

    mode = 0o666


class _Unsupported(Exception):
    """This disk has no such operation."""


@contextlib.contextmanager
def _unless(unsupported: frozenset[int]) -> Iterator[None]:
    """Raise `_Unsupported` in place of an OSError with one of these numbers."""
    try:
        yield
    except OSError as error:
        if error.errno in unsupported:
            raise _Unsupported from error
        raise


def _lock_of_library(path: Path) -> Callable[[], None] | None:
    """Take a lock on Windows; elsewhere, where there is no flock, one that is a file's existence.

    The library sees when its holder has died.
    """
    import filelock  # takes 60 ms

    there = sys.platform == "win32"
    lock = filelock.FileLock(path) if there else filelock.SoftFileLock(path.with_suffix(".held"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    return lock.release


# -- paths among the project's state -------------------------------------------------


def _project_of(path: Path) -> Path | None:
    """Return the project of whose state the path is; None if it is of none."""
    for index in range(len(path.parts) - 1, -1, -1):
        if path.parts[index] in STATE_FOLDERS:
            return Path(*path.parts[:index])
    return None


def _by_descriptor(path: Path) -> bool:
    return os.open in os.supports_dir_fd and _project_of(path) is not None


def _inside(path: Path) -> tuple[str, ...]:
    """Return the real project and the parts of the real path below it.

    Raises OSError with ELOOP where a link leads out of the project.
    """
    root = Path(os.path.realpath(_project_of(path) or path))
    # Not Path.resolve: before 3.13 it raises on a link to itself.
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(root):
        raise OSError(errno.ELOOP, _LEADS_OUT)
    return str(root), *real.relative_to(root).parts


@contextlib.contextmanager
def _in_folder(path: Path) -> Iterator[tuple[str, int | None]]:
    """Yield the path as its folder's descriptor wants it, and that descriptor, None for none."""
    if not _by_descriptor(path):
        if _project_of(path) is not None:
            _inside(path.parent)
        yield str(path), None
        return
    folder = _open_folder(*_inside(path.parent))
    try:
        yield path.name, folder
    finally:
        os.close(folder)


def _open_folder(root: str, *parts: str, make: bool = False) -> int:
    """Return a descriptor of the folder, through no link below `root`; with `make` create it."""
    folder = os.open(root, _FOLDER)
    try:
        for part in parts:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            inner = _open_without_link(part, folder)
            os.close(folder)
            folder = inner
    except BaseException:
        os.close(folder)
        raise
    return folder


def _open_without_link(name: str, folder: int) -> int:
    try:
        return os.open(name, _FOLDER | _NO_FOLLOW, dir_fd=folder)
    except NotADirectoryError as error:  # what Linux says of a link, too
        if stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode):
            raise OSError(errno.ELOOP, _LEADS_OUT) from error
        raise


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Yield a descriptor by which the folder can be listed and synced."""
    if _by_descriptor(path):
        place = _open_folder(*_inside(path))
        try:
            folder = os.open(".", os.O_RDONLY, dir_fd=place)
        finally:
            os.close(place)
    else:
        folder = os.open(path, os.O_RDONLY)
    try:
        yield folder
    finally:
        os.close(folder)


def _is_there(name: str, folder: int | None) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True
