"""Load, update, set aside: on the disk, and with every operation failing once."""

from __future__ import annotations

import errno
import os

import msgspec
import pytest

from tito_bench.errors import CorruptFile, NewerSchema, StoreError
from tito_bench.records.documents import Documents

ERRORS = [errno.ENOSPC, errno.EIO, errno.EACCES, None]
CORRUPT = b'{"schema": 1, "count": '


def _raised(code: int | None) -> BaseException:
    return KeyboardInterrupt() if code is None else OSError(code, os.strerror(code))


def _outcome(act, *arguments) -> BaseException | None:
    try:
        act(*arguments)
    except (StoreError, KeyboardInterrupt) as error:
        return error
    return None


def _check_message(error: BaseException | None, code: int | None) -> None:
    assert "\n" not in str(error)
    if error is not None:
        assert isinstance(error, KeyboardInterrupt) == (code is None)


def _names(folder):
    if not folder.exists():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_no_file_is_none(documents, counter_kind, target):
    assert documents.load(counter_kind, target) is None


def test_update_creates_changes_and_removes(documents, counter_kind, counter, target):
    def more(old):
        return counter((old.count if old else 0) + 1)

    documents.update(counter_kind, target, more)
    found = documents.update(counter_kind, target, more)
    assert found.value.count == 2
    assert documents.load(counter_kind, target).value == found.value
    assert documents.update(counter_kind, target, lambda _old: None) is None
    assert _names(target.parent) == []
    assert documents.update(counter_kind, target, lambda _old: None) is None


def test_the_same_bytes_are_not_written_again(counter_kind, counter, target, failing_disk, now):
    disk = failing_disk(None, RuntimeError)
    documents = Documents(lambda: now, disk)
    documents.update(counter_kind, target, lambda _old: counter(1))
    before = disk.done.count("replace")
    documents.update(counter_kind, target, lambda old: old)
    assert disk.done.count("replace") == before == 1


def test_an_error_in_the_change_changes_nothing(documents, counter_kind, counter, target):
    documents.update(counter_kind, target, lambda _old: counter(1))

    def broken(_old):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        documents.update(counter_kind, target, broken)
    assert documents.load(counter_kind, target).value.count == 1


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("act", ["create", "change", "remove"])
def test_every_operation_of_an_update_can_fail(
    tmp_path, failing_disk, counter_kind, counter, now, act, code
):
    faults = 0
    while True:
        path = tmp_path / str(faults) / "counter.json"
        before = None if act == "create" else 1
        after = None if act == "remove" else 2
        if before:
            Documents(lambda: now).update(counter_kind, path, lambda _old: counter(1))
        disk = failing_disk(faults, lambda: _raised(code))
        change = (lambda _old: None) if act == "remove" else (lambda _old: counter(2, "x" * 99))
        error = _outcome(Documents(lambda: now, disk).update, counter_kind, path, change)
        _check_message(error, code)
        finished = disk.done[faults:] == []
        found = Documents(lambda: now).load(counter_kind, path)
        count = found.value.count if found else None
        if finished:
            assert count == after
            break
        assert count in {before, after}
        if count != before:  # only what follows the one step that changes it may fail
            assert disk.done[faults] in {"sync_folder", "list_folder", "remove"}
        assert all(not name.endswith((".tmp", ".corrupt")) for name in _names(path.parent))
        faults += 1
    assert faults == {"create": 11, "change": 11, "remove": 4}[act], disk.done


def test_a_corrupt_file_is_moved_aside_and_named(documents, counter_kind, target):
    target.parent.mkdir()
    target.write_bytes(CORRUPT)
    with pytest.raises(
        CorruptFile, match=r"counter\.json is no valid counter .*moved to"
    ) as caught:
        documents.load(counter_kind, target)
    (copy,) = _names(target.parent)
    assert copy.startswith("counter.json.20261122T203000Z.")
    assert copy.endswith(".corrupt")
    assert copy in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (target.parent / copy).read_bytes() == CORRUPT
    assert documents.load(counter_kind, target) is None


def test_an_update_never_resets_a_corrupt_file(documents, counter_kind, counter, target):
    target.parent.mkdir()
    target.write_bytes(CORRUPT)
    with pytest.raises(CorruptFile):
        documents.update(counter_kind, target, lambda _old: counter(1))
    assert [name.rpartition(".")[2] for name in _names(target.parent)] == ["corrupt"]


@pytest.mark.parametrize("code", ERRORS)
def test_moving_aside_can_fail_at_every_operation(tmp_path, failing_disk, counter_kind, now, code):
    for faults in range(10):
        path = tmp_path / str(faults) / "counter.json"
        path.parent.mkdir()
        path.write_bytes(CORRUPT)
        disk = failing_disk(faults, lambda: _raised(code))
        with pytest.raises((StoreError, KeyboardInterrupt)) as caught:
            Documents(lambda: now, disk).load(counter_kind, path)
        assert "\n" not in str(caught.value)
        (name,) = _names(path.parent)
        assert (path.parent / name).read_bytes() == CORRUPT
        if len(disk.done) <= faults:
            break
    assert faults == 5, disk.done  # read make_folder read rename_new sync_folder


def test_a_second_corrupt_file_in_the_same_second(documents, counter_kind, target):
    for _ in range(2):
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(CORRUPT)
        with pytest.raises(CorruptFile):
            documents.load(counter_kind, target)
    assert len(_names(target.parent)) == 2


def test_what_another_process_repaired_meanwhile_is_not_moved(
    counter_kind, counter, target, failing_disk, now
):
    good = b'{"schema": 1, "count": 5, "text": ""}'

    class Repaired(failing_disk):
        def make_folder(self, path):  # the first thing done for the lock
            super().make_folder(path)
            target.write_bytes(good)

    target.parent.mkdir()
    target.write_bytes(CORRUPT)
    documents = Documents(lambda: now, Repaired(None, RuntimeError))
    assert documents.load(counter_kind, target).value == counter(5)
    assert target.read_bytes() == good


def test_a_newer_file_is_left_alone(documents, counter_kind, counter, target):
    newer = b'{"schema": 2, "count": "many"}'
    target.parent.mkdir()
    target.write_bytes(newer)
    with pytest.raises(NewerSchema):
        documents.load(counter_kind, target)
    with pytest.raises(NewerSchema):
        documents.update(counter_kind, target, lambda _old: counter(1))
    assert target.read_bytes() == newer
    assert _names(target.parent) == ["counter.json"]


def test_litter_of_killed_writers_is_swept(documents, counter_kind, counter, target):
    target.parent.mkdir()
    (target.parent / ".counter.json.0badf00d.tmp").write_bytes(b"half")
    documents.update(counter_kind, target, lambda _old: counter(1))
    assert _names(target.parent) == ["counter.json"]


def test_unknown_fields_outlive_an_update(documents, counter_kind, counter, target):
    target.parent.mkdir()
    target.write_bytes(b'{"schema": 1, "count": 1, "later": {"deep": [1]}}')
    documents.update(counter_kind, target, lambda old: msgspec.structs.replace(old, count=2))
    found = msgspec.json.decode(target.read_bytes())
    assert found == {"schema": 1, "count": 2, "text": "", "later": {"deep": [1]}}
