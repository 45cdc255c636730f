"""The reader of records: one of them with its samples, all of a project, the one that is meant.

Every record that leaves this module says what its samples say (`records.validate`), and has a
time that can be. The files that TinyTorch's own commands left among them are seen as what they
are; whatever else lies there is named and passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec

from tito_bench.did_you_mean import did_you_mean, did_you_mean_file
from tito_bench.errors import StoreError, UsageError
from tito_bench.foreign_json import NOT_JSON, NotJson, decode_foreign_json, without_bom
from tito_bench.measure.verdict import Status
from tito_bench.records.benchmark import BenchmarkRecord, decode_record, known_interval
from tito_bench.records.capstone import CapstoneRecord, decode_capstone
from tito_bench.records.record_words import RECORD_WORDS
from tito_bench.records.store import (
    DISK,
    FIRST_TIME,
    latest_time,
    list_names,
    parse_time,
    read_bytes,
    show_path,
)
from tito_bench.records.validate import NotARecord, Skip, validate
from tito_bench.safe_text import safe_text
from tito_bench.subjects.code_origin import Whose

if TYPE_CHECKING:
    from tito_bench.records.filesystem import FileSystem

__all__ = [
    "Chosen",
    "CourseFile",
    "History",
    "Kind",
    "NotARecord",
    "OperationKey",
    "Record",
    "RecordHeader",
    "Skip",
    "Skipped",
    "choose_pair",
    "choose_record",
    "header_of",
    "load_record",
    "read_history",
    "read_record",
]

Kind = Literal["baseline", "capstone"]
Record: TypeAlias = BenchmarkRecord | CapstoneRecord

_SCHEMA = 1
_WORDS = ("latest", "latest~1")
_LATEST = re.compile(r"latest(?:~(\d{1,9}))?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2})?")  # as a history shows it
_UNUSABLE: dict[Skip, str] = {
    "broken": "is damaged",
    "half": "ends too early",
    "newer": "is of a newer tito-bench",
    "unreadable": "cannot be read",
    "edited": "has figures that its samples do not give",
    "untimely": "has a time that cannot be",
}


class OperationKey(msgspec.Struct, frozen=True):
    """Which operation was measured: equal keys of two records mean equal work.

    `definition` is None in the first records, which did not have it.
    """

    name: str
    version: int
    scored: bool
    definition: str | None = None


class RecordHeader(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a project, without its samples.

    Attributes
    ----------
    file
        Its name in `.tito/benchmarks`, or the path that was given.
    created_at
        UTC.
    score, score_interval
        0 to 100 and its 95% interval; None where nothing could be scored. The
        overall of a capstone has an interval only if speed alone makes it,
        for no other track has one.
    verdict
        `"stable"`, `"unstable"` or `"invalid"`.
    subject, subject_version, fingerprint
        Whose code (`"numpy"` or `"tinytorch"`); foreign text.
    whose
        The student's or the course's, None where the record does not say.
    parts, parts_asked
        What the score is made of, and what it could have been made of: the
        groups of a baseline, the tracks of a capstone.
    operations
        What was measured, in the order of the record.
    slowdowns
        Of each group, None where it was not measured.
    package
        The file that names the subject's package, relative to the project; foreign text.
    """

    file: str
    kind: Kind
    created_at: datetime
    score: float | None
    score_interval: tuple[float, float] | None
    verdict: Status
    subject: str
    subject_version: str | None
    fingerprint: str | None
    whose: Whose | None = None
    cpu_model: str
    kernel_target: str
    kernels_version: str
    tito_bench_version: str
    parts: tuple[str, ...]
    parts_asked: tuple[str, ...]
    operations: tuple[OperationKey, ...]
    slowdowns: dict[str, float | None]
    package: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A file that is not shown. `file` is its name; `detail` is foreign text."""

    file: str
    skip: Skip
    detail: str


@dataclass(frozen=True)
class CourseFile:
    """A file of TinyTorch's own commands; its score was a constant, and counts nothing.

    `status` is "simplified" where nothing was measured at all.
    """

    file: str
    kind: Kind
    measured_at: datetime | None
    score: float | None
    status: Literal["simplified", "not comparable"]


@dataclass(frozen=True)
class History:
    """The records of a project, oldest to newest, and the files that are none.

    Those of the course are among both `skipped` and `course`. `folder` is where all lie.
    """

    entries: tuple[RecordHeader, ...]
    skipped: tuple[Skipped, ...]
    course: tuple[CourseFile, ...] = ()
    folder: Path = Path()

    def of(self, kind: Kind) -> tuple[RecordHeader, ...]:
        """Return the records of one kind."""
        return tuple(entry for entry in self.entries if entry.kind == kind)


@dataclass(frozen=True)
class Chosen:
    """A record with its header and the very bytes it was read from.

    `entry.file` is its name as people would type it.
    """

    path: Path
    entry: RecordHeader
    record: Record
    data: bytes


# -- one record -------------------------------------------------------------------


class _Kind(msgspec.Struct):
    schema: Literal[1]
    kind: Kind


_kind_decoder = msgspec.json.Decoder(_Kind)
_AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]


def read_record(data: bytes, file: str, now: datetime) -> tuple[RecordHeader, Record]:
    """Return the header and the whole of the record in `data`.

    `now` is an aware time: no record is of later than a day after it, nor of before 2020.
    Raises `NotARecord` for whatever is no record, or says what its samples do not.
    """
    try:
        kind = _kind_decoder.decode(without_bom(data)).kind
        record = decode_record(data) if kind == "baseline" else decode_capstone(data)
        validate(record)
        header = header_of(record, file)
    except NotARecord:
        raise
    except NOT_JSON as error:
        raise _why_not(data, error) from error
    except ArithmeticError as error:  # of numbers too large to reckon with
        raise NotARecord("broken", str(error)) from error
    if not FIRST_TIME <= header.created_at <= latest_time(now):
        raise NotARecord("untimely", f"{header.created_at:%Y-%m-%d}")
    return header, record


def load_record(path: Path, now: datetime, disk: FileSystem = DISK) -> Chosen:
    """Return the record in `path`.

    Raises `StoreError` where the file is gone or cannot be read, `NotARecord` with its
    `path` where it is something else.
    """
    data = read_bytes(path, disk)
    if data is None:
        raise StoreError(f"{show_path(path)} is not there any more; choose another record")
    try:
        header, record = read_record(data, path.name, now)
    except NotARecord as reason:
        reason.path = path
        raise
    return Chosen(path, header, record, data)


def header_of(record: Record, file: str) -> RecordHeader:
    """Return what a history shows of a record.

    Raises msgspec.ValidationError where its time is none, `NotARecord` where it cannot be.
    """
    try:
        created_at = msgspec.convert(record.created_at, _AwareTime).astimezone(UTC)
    except OverflowError as error:
        raise NotARecord("untimely", "a day beyond the calendar") from error
    parts: dict[str, float | None]
    if isinstance(record, BenchmarkRecord):
        score, parts = record.normalized_metrics.score, record.normalized_metrics.slowdowns
        asked = tuple(parts)
    else:
        score, parts = record.normalized_metrics.overall, record.normalized_metrics.tracks
        asked = tuple(record.tracks_requested)
    found = tuple(name for name, value in parts.items() if value is not None)
    only_speed = isinstance(record, BenchmarkRecord) or found == ("speed",)
    interval = known_interval(record.normalized_metrics.score_interval, record.operations)
    system = record.system_info
    return RecordHeader(
        file=file,
        kind=record.kind,
        created_at=created_at,
        score=score,
        score_interval=interval if score is not None and only_speed else None,
        verdict=record.verdict.status,
        subject=record.subject.name,
        subject_version=record.subject.version,
        fingerprint=record.subject.fingerprint,
        whose=None if record.subject.origin is None else record.subject.origin.whose,
        cpu_model=system.machine.cpu_model,
        kernel_target=system.runtime.kernel_target,
        kernels_version=system.runtime.kernels_version,
        tito_bench_version=record.tito_bench_version,
        parts=found,
        parts_asked=asked,
        operations=tuple(
            OperationKey(op.name, op.version, op.scored, op.definition) for op in record.operations
        ),
        slowdowns=record.normalized_metrics.slowdowns,
        package=record.subject.file,
    )


def _why_not(data: bytes, error: Exception) -> NotARecord:
    """Return what `data` is, which could not be decoded because of `error`."""
    try:
        found = decode_foreign_json(data, unique_keys=False)
    except NotJson as fault:
        ended = not data.strip() or "truncated" in str(fault)
        return NotARecord("half" if ended else "broken", str(fault))
    if not isinstance(found, dict):
        return NotARecord("foreign", f"a JSON {_json_name(found)}, not an object")
    schema, kind = found.get("schema"), found.get("kind")
    # A tuple: anything may stand there, what cannot be hashed too.
    if kind not in ("baseline", "capstone") or not isinstance(schema, int):
        course = _course_kind(found) is not None
        return NotARecord("foreign", "by TinyTorch's own command" if course else "no record")
    if schema > _SCHEMA:
        return NotARecord("newer", f"schema {schema}" if schema < 10**9 else "a large schema")
    return NotARecord("broken", str(error))


def _json_name(value: object) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


# -- all records ------------------------------------------------------------------


def read_history(folder: Path, now: datetime, disk: FileSystem = DISK) -> History:
    """Read all records of `folder`, which need not exist.

    A file that is no record, or cannot be read, is skipped with its reason; copies with
    the same bytes, as programs that synchronise folders leave them, count once.
    Raises `StoreError` where the folder itself cannot be read.
    """
    entries: list[RecordHeader] = []
    skipped: list[Skipped] = []
    course: list[CourseFile] = []
    seen: set[bytes] = set()
    names = [n for n in list_names(folder, disk) if n.endswith(".json") and not n.startswith(".")]
    # A copy has the longer name.
    for name in sorted(names, key=lambda name: (len(name), name)):
        try:
            data = read_bytes(folder / name, disk) or b""
        except StoreError as error:
            # Without the path: a page with this text is made to be handed on.
            said = str(error).removeprefix(f"cannot read {show_path(folder / name)}: ")
            skipped.append(Skipped(name, "unreadable", said))
            continue
        try:
            header, _ = read_record(data, name, now)
        except NotARecord as reason:
            skipped.append(Skipped(name, reason.skip, str(reason)))
            if reason.skip == "foreign" and (found := _course_file(data, name)) is not None:
                course.append(found)
            continue
        digest = hashlib.sha256(data).digest()
        if digest not in seen:
            seen.add(digest)
            entries.append(header)
    entries.sort(key=lambda entry: (entry.created_at, entry.file))
    skipped.sort(key=lambda one: one.file)
    course.sort(key=lambda one: (one.measured_at or FIRST_TIME, one.file))
    return History(tuple(entries), tuple(skipped), tuple(course), folder)


def _course_file(data: bytes, name: str) -> CourseFile | None:
    """Return what a file of TinyTorch's own commands says; None for any other."""
    found = decode_foreign_json(data, unique_keys=False)
    named = _course_kind(found) if isinstance(found, dict) else None
    if named is None:
        return None
    kind: Kind = "capstone" if named.startswith("capstone") else "baseline"
    score = found.get("overall_score")
    possible = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 100
    return CourseFile(
        name,
        kind,
        parse_time(found.get("timestamp")),
        float(score) if possible else None,
        "not comparable" if named == kind else "simplified",
    )


def _course_kind(found: dict[str, Any]) -> str | None:
    named = found.get("benchmark_type")
    return named if isinstance(named, str) and named.startswith(("baseline", "capstone")) else None


# -- the one that is meant ---------------------------------------------------------


def choose_record(
    word: str,
    history: History,
    cwd: Path,
    now: datetime,
    kind: Kind | None = None,
    disk: FileSystem = DISK,
) -> Chosen:
    """Return the record that `word` means.

    Parameters
    ----------
    word
        `latest`, `latest~N` (N records before it), a day or a minute (its
        newest record), or a file: relative to `cwd`, or the bare name of one of the project's.
        A file that is called like one of the words is written `./latest`.
    history
        The project's records.
    now
        An aware time; see `read_record`.
    kind
        Count only records of this kind; a file may be of any.

    Raises
    ------
    UsageError
        No record is meant; the text says which there are.
    NotARecord
        The file is there and is no record, or none that says what its samples say.
    StoreError
        The file cannot be read.
    """
    return load_record(_path_of(word, history, cwd, kind, disk), now, disk)


def choose_pair(
    words: tuple[str, str],
    history: History,
    cwd: Path,
    now: datetime,
    kind: Kind | None = None,
) -> tuple[Chosen, Chosen]:
    """Return two records of one kind; arguments and errors as of `choose_record`.

    Without a `kind`, a file decides which kind the other word counts, and
    where there is no file the newest record.
    """
    if kind is None:
        files = [
            word for word in words if not _LATEST.fullmatch(word) and not _MOMENT.fullmatch(word)
        ]
        if files:
            kind = choose_record(files[0], history, cwd, now).entry.kind
        elif history.entries:
            kind = history.entries[-1].kind
    first, second = (choose_record(word, history, cwd, now, kind) for word in words)
    if first.entry.kind != second.entry.kind:
        raise UsageError(
            f"{safe_text(words[0])} is a {first.entry.kind} and {safe_text(words[1])} a "
            f"{second.entry.kind}, which have no operation in common; name two of one kind"
        )
    return first, second


def _path_of(word: str, history: History, cwd: Path, kind: Kind | None, disk: FileSystem) -> Path:
    latest = _LATEST.fullmatch(word)
    if latest is not None:
        return history.folder / _back(word, int(latest[1] or 0), history, kind).file
    if _MOMENT.fullmatch(word):
        return history.folder / _at(word, history, kind).file
    if not word or (cwd / word).is_dir():
        raise UsageError(f"{safe_text(word) or 'nothing'} is no record: name {RECORD_WORDS}")
    bare = "/" not in word and "\\" not in word
    for path in (cwd / word, *([history.folder / word] if bare else [])):
        if read_bytes(path, disk) is not None:
            return path
    names = [*_WORDS, *(entry.file for entry in history.entries)]
    meant = did_you_mean(word, names) if bare else did_you_mean_file(cwd / word)
    raise UsageError(
        f"there is no record {safe_text(word)}{meant and '; '}{meant or ':'} name {RECORD_WORDS}; "
        "list them with: tito-bench benchmark history"
    )


def _counted(history: History, kind: Kind | None) -> Sequence[RecordHeader]:
    return history.entries if kind is None else history.of(kind)


def _back(word: str, steps: int, history: History, kind: Kind | None) -> RecordHeader:
    counted = _counted(history, kind)
    if steps < len(counted):
        return counted[-1 - steps]
    raise UsageError(f"{word}: {_how_many(history, kind)}")


def _at(word: str, history: History, kind: Kind | None) -> RecordHeader:
    """Return the newest record of a day or a minute of local time, as screens show it."""
    begin = word.replace("T", " ")
    try:
        datetime.fromisoformat(begin)
    except ValueError:
        raise UsageError(f"{word} is no day of the calendar; name one as 2026-11-22") from None
    counted = _counted(history, kind)
    found = [e for e in counted if e.created_at.astimezone().isoformat(" ").startswith(begin)]
    if found:
        return found[-1]
    raise UsageError(f"no record was made on {word} (local time); {_how_many(history, kind)}")


def _how_many(history: History, kind: Kind | None) -> str:
    """Return what there is, and how to see it or to get more."""
    named = f"{kind} record" if kind else "record"
    counted = _counted(history, kind)
    others = {entry.kind for entry in history.entries} - {kind} if kind else set()
    also = "".join(f" (for a {other} add --type {other})" for other in sorted(others))
    if len(counted) > 1:
        there = f"there are {len(counted)} {named}s{also}"
        return f"{there}; list them with: tito-bench benchmark history"
    if counted:
        anew = f"tito-bench benchmark {counted[0].kind}"
        return f"there is one {named}{also}; make another with: {anew}"
    unusable = [one for one in history.skipped if one.skip in _UNUSABLE]
    there = f"there is no {named} yet"
    if unusable:
        newest = unusable[-1]
        there = f"no {named} can be used: {safe_text(newest.file)} {_UNUSABLE[newest.skip]}"
    return f"{there}{also}; run: tito-bench benchmark {kind or 'baseline'}"
