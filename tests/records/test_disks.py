"""What disks cannot do, and what other processes put on them meanwhile: the real calls."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tito_bench.errors import FileBusy, StoreError
from tito_bench.records import filesystem
from tito_bench.records.filesystem import OsFileSystem
from tito_bench.records.project_layout import Layout
from tito_bench.records.store import (
    add_stamped,
    check_can_add,
    list_names,
    locked,
    read_bytes,
    write_atomic,
    write_new,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors of folders, flock")

OLD, NEW = b"old", b"new content"
Fsync = Callable[[int], None]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is really forced to the disk: "file" or "folder", in order."""
    found: list[str] = []
    really = os.fsync

    def fsync(descriptor: int) -> None:
        found.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def _refusing_fsync(monkeypatch: pytest.MonkeyPatch, of_folder: bool, code: int) -> None:
    really = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) == of_folder:
            raise OSError(code, os.strerror(code))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


class Mac(OsFileSystem):
    """A Mac's disk that refuses some commands; `told` is what it was asked for."""

    platform = "darwin"

    def __init__(self, refused: dict[int, int]) -> None:
        self.refused = refused
        self.told: list[int] = []

    def control(self, descriptor: int, command: int) -> None:
        assert stat.S_ISREG(os.fstat(descriptor).st_mode)
        self.told.append(command)
        if command in self.refused:
            raise OSError(self.refused[command], "refused")


FULL, BARRIER = 51, 85


@pytest.mark.parametrize("write", [write_atomic, write_new])
def test_file_and_then_folder_are_forced_to_the_disk(tmp_path, synced, write):
    for folder in (tmp_path, Layout(tmp_path).benchmarks):
        synced.clear()
        write(folder / "file.json", NEW)
        assert synced == ["file", "folder"]


def test_a_temporary_file_of_another_is_not_written_into(tmp_path):
    class Unlucky(OsFileSystem):
        def token(self) -> str:
            return "00000000"

    foreign = tmp_path / ".file.json.00000000.tmp"
    foreign.write_bytes(OLD)
    with pytest.raises(StoreError, match="File exists"):
        write_atomic(tmp_path / "file.json", NEW, Unlucky())
    assert foreign.read_bytes() == OLD
    assert not (tmp_path / "file.json").exists()


def test_a_mac_forces_its_drives(tmp_path, synced):
    disk = Mac({})
    write_atomic(tmp_path / "file.json", NEW, disk)
    assert disk.told == [FULL]
    assert synced == ["folder"]


@pytest.mark.parametrize("name", ["ENOTSUP", "EINVAL", "ENOTTY", "ENOSYS"])
def test_a_mac_whose_disk_is_on_a_network_saves_as_well_as_it_can(tmp_path, synced, name):
    code = getattr(errno, name)
    disk = Mac({FULL: code})
    write_atomic(tmp_path / "file.json", NEW, disk)
    assert disk.told == [FULL, BARRIER]
    assert synced == ["folder"]
    disk = Mac({FULL: code, BARRIER: code})
    write_atomic(tmp_path / "file.json", NEW, disk)
    assert disk.told == [FULL, BARRIER]
    assert synced == ["folder", "file", "folder"]


def test_a_mac_with_a_broken_disk_says_so(tmp_path):
    with pytest.raises(StoreError, match="cannot write"):
        write_atomic(tmp_path / "file.json", NEW, Mac({FULL: errno.EIO}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["EINVAL", "ENOSYS", "EOPNOTSUPP"])
def test_a_disk_without_fsync_is_written_to(tmp_path, monkeypatch, name):
    _refusing_fsync(monkeypatch, False, getattr(errno, name))
    write_atomic(tmp_path / "file.json", NEW)
    assert (tmp_path / "file.json").read_bytes() == NEW


@pytest.mark.parametrize("name", ["EINVAL", "ENOSYS", "EBADF", "ENOTSUP", "EACCES", "EPERM"])
def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch, name):
    _refusing_fsync(monkeypatch, True, getattr(errno, name))
    write_atomic(tmp_path / "file.json", NEW)
    assert (tmp_path / "file.json").read_bytes() == NEW


def test_what_was_written_is_said_to_be_written(tmp_path, monkeypatch):
    _refusing_fsync(monkeypatch, True, errno.EIO)
    with pytest.raises(StoreError, match=r"file\.json was written, but may be lost in a power cut"):
        write_atomic(tmp_path / "file.json", NEW)
    assert (tmp_path / "file.json").read_bytes() == NEW


# -- locks ------------------------------------------------------------------------


def _refusing_flock(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(filesystem.fcntl, "flock", flock)


@pytest.mark.parametrize("name", ["EOPNOTSUPP", "ENOLCK", "EINVAL", "ENOSYS"])
def test_a_disk_without_flock_has_a_lock_all_the_same(target, monkeypatch, name):
    _refusing_flock(monkeypatch, getattr(errno, name))
    with (
        locked(target),
        pytest.raises(FileBusy, match="in use by another"),
        locked(target, timeout_s=0.05),
    ):
        raise AssertionError("two holders")
    with locked(target, timeout_s=0.05):
        pass


def test_one_that_was_killed_holds_no_lock(target, monkeypatch):
    code = (
        "import errno, fcntl, os, signal, sys; from pathlib import Path\n"
        "def flock(*_): raise OSError(errno.ENOLCK, 'no locks')\n"
        "fcntl.flock = flock\n"
        "from tito_bench.records.store import locked\n"
        "with locked(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(target)], timeout=60, check=False)
    _refusing_flock(monkeypatch, errno.ENOLCK)
    with locked(target, timeout_s=5):
        pass


def test_no_permission_is_not_another_process(target, monkeypatch):
    _refusing_flock(monkeypatch, errno.EACCES)
    with (
        pytest.raises(StoreError, match=r"cannot lock .*Permission denied; check the perm") as said,
        locked(target, timeout_s=30),
    ):
        raise AssertionError("never held")
    assert not isinstance(said.value, FileBusy)


# -- links ------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file.json").write_bytes(b"of somebody else")
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / ".tito" / "benchmarks"
    folder.mkdir(parents=True)
    return folder


def _act(folder: Path) -> None:
    """Do everything that is done to a state folder; each may be refused."""
    disk = OsFileSystem()
    for act in (
        lambda: write_atomic(folder / "file.json", NEW),
        lambda: write_new(folder / "new.json", NEW),
        lambda: check_can_add(folder),
        lambda: disk.remove(folder / "file.json"),
        lambda: disk.rename_new(folder / "file.json", folder / "moved.json"),
        lambda: disk.make_folder(folder / "inner"),
        lambda: locked(folder / "file.json", timeout_s=0.01).__enter__(),
    ):
        try:
            act()
        except (OSError, StoreError):
            continue
        raise AssertionError("it was done through the link")


@pytest.mark.parametrize("depth", [0, 1])
def test_a_link_that_appears_after_the_look_is_not_followed(state, outside, monkeypatch, depth):
    """The moment between looking where a path leads and opening it."""
    linked = (state, state.parent)[depth]
    (outside / "benchmarks").mkdir()
    really = os.path.realpath
    seen = {
        name: really(name) for name in map(str, (state, state.parent, state.parent.parent, outside))
    }
    linked.rename(state.parent.parent / "hidden")
    linked.symlink_to(outside, target_is_directory=True)

    def before_the_swap(path: object) -> str:
        known = str(path)
        return seen.get(known) or str(Path(seen[str(Path(known).parent)]) / Path(known).name)

    monkeypatch.setattr(os.path, "realpath", before_the_swap)
    _act(state)
    assert sorted(path.name for path in outside.iterdir()) == ["benchmarks", "file.json"]
    assert list((outside / "benchmarks").iterdir()) == []
    assert (outside / "file.json").read_bytes() == b"of somebody else"


_SWAPPER = """
import os, shutil, sys
state, outside, hidden = sys.argv[1:]
print("ready", flush=True)
while True:
    try:
        os.rename(state, hidden)
        os.symlink(outside, state)
        os.unlink(state)
        os.rename(hidden, state)
    except OSError:  # the writer made the folder anew, in between
        shutil.rmtree(hidden, ignore_errors=True)
"""


def test_a_process_that_swaps_the_folder_meanwhile_gets_nothing_outside(state, outside, tmp_path):
    command = [sys.executable, "-c", _SWAPPER, str(state), str(outside), str(tmp_path / "hidden")]
    written = refused = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapper:
        try:
            assert swapper.stdout is not None
            swapper.stdout.readline()
            for turn in range(20_000):
                if turn > 400 and written and refused:
                    break
                try:
                    write_atomic(state / f"{turn}.json", NEW)
                    written += 1
                except StoreError:
                    refused += 1
        finally:
            swapper.kill()
    assert [path.name for path in outside.iterdir()] == ["file.json"]
    assert written
    assert refused


def test_a_linked_file_is_followed_inside_and_refused_outside(state, outside):
    inside = state.parent.parent / "kept.json"
    inside.write_bytes(OLD)
    (state / "file.json").symlink_to(inside)
    assert read_bytes(state / "file.json") == OLD
    write_atomic(state / "file.json", NEW)
    assert (state / "file.json").is_symlink()
    assert inside.read_bytes() == NEW
    (state / "other.json").symlink_to(outside / "file.json")
    with pytest.raises(StoreError, match="leads out of the project; replace the link by what"):
        read_bytes(state / "other.json")
    with pytest.raises(StoreError, match="leads out of the project"):
        write_atomic(state / "other.json", NEW)
    assert (outside / "file.json").read_bytes() == b"of somebody else"


def test_a_link_to_itself_is_replaced(state):
    (state / "file.json").symlink_to("file.json")
    write_atomic(state / "file.json", NEW)
    assert (state / "file.json").read_bytes() == NEW


# -- litter -----------------------------------------------------------------------


def test_what_killed_submissions_left_is_swept(state, now):
    hour = timedelta(hours=1)
    stamps = [f"{at:%Y%m%dT%H%M%SZ}" for at in (now - 2 * hour, now)]
    old, young = (f".baseline_{at}_0a1b.json.00c0ffee.tmp" for at in stamps)
    for name in (old, young, ".other.tmp"):
        (state / name).touch()
    path = add_stamped(state, "baseline", now, NEW)
    assert set(list_names(state)) == {young, ".other.tmp", path.name}
