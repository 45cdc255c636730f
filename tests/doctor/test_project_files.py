"""The project's own files: readable, writable, and left as they were."""

from __future__ import annotations

import errno
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from records.made_record import NOW, made_record, save_record
from tito_bench.community.consent import CONSENT, sealed
from tito_bench.community.place import Place
from tito_bench.community.profile import Profile
from tito_bench.doctor.project_files import check_files, check_folders
from tito_bench.doctor.sharing import SharingFacts, describe_sharing
from tito_bench.note import Note
from tito_bench.records.filesystem import OsFileSystem
from tito_bench.records.project_layout import Layout
from tito_bench.records.schema import decode, encode
from tito_bench.website.payload import body_bytes, profile_payload

_AS_ROOT = sys.platform != "win32" and os.geteuid() == 0


def _write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _snapshot(root: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_an_empty_project_is_in_order_and_stays_empty(project: Path) -> None:
    layout = Layout(project)
    assert check_files(layout, NOW) == []
    assert check_folders(layout) == []
    assert list(project.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".tinytorch/config.json", "{bad"),
        (".tinytorch/community/profile.json", "[]"),
        (".tinytorch/community/consent.json", "null"),
        (".tinytorch/community/website.json", "1"),
        (".tinytorch/calibration.json", '{"schema": 1}'),
        (".tinytorch/outbox/000001_join.json", "{"),
        (".tinytorch/submissions/baseline_x.json", ""),
        (".tito/benchmarks/baseline_x.json", '{"schema": 1, "kind": 5}'),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_left(name: str, text: str, project: Path) -> None:
    _write(project, name, text)
    before = _snapshot(project)
    (finding,) = check_files(Layout(project), NOW)
    assert (finding.code, finding.severity, finding.what) == ("corrupt_file", "warning", name)
    assert finding.value
    assert _snapshot(project) == before


@pytest.mark.parametrize("name", [".tinytorch/config.json", ".tito/benchmarks/baseline_x.json"])
def test_a_file_of_a_newer_version_is_named(name: str, project: Path) -> None:
    _write(project, name, '{"schema": 99, "kind": "baseline"}')
    assert check_files(Layout(project), NOW) == [Note("newer_file", "warning", name, "")]


def test_good_files_are_no_finding(project: Path) -> None:
    _write(project, ".tinytorch/config.json", '{"schema": 1}')
    save_record(Layout(project).benchmarks, made_record())
    _write(project, ".tito/benchmarks/baseline_x.json", '{"benchmark_type": "baseline"}')
    assert check_files(Layout(project), NOW) == []


def test_a_record_that_is_not_believed_is_named(project: Path) -> None:
    folder = Layout(project).benchmarks
    edited = save_record(folder, made_record())
    edited.write_bytes(edited.read_bytes().replace(b'"composite": 2', b'"composite": 1'))
    ahead = save_record(folder, made_record(now=NOW + timedelta(days=2)))
    found = check_files(Layout(project), NOW)
    named = {(one.code, one.what, one.value) for one in found}
    assert named == {
        ("edited_record", f".tito/benchmarks/{edited.name}", "composite is 1, not 2"),
        ("untimely_record", f".tito/benchmarks/{ahead.name}", "2026-11-24"),
    }


def test_copies_set_aside_are_remembered(project: Path) -> None:
    name = ".tinytorch/community/profile.json.20261122T120000Z.ab12.corrupt"
    _write(project, name, "{bad")
    assert check_files(Layout(project), NOW) == [Note("set_aside", "info", name, "")]


_BODY = body_bytes(profile_payload(Profile())).decode()


def test_what_the_website_refused_is_named(project: Path) -> None:
    name = ".tinytorch/outbox/000001_join.json"
    item = {
        "schema": 1, "action": "join", "data": "profile", "api_url": "https://a.example",
        "idempotency_key": "3d6b0c7e-0c5c-4a8e-9d5b-0a4d6a8f1c11", "body": _BODY,
        "created_at": "2026-11-22T12:00:00Z", "refused": "status 422: no",
    }  # fmt: skip
    _write(project, name, json.dumps(item))
    assert check_files(Layout(project), NOW) == [
        Note("parked_item", "warning", name, "status 422: no")
    ]
    _write(project, name, json.dumps(item | {"refused": None}))
    assert check_files(Layout(project), NOW) == []


def test_messages_hold_no_path_of_this_machine(project: Path) -> None:
    (project / ".tinytorch" / "config.json").mkdir(parents=True)
    _write(project, ".tito", "a file")
    findings = [*check_files(Layout(project), NOW), *check_folders(Layout(project))]
    assert {finding.code for finding in findings} == {"corrupt_file", "not_writable"}
    assert all(str(project) not in finding.value for finding in findings)


def test_a_file_in_the_place_of_the_records_breaks_measuring(project: Path) -> None:
    _write(project, ".tito", "a file")
    (finding,) = check_folders(Layout(project))
    assert (finding.code, finding.severity) == ("not_writable", "breaks")
    assert finding.what == ".tito/benchmarks"


@pytest.mark.skipif(_AS_ROOT or sys.platform == "win32", reason="root may write anywhere")
def test_a_folder_that_is_not_writable(project: Path) -> None:
    (project / ".tinytorch").mkdir(mode=0o500)
    (finding,) = check_folders(Layout(project))
    assert (finding.severity, finding.what) == ("warning", ".tinytorch")


@pytest.mark.parametrize("name", [".tinytorch/outbox", ".tinytorch/submissions"])
def test_a_folder_that_cannot_be_read_is_named(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_folder(_disk: OsFileSystem, path: Path) -> list[str]:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(OsFileSystem, "list_folder", list_folder)
    found = {finding.what: finding for finding in check_files(Layout(project), NOW)}
    assert found[name].severity == "warning"
    assert "Permission denied" in str(found[name].value)
    assert str(project) not in str(found[name].value)


def test_trying_to_write_leaves_nothing(project: Path) -> None:
    (project / ".tito" / "benchmarks").mkdir(parents=True)
    check_folders(Layout(project))
    assert list((project / ".tito" / "benchmarks").iterdir()) == []


# -- sharing ------------------------------------------------------------------

_ON = '{"schema": 1, "website": {"enabled": true, "api_url": "https://api.example.org"}}'
_YES = """{"schema": 1, "profile": {"granted": true, "answered_at": "2026-11-22T12:00:00Z",
"api_url": "https://api.example.org"}, "benchmarks": {"granted": true,
"answered_at": "2026-11-22T12:00:00Z", "api_url": "https://other.example.org"}}"""


def test_by_default_nothing_is_shared(project: Path) -> None:
    facts = describe_sharing(Layout(project), {})
    assert facts.website.startswith("off")
    assert (facts.profile, facts.benchmarks) == (False, False)


def test_consent_holds_for_its_address_and_its_person_only(project: Path, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home")}
    consent = decode(CONSENT, _YES.encode(), "consent").value
    given = sealed(consent, Place(project, environ))
    assert given is not None
    _write(project, ".tinytorch/config.json", _ON)
    _write(project, ".tinytorch/community/consent.json", encode(CONSENT, given).decode())
    facts = describe_sharing(Layout(project), environ)
    assert facts.website.startswith("on: https://api.example.org")
    assert (facts.profile, facts.benchmarks) == (True, False)
    for other in ({}, {"HOME": str(tmp_path / "another")}):
        facts = describe_sharing(Layout(project), other)
        assert (facts.profile, facts.benchmarks) == (False, False)


def test_an_opt_out_of_the_environment_wins(project: Path) -> None:
    _write(project, ".tinytorch/config.json", _ON)
    _write(project, ".tinytorch/community/consent.json", _YES)
    facts = describe_sharing(Layout(project), {"DO_NOT_TRACK": "1"})
    assert facts == SharingFacts("off: DO_NOT_TRACK is set", False, False)


@pytest.mark.parametrize("broken", ["config.json", "community/consent.json"])
def test_what_cannot_be_read_is_a_no_and_is_left(broken: str, project: Path) -> None:
    _write(project, ".tinytorch/config.json", _ON)
    _write(project, ".tinytorch/community/consent.json", _YES)
    _write(project, f".tinytorch/{broken}", "{bad")
    before = _snapshot(project)
    facts = describe_sharing(Layout(project), {})
    assert facts.website.startswith("off")
    assert (facts.profile, facts.benchmarks) == (False, False)
    assert _snapshot(project) == before
