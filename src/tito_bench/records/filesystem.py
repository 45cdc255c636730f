"""The operations on files that the store needs, one method each.

Everything that writes goes through this seam, so that a test can let any
single operation fail, or forget what was not synced.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["FileSystem", "OsFileSystem", "SharedFileSystem"]

# Some network and shared-folder disks have no such thing; nothing is lost that could be kept.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


class FileSystem(Protocol):
    """What the store does to a disk; every method may raise OSError."""

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

    def sleep(self, seconds: float) -> None:
        """Wait before another try."""

    def token(self) -> str:
        """Return eight random hex digits for a temporary name."""


class OsFileSystem:
    """The disk of this machine; new files are for their owner only."""

    mode = 0o600

    def read(self, path: Path, limit: int) -> bytes:
        found = path.stat()
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise OSError(errno.EINVAL, "not a regular file")  # a pipe would never end
        with path.open("rb") as file:
            # A read with a limit takes that much memory first.
            return file.read() if found.st_size < limit else file.read(limit)

    def make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        return os.open(path, flags, self.mode)

    def write(self, descriptor: int, data: bytes) -> int:
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        if sys.platform == "darwin":  # its fsync leaves data in the drive's cache
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)

    def rename_new(self, source: Path, target: Path) -> None:
        if sys.platform == "win32":
            source.rename(target)  # refuses an existing target there
            return
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:
            # FAT and some network disks have no links: the look and the rename
            # are two steps there, which the random part of the names makes safe.
            if os.path.lexists(target):
                raise FileExistsError(f"{target.name} exists") from None
            source.rename(target)
            return
        source.unlink()

    def remove(self, path: Path) -> None:
        path.unlink()

    def sync_folder(self, path: Path) -> None:
        if sys.platform == "win32":
            return  # folders cannot be opened there; NTFS journals its entries
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(descriptor)

    def list_folder(self, path: Path) -> list[str]:
        return os.listdir(path)  # noqa: PTH208 - names are all that is asked for

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def token(self) -> str:
        return secrets.token_hex(4)


class SharedFileSystem(OsFileSystem):
    """The same for files that are made to be handed on: readable as the umask has it."""

    mode = 0o666
