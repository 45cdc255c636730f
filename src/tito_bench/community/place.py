"""Whether a file was written by this person in this project, or came with a clone.

A random key is kept in the user's own state folder, beside no project. A seal is a
keyed digest of what it stands for, of the project's path and of its folder's number
(inode): one that came with a repository, or that was moved or copied, does not match.
The device's number is left out, since some systems number devices anew at each start.
What stays a person's wherever the project goes is sealed for the person alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tito_bench.errors import StoreError
from tito_bench.records.store import DISK, FileExists, read_bytes, show_path, write_new

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tito_bench.records.filesystem import FileSystem

__all__ = ["Place"]

_KEY = re.compile(rb"[0-9a-f]{64}\n?")
_FOLDER = "tito-bench"


@dataclass(frozen=True)
class Place:
    """One person at the project in `root`; `environ` says where their state is kept."""

    root: Path
    environ: Mapping[str, str]
    disk: FileSystem = DISK

    def seal(self, what: str, *parts: str | None) -> str:
        """Return the seal of these parts, as 64 hex digits; makes the key where there is none.

        Raises `StoreError` if there can be none.
        """
        return self._digest(self._key() or self._new_key(), what, parts)

    def is_sealed(self, seal: str | None, what: str, *parts: str | None) -> bool:
        """Return whether this person sealed these parts here. Writes nothing.

        Raises `StoreError` if the key cannot be read.
        """
        key = self._key() if seal is not None else None
        if seal is None or key is None:
            return False
        return hmac.compare_digest(seal.encode(), self._digest(key, what, parts).encode())

    def seal_anywhere(self, what: str, *parts: str | None) -> str:
        """Return the seal of these parts for this person, wherever the project is.

        Raises `StoreError` if there can be no key.
        """
        return _keyed_digest(self._key() or self._new_key(), ["anywhere", what, *parts])

    def is_sealed_anywhere(self, seal: str | None, what: str, *parts: str | None) -> bool:
        """Return whether this person sealed these parts, here or elsewhere. Writes nothing.

        Raises `StoreError` if the key cannot be read.
        """
        key = self._key() if seal is not None else None
        if seal is None or key is None:
            return False
        found = _keyed_digest(key, ["anywhere", what, *parts])
        return hmac.compare_digest(seal.encode(), found.encode())

    @property
    def key_file(self) -> Path:
        """The file with the person's key. Raises `StoreError` where there is no home."""
        return _state_folder(self.environ) / _FOLDER / "place.key"

    def _digest(self, key: bytes, what: str, parts: tuple[str | None, ...]) -> str:
        real = os.path.realpath(self.root)
        try:
            number = os.stat(real).st_ino  # noqa: PTH116 - a path of bytes, perhaps
        except OSError as error:
            raise StoreError(f"cannot look at {show_path(self.root)}: {error.strerror}") from error
        return _keyed_digest(key, [os.fsencode(real).hex(), number, what, *parts])

    def _key(self) -> bytes | None:
        data = read_bytes(self.key_file, self.disk)
        if data is not None and not _KEY.fullmatch(data):
            raise StoreError(f"{show_path(self.key_file)} is no key; delete it, then agree anew")
        return data.strip() if data is not None else None

    def _new_key(self) -> bytes:
        key = os.urandom(32).hex().encode()
        try:
            write_new(self.key_file, key + b"\n", self.disk)
        except FileExists:  # another command was quicker
            return self._key() or key
        return key


def _keyed_digest(key: bytes, said: list[str | int | None]) -> str:
    return hmac.new(key, msgspec.json.encode(said), hashlib.sha256).hexdigest()


def _state_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return where this system keeps what programs remember of a user."""
    named = environ.get("LOCALAPPDATA" if platform == "win32" else "XDG_STATE_HOME", "")
    if named and Path(named).is_absolute() and platform != "darwin":
        return Path(named)
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    if not Path(home).is_absolute():
        raise StoreError("nothing can be agreed to without a home folder; set HOME")
    if platform == "darwin":
        return Path(home) / "Library" / "Application Support"
    if platform == "win32":
        return Path(home) / "AppData" / "Local"
    return Path(home) / ".local" / "state"
