"""Whether the project's own files can be read and written; nothing is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tito_bench.community.consent import CONSENT
from tito_bench.community.profile import PROFILE
from tito_bench.errors import NewerSchema, StoreError
from tito_bench.note import Note, Severity
from tito_bench.records.calibration import CALIBRATION, calibration_path
from tito_bench.records.project_config import CONFIG
from tito_bench.records.project_layout import Layout
from tito_bench.records.read import Skipped, read_history
from tito_bench.records.schema import DocumentKind, Unreadable, decode
from tito_bench.records.store import check_can_add, list_names, read_bytes
from tito_bench.records.submission import SUBMISSION
from tito_bench.safe_text import safe_text
from tito_bench.subjects.redaction import hide_folders
from tito_bench.website.outbox import ITEM, Item
from tito_bench.website.sync_state import SYNC_STATE

__all__ = ["check_files", "check_folders"]

_MOST_FILES = 200  # of one folder, the newest by name: old ones have been read before


def check_folders(layout: Layout) -> list[Note]:
    """Find the folders of the project that could not be written to."""
    return [
        *_folder(layout, layout.benchmarks, "breaks"),
        *_folder(layout, calibration_path(layout.root).parent, "warning"),
    ]


def check_files(layout: Layout, now: datetime) -> list[Note]:
    """Return the files that cannot be read or believed, and the copies of those that could not.

    `now` is an aware time, after which no record was made.
    """
    found = _records(layout, now)
    for kind, path in _known_files(layout):
        finding = _file(layout, kind, path)
        if finding is not None:
            found.append(finding)
    for kind, folder in ((ITEM, layout.outbox), (SUBMISSION, layout.submissions)):
        found += _files(layout, kind, folder)
    found.extend(
        Note("set_aside", "info", layout.shown(Path(folder, name)), "")
        for state in (layout.own, layout.course)
        for folder, _, names in os.walk(state)
        for name in sorted(names)
        if name.endswith(".corrupt")
    )
    return found


def _records(layout: Layout, now: datetime) -> list[Note]:
    """Return the files among the records that are none; those of the course are in order."""
    try:
        history = read_history(layout.benchmarks, now)
    except StoreError as error:
        return [_unreadable(layout, layout.benchmarks, error)]
    of_course = {file.file for file in history.course}
    return [_record(layout, one) for one in history.skipped if one.file not in of_course]


def _record(layout: Layout, found: Skipped) -> Note:
    shown = layout.shown(layout.benchmarks / found.file)
    detail = hide_folders(safe_text(found.detail), layout.root)
    if found.skip == "newer":
        return Note("newer_file", "warning", shown, "")
    if found.skip == "edited":
        return Note("edited_record", "warning", shown, detail)
    if found.skip == "untimely":
        return Note("untimely_record", "warning", shown, detail)
    return Note("corrupt_file", "warning", shown, detail)


def _known_files(layout: Layout) -> Iterator[tuple[DocumentKind[Any], Path]]:
    yield CONFIG, layout.config
    yield PROFILE, layout.profile
    yield CONSENT, layout.consent
    yield SYNC_STATE, layout.sync_state
    yield CALIBRATION, calibration_path(layout.root)


def _files(layout: Layout, kind: DocumentKind[Any], folder: Path) -> list[Note]:
    """Return what is wrong with the files of a folder, or why it cannot be looked into."""
    try:
        names = [name for name in list_names(folder) if name.endswith(".json")]
    except StoreError as error:
        return [_unreadable(layout, folder, error)]
    paths = [folder / name for name in sorted(names)[-_MOST_FILES:]]
    return [note for note in (_file(layout, kind, path) for path in paths) if note is not None]


def _unreadable(layout: Layout, path: Path, error: Exception) -> Note:
    value = hide_folders(str(error), layout.root)
    return Note("corrupt_file", "warning", layout.shown(path), value)


def _file(layout: Layout, kind: DocumentKind[Any], path: Path) -> Note | None:
    shown = layout.shown(path)
    try:
        data = read_bytes(path)
        if data is not None:
            value = decode(kind, data, shown).value
            if isinstance(value, Item) and value.refused is not None:
                return Note("parked_item", "warning", shown, safe_text(value.refused))
    except NewerSchema:
        return Note("newer_file", "warning", shown, "")
    except (StoreError, Unreadable) as error:
        return _unreadable(layout, path, error)
    return None


def _folder(layout: Layout, folder: Path, severity: Severity) -> list[Note]:
    """Try a file where the first one of the folder would be written; it is removed again."""
    shown = layout.shown(folder)
    try:
        check_can_add(folder)
    except StoreError as error:
        return [Note("not_writable", severity, shown, hide_folders(str(error), layout.root))]
    return []
