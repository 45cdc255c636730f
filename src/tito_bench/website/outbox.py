"""`.tinytorch/outbox/`: what is to be sent, one file each, in order, before anything is sent.

An item is written first and removed after the website has confirmed it. Its
idempotency key stays the same over all tries, so that a try whose answer was
lost does no harm. What the website refuses is parked with its reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from tito_bench.community.consent import DataKind
from tito_bench.errors import CorruptFile, StoreError
from tito_bench.records.schema import DocumentKind, encode
from tito_bench.records.store import locked, utc_text, write_atomic, write_new

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from tito_bench.records.documents import Documents

__all__ = ["ITEM", "Action", "Item", "Outbox", "Queued"]

Action = Literal["join", "profile", "leave", "submit"]
_NAME = re.compile(r"(\d{6})_\w+\.json")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to send. `body` is the exact text of the request; `refused` the
    website's reason where it will not have it."""

    action: Action
    data: DataKind
    api_url: str
    idempotency_key: str
    created_at: str
    body: str
    refused: str | None = None


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
        with self._locked():
            last = max((int(name[1]) for name in self._names()), default=0)
            path = self.folder / f"{last + 1:06d}_{action}.json"
            write_new(path, encode(ITEM, item), self.documents.disk)
        return Queued(path, item)

    def items(self) -> tuple[list[Queued], list[str]]:
        """Everything in it, in order, and what could not be read and was set aside."""
        found: list[Queued] = []
        problems: list[str] = []
        for name in self._names():
            path = self.folder / name[0]
            try:
                document = self.documents.load(ITEM, path)
            except CorruptFile as error:
                problems.append(str(error))
                continue
            if document is not None:
                found.append(Queued(path, document.value))
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
        return [match for match in map(_NAME.fullmatch, names) if match]
