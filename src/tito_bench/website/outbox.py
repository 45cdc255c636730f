"""`.tinytorch/outbox/`: what is to be sent, one file each, in order, before anything is sent.

An item is written first and removed after the website has confirmed it. Its
idempotency key stays the same over all tries, so that a try whose answer was
lost does no harm. What the website refuses is parked with its reason. Only what
this person put here, as it was then, is ever sent: see `community/place.py`.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from tito_bench.community.consent import DataKind
from tito_bench.errors import CorruptFile, StoreError
from tito_bench.records.schema import DocumentKind, encode
from tito_bench.records.store import locked, sweep_folder, utc_text, write_atomic, write_new
from tito_bench.website.payload import is_body

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from tito_bench.community.place import Place
    from tito_bench.records.documents import Documents

__all__ = ["ITEM", "Action", "Item", "Outbox", "Queued"]

Action = Literal["join", "profile", "leave", "submit"]
_NAME = re.compile(r"(\d{6,})_\w+\.json", re.ASCII)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to send. `body` is the exact text of the request; `refused` the
    website's reason where it will not have it. `seal` binds it to the person and
    place; a leave has one only if the address knew the id that is to be forgotten.

    Raises `ValueError` where the key is no UUID, or the body is none of its kind.
    """

    action: Action
    data: DataKind
    api_url: str
    idempotency_key: str
    created_at: str
    body: str
    refused: str | None = None
    seal: str | None = None

    def __post_init__(self) -> None:
        if not _is_uuid(self.idempotency_key):
            raise ValueError("its idempotency_key is no UUID")
        if self.data != ("benchmarks" if self.action == "submit" else "profile"):
            raise ValueError(f"a {self.action} is of no {self.data}")
        if not is_body(self.action, self.body.encode()):
            raise ValueError(f"its body is none of a {self.action}")

    @property
    def sealed_parts(self) -> tuple[str, ...]:
        return (self.action, self.data, self.api_url, self.idempotency_key, self.body)


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


ITEM = DocumentKind("outbox item", Item, 1)


@dataclass(frozen=True)
class Queued:
    """An item and its file."""

    path: Path
    item: Item


@dataclass(frozen=True)
class Outbox:
    """The outbox of a project."""

    folder: Path
    documents: Documents
    place: Place

    def add(
        self,
        action: Action,
        data: DataKind,
        api_url: str,
        body: bytes,
        key: str,
        now: datetime,
    ) -> Queued:
        """Keep something to send after all that waits already."""
        item = Item(
            action=action,
            data=data,
            api_url=api_url,
            idempotency_key=key,
            created_at=utc_text(now),
            body=body.decode(),
        )
        seal = self.place.seal("outbox item", *item.sealed_parts)
        item = msgspec.structs.replace(item, seal=seal)
        with self._locked():
            sweep_folder(self.folder, self.documents.disk)
            last = max((int(name[1]) for name in self._names()), default=0)
            path = self.folder / f"{last + 1:06d}_{action}.json"
            write_new(path, encode(ITEM, item), self.documents.disk)
        return Queued(path, item)

    def items(self) -> tuple[list[Queued], list[str]]:
        """Return everything in it, in order, and what could not be read and was set aside."""
        found: list[Queued] = []
        problems: list[str] = []
        for name in self._names():
            path = self.folder / name[0]
            try:
                document = self.documents.load(ITEM, path)
            except CorruptFile as error:
                problems.append(str(error))
                continue
            if document is None:
                continue
            item = document.value
            if self.place.is_sealed(item.seal, "outbox item", *item.sealed_parts):
                found.append(Queued(path, item))
            else:
                reason = "another person, or you in another place, put it here"
                problems.append(self.documents.reject(ITEM, path, reason))
        return found, problems

    def remove(self, queued: Queued) -> None:
        """Forget an item: it was sent, or its sender withdrew it."""
        with self._locked():
            try:
                self.documents.disk.remove(queued.path)
                self.documents.disk.sync_folder(self.folder)
            except FileNotFoundError:
                return  # another command was quicker
            except OSError as error:
                raise StoreError(
                    f"cannot remove {queued.path.name} from the outbox: {error.strerror}; "
                    "check the permissions of its folder"
                ) from error

    def park(self, queued: Queued, reason: str) -> None:
        """Keep an item that the website refuses, with its (harmless) reason."""
        self._note_refusal(queued, reason)

    def offer_again(self, queued: Queued) -> None:
        """Have a parked item wait to be sent again, in its old place and with its old key."""
        self._note_refusal(queued, None)

    def _note_refusal(self, queued: Queued, reason: str | None) -> None:
        noted = msgspec.structs.replace(queued.item, refused=reason)
        with self._locked():
            if queued.path.exists():  # else it was withdrawn meanwhile
                write_atomic(queued.path, encode(ITEM, noted), self.documents.disk)

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self.folder / "order", disk=self.documents.disk)

    def _names(self) -> list[re.Match[str]]:
        try:
            names = sorted(self.documents.disk.list_folder(self.folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"cannot read the outbox: {error.strerror}; check it") from error
        found = [match for match in map(_NAME.fullmatch, names) if match]
        return sorted(found, key=lambda match: int(match[1]))
