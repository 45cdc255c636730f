"""The member key: made once for each server, of this person only, gone when told to."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from tito_bench.community.place import Place
from tito_bench.errors import CorruptFile
from tito_bench.records.documents import Documents
from tito_bench.website.member_key import MemberKeys, new_member_key

HERE = "https://community.example:443"
THERE = "https://other.example:443"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def keys_of(documents: Documents, project: Path, home: Path) -> MemberKeys:
    return MemberKeys(documents, project / "key.json", Place(project, {"HOME": str(home)}))


def test_it_has_256_bits_of_its_own():
    keys = {new_member_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(key.startswith("tbk_") and len(key) == 47 for key in keys)


def test_one_for_each_server(documents, project, home):
    keys = keys_of(documents, project, home)
    assert keys.known(HERE) is None
    assert not (project / "key.json").exists(), "looking makes none"
    here, there = keys.made(HERE), keys.made(THERE)
    assert here != there
    assert (keys.made(HERE), keys.known(THERE)) == (here, there)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_only_its_owner_reads_it(documents, project, home):
    mask = os.umask(0)
    try:
        keys_of(documents, project, home).made(HERE)
    finally:
        os.umask(mask)
    assert (project / "key.json").stat().st_mode & 0o777 == 0o600


def test_forgetting_one_and_the_last(documents, project, home):
    keys = keys_of(documents, project, home)
    here, there = keys.made(HERE), keys.made(THERE)
    keys.forget(HERE)
    assert (keys.known(HERE), keys.known(THERE)) == (None, there)
    assert here not in (project / "key.json").read_text()
    keys.forget(THERE)
    assert not (project / "key.json").exists()
    keys.forget(THERE)
    assert keys.made(HERE) != here


def test_a_moved_project_keeps_it(documents, project, home):
    key = keys_of(documents, project, home).made(HERE)
    moved = project.rename(project.with_name("moved"))
    assert keys_of(documents, moved, home).known(HERE) == key


def test_one_that_came_with_a_clone_is_never_used(documents, project, home, tmp_path):
    planted = keys_of(documents, project, tmp_path / "of another").made(HERE)
    mine = keys_of(documents, project, home)
    assert mine.known(HERE) is None
    assert mine.made(HERE) != planted
    assert planted not in (project / "key.json").read_text()


def test_one_for_another_server_cannot_be_passed_off(documents, project, home):
    """The seal holds the server, too: whoever edits a clone cannot have a key sent elsewhere."""
    keys = keys_of(documents, project, home)
    key = keys.made(HERE)
    file = project / "key.json"
    file.write_text(file.read_text().replace(HERE, THERE))
    assert keys.known(THERE) is None
    assert keys.made(THERE) != key


@pytest.mark.parametrize("key", ["", "tbk_x", "x" * 47, "tbk_" + "a" * 43 + "\r\nX: y"])
def test_what_is_no_key_is_not_sent(documents, project, home, key):
    keys = keys_of(documents, project, home)
    seal = keys.place.seal_anywhere("member key", HERE, key)
    entry = {"origin": HERE, "key": key, "seal": seal}
    (project / "key.json").write_text(json.dumps({"schema": 1, "keys": [entry]}))
    assert keys.known(HERE) is None


def test_a_damaged_file_is_set_aside_and_goes_on_leaving(documents, project, home):
    keys = keys_of(documents, project, home)
    key = keys.made(HERE)
    file = project / "key.json"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(CorruptFile) as error:
        keys.known(HERE)
    assert key not in str(error.value)
    keys.forget_all()
    assert [path.name for path in project.iterdir() if "lock" not in path.name] == []


def test_two_commands_at_once_make_one(documents, project, home):
    found: list[str] = []

    def make() -> None:
        found.append(keys_of(documents, project, home).made(HERE))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
