"""What the command line repeats of foreign words drives no terminal."""

from __future__ import annotations

import json

import pytest

from conftest import RunCli

HOSTILE = "\x1b[31mred\u202e\x9b2J"


@pytest.mark.parametrize(
    "words",
    [[HOSTILE], ["benchmark", HOSTILE], ["benchmark", "baseline", "--subject", HOSTILE]],
    ids=["command", "verb", "value"],
)
def test_a_hostile_word_is_shown_escaped(words: list[str], run_cli: RunCli) -> None:
    done = run_cli(*words)
    assert done.returncode == 2
    for byte in ("\x1b", "\x9b", "\u202e"):
        assert byte not in done.stderr + done.stdout


def test_json_keeps_the_text_and_sends_no_control_bytes(run_cli: RunCli) -> None:
    run_cli("community", "join", "--yes")
    institution = "Uni \x9b2J \u202e end"
    run_cli("community", "update", "--yes", "--institution", institution)
    done = run_cli("community", "profile", "--json")
    assert "\x9b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "Uni" in json.dumps(json.loads(done.stdout))
