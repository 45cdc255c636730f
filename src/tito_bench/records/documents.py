"""Typed files: load, update under the lock, and set aside what cannot be parsed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeVar

import msgspec

from tito_bench.errors import CorruptFile, StoreError
from tito_bench.records.schema import Document, DocumentKind, Unreadable, decode, encode
from tito_bench.records.store import (
    DISK,
    FileExists,
    locked,
    read_bytes,
    show_path,
    stamp,
    sweep,
    write_atomic,
)
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from tito_bench.records.filesystem import FileSystem

__all__ = ["Documents"]

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True)
class Documents:
    """Reads and writes typed files; `now` dates the copies of corrupt ones (UTC)."""

    now: Callable[[], datetime]
    disk: FileSystem = DISK
    lock_timeout_s: float = 10.0

    def load(self, kind: DocumentKind[S], path: Path) -> Document[S] | None:
        """Return the document, or None if there is no such file.

        Raises `CorruptFile` after the file was moved aside, `NewerSchema` and
        `StoreError` with the file untouched.
        """
        data = read_bytes(path, self.disk)
        if data is None:
            return None
        try:
            return decode(kind, data, show_path(path))
        except Unreadable:
            # Only under the lock is it certain that no good content replaced it.
            with self._locked(path):
                return self._load_locked(kind, path)

    def update(
        self, kind: DocumentKind[S], path: Path, change: Callable[[S | None], S | None]
    ) -> Document[S] | None:
        """Read, change and write under the lock; what `change` returns is the new
        value, None removes the file. The document as it now is.

        Nothing is written where the bytes would be the same.
        """
        with self._locked(path):
            before = self._load_locked(kind, path)
            value = change(before.value if before else None)
            if value is None:
                if before is not None:
                    self.remove(path)
                return None
            data = encode(kind, value, before.stored if before else None)
            if data != read_bytes(path, self.disk):
                sweep(path, self.disk)
                write_atomic(path, data, self.disk)
            return decode(kind, data, show_path(path))

    def _locked(self, path: Path) -> AbstractContextManager[None]:
        return locked(path, self.lock_timeout_s, self.disk)

    def _load_locked(self, kind: DocumentKind[S], path: Path) -> Document[S] | None:
        data = read_bytes(path, self.disk)
        if data is None:
            return None
        try:
            return decode(kind, data, show_path(path))
        except Unreadable as error:
            self._set_aside(kind.name, path, error)

    def reject(self, kind: DocumentKind[S], path: Path, reason: str) -> str:
        """Move a file that can be parsed but not be used to a copy beside it; what to say of it."""
        with self._locked(path):
            try:
                self._set_aside(kind.name, path, Unreadable(reason))
            except CorruptFile as error:
                return str(error)

    def _set_aside(self, name: str, path: Path, reason: Unreadable) -> NoReturn:
        for _ in range(16):
            copy = path.with_name(
                f"{path.name}.{stamp(self.now())}.{self.disk.token()[:4]}.corrupt"
            )
            try:
                self.disk.rename_new(path, copy)
                self.disk.sync_folder(path.parent)
            except FileExistsError:
                continue
            except OSError as error:
                raise CorruptFile(
                    f"{show_path(path)} is no valid {name} ({reason}) and cannot be moved aside "
                    f"({error.strerror}); repair it or move it away"
                ) from error
            raise CorruptFile(
                f"{show_path(path)} is no valid {name} ({reason}); it was moved to "
                f"{safe_text(copy.name)} beside it: repair that copy and rename it back, "
                "or start anew"
            ) from reason
        raise FileExists(f"cannot find a free name beside {show_path(path)}; move it away")

    def delete(self, path: Path) -> None:
        """Remove a file whatever is in it, under its lock; one that is not there is no error.

        Raises `StoreError` if that cannot be.
        """
        with self._locked(path):
            self.remove(path, missing_ok=True)

    def remove(self, path: Path, *, missing_ok: bool = False) -> None:
        """Remove a file. Raises `StoreError` if that cannot be."""
        try:
            real = self.disk.follow(path)
            self.disk.remove(real)
            self.disk.sync_folder(real.parent)
        except FileNotFoundError as error:
            if not missing_ok:
                raise StoreError(f"{show_path(path)} is not there any more") from error
        except OSError as error:
            raise StoreError(
                f"cannot remove {show_path(path)}: {error.strerror}; check its permissions"
            ) from error
