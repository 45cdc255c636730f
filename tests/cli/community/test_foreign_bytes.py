"""Files with bytes that are no JSON end no verb in a stack trace."""

from __future__ import annotations

import pytest

BYTES = {
    "not UTF-8": b'{"schema": 1, "kind": "baseline", "name": "\xff"}',
    "UTF-16": '{"schema": 1}'.encode("utf-16"),
    "deep": b"[" * 50_000,
    "empty": b"",
}
FILES = (
    ".tito/progress.json",
    ".tito/milestones.json",
    ".tito/benchmarks/baseline_9.json",
    "progress.json",
)
VERBS = (("join",), ("update",), ("stats",), ("profile",), ("sync",), ("submit", "latest"))


@pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", BYTES)
def test_no_file_of_the_course_or_of_records_ends_a_verb(tito, words, file, damage):
    tito.record()
    if words != ("join",):
        assert tito("join").status == 0
    path = tito.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(BYTES[damage])
    ran = tito(*words)
    assert ran.status == 0, ran.err
    assert "Traceback" not in ran.out + ran.err


def test_one_export_that_is_no_utf8_ends_no_statistics(tito, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    assert tito("join").status == 0
    assert tito("export", str(folder / "good.json")).status == 0
    (folder / "good.json").write_bytes(b"\xef\xbb\xbf" + (folder / "good.json").read_bytes())
    (folder / "bad.json").write_bytes(b'{"profile": "\xff"}')
    ran = tito("stats", "--from", str(folder), "--json")
    assert ran.status == 0, ran.err
    assert ran.document["people"] == 1
