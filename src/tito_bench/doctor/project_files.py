"""Whether the project's own files can be read and written; nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tito_bench.community.consent import CONSENT
from tito_bench.community.profile import PROFILE
from tito_bench.errors import NewerSchema, StoreError
from tito_bench.machine.findings import Finding, Severity
from tito_bench.records.calibration import CALIBRATION, calibration_path
from tito_bench.records.project_config import CONFIG
from tito_bench.records.project_layout import Layout
from tito_bench.records.schema import DocumentKind, Unreadable, decode
from tito_bench.records.store import check_writable, read_bytes
from tito_bench.records.submission import SUBMISSION
from tito_bench.safe_text import safe_text
from tito_bench.subjects.redaction import hide_folders
from tito_bench.website.outbox import ITEM, Item
from tito_bench.website.sync_state import SYNC_STATE

__all__ = ["check_files", "check_folders"]

_MOST_FILES = 200  # of one folder, the newest by name: old ones have been read before


class _AnyRecord(msgspec.Struct, frozen=True):
    """A record as far as the doctor looks: an object of a known schema and kind."""

    kind: str


_RECORD = DocumentKind("benchmark record", _AnyRecord, 1)


def check_folders(layout: Layout) -> list[Finding]:
    """Return the folders of the project that could not be written to."""
    return [
        *_folder(layout, layout.benchmarks, "breaks"),
        *_folder(layout, calibration_path(layout.root).parent, "warning"),
    ]


def check_files(layout: Layout) -> list[Finding]:
    """Return the files that cannot be read, and the copies of those that could not."""
    findings = (_file(layout, kind, path) for kind, path in _known_files(layout))
    copies = (
        Finding("set_aside", "info", layout.shown(path), "")
        for folder in (layout.config.parent, layout.root / ".tito")
        for path in sorted(folder.rglob("*.corrupt"))
    )
    return [*filter(None, findings), *copies]


def _known_files(layout: Layout) -> Iterator[tuple[DocumentKind[Any], Path]]:
    yield CONFIG, layout.config
    yield PROFILE, layout.profile
    yield CONSENT, layout.consent
    yield SYNC_STATE, layout.ledger
    yield CALIBRATION, calibration_path(layout.root)
    folders: tuple[tuple[DocumentKind[Any], Path], ...] = (
        (ITEM, layout.outbox),
        (SUBMISSION, layout.submissions),
        (_RECORD, layout.benchmarks),
    )
    for kind, folder in folders:
        for path in sorted(folder.glob("*.json"))[-_MOST_FILES:]:
            yield kind, path


def _file(layout: Layout, kind: DocumentKind[Any], path: Path) -> Finding | None:
    shown = layout.shown(path)
    try:
        data = read_bytes(path)
        if data is not None:
            value = decode(kind, data, shown).value
            if isinstance(value, Item) and value.refused is not None:
                return Finding("parked_item", "warning", shown, safe_text(value.refused))
    except NewerSchema:
        return Finding("newer_file", "warning", shown, "")
    except (StoreError, Unreadable) as error:
        return Finding("corrupt_file", "warning", shown, hide_folders(str(error), layout.root))
    return None


def _folder(layout: Layout, folder: Path, severity: Severity) -> list[Finding]:
    """Try a file where the first one of the folder would be written, and remove it again."""
    shown = layout.shown(folder)
    existing = folder
    while not existing.exists() and existing != layout.root:
        existing = existing.parent
    try:
        check_writable(existing / "doctor.json")
    except StoreError as error:
        return [Finding("not_writable", severity, shown, hide_folders(str(error), layout.root))]
    return []
