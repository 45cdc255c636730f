"""The member key: what proves to a community server that the same person speaks again.

256 random bits, made on this machine when the first profile goes out, another for each
server, so that none can speak for the student at the next. They are kept in
`.tinytorch/community/key.json`, readable by their owner only, in a folder that git
ignores, and removed once the server has forgotten the student. Nothing shows them.

An entry is sealed for the person, but for no place: a project that was moved keeps its
key, while one that came with a clone, whose maker knows it too, is never used.
"""

from __future__ import annotations

import base64
import contextlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tito_bench.errors import CorruptFile
from tito_bench.records.schema import DocumentKind

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.community.place import Place
    from tito_bench.records.documents import Documents

__all__ = ["MEMBER_KEYS", "KeyRing", "MemberKey", "MemberKeys", "new_member_key"]

_KEY = re.compile(r"tbk_[A-Za-z0-9_-]{43}")


class MemberKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key for one server, which is known by scheme, host and port."""

    origin: str
    key: str
    seal: str


class KeyRing(msgspec.Struct, frozen=True, kw_only=True):
    """All member keys of a project."""

    keys: list[MemberKey] = []


MEMBER_KEYS = DocumentKind("file of member keys", KeyRing, 1)


def new_member_key() -> str:
    """Return a new key: `tbk_` and 32 random bytes as base64url."""
    return "tbk_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


@dataclass(frozen=True)
class MemberKeys:
    """The member keys in the file at `path`, of the person of `place`."""

    documents: Documents
    path: Path
    place: Place

    def known(self, origin: str) -> str | None:
        """Return the key for a server, or None where this person has none."""
        document = self.documents.load(MEMBER_KEYS, self.path)
        return self._find(document.value, origin) if document else None

    def made(self, origin: str) -> str:
        """Return the key for a server; makes one where there is none."""
        known = self.known(origin)
        if known is not None:
            return known
        fresh = new_member_key()
        seal = self.place.seal_anywhere("member key", origin, fresh)

        def add(ring: KeyRing | None) -> KeyRing:
            mine = self._mine(ring)
            if self._find(KeyRing(keys=mine), origin) is not None:  # another command was quicker
                return KeyRing(keys=mine)
            return KeyRing(keys=[*mine, MemberKey(origin=origin, key=fresh, seal=seal)])

        document = self.documents.update(MEMBER_KEYS, self.path, add)
        kept = self._find(document.value, origin) if document else None
        if kept is None:
            raise AssertionError("an update that returns a value leaves a file")
        return kept

    def forget(self, origin: str) -> None:
        """Remove the key for a server, and the file with the last one."""
        if self.documents.load(MEMBER_KEYS, self.path) is None:
            return

        def drop(ring: KeyRing | None) -> KeyRing | None:
            kept = [one for one in self._mine(ring) if one.origin != origin]
            return KeyRing(keys=kept) if kept else None

        self.documents.update(MEMBER_KEYS, self.path, drop)

    def forget_all(self) -> None:
        """Remove the file, and copies of it that were set aside."""
        with contextlib.suppress(CorruptFile):  # one that is damaged is such a copy now
            if self.documents.load(MEMBER_KEYS, self.path) is not None:
                self.documents.update(MEMBER_KEYS, self.path, lambda _ring: None)
        for copy in self.path.parent.glob(f"{self.path.name}.*.corrupt"):
            self.documents.remove(copy)

    def _mine(self, ring: KeyRing | None) -> list[MemberKey]:
        return [one for one in ring.keys if self._is_mine(one)] if ring else []

    def _is_mine(self, one: MemberKey) -> bool:
        shaped = _KEY.fullmatch(one.key) is not None
        return shaped and self.place.is_sealed_anywhere(one.seal, "member key", one.origin, one.key)

    def _find(self, ring: KeyRing, origin: str) -> str | None:
        mine = (one.key for one in self._mine(ring) if one.origin == origin)
        return next(mine, None)
