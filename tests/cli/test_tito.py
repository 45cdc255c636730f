"""The `tito` script beside TinyTorch's own: our words are ours, all others are theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from packages import upstream_tito
from tito_bench.cli.commands import COMMANDS, OUR_VERBS, SHARED_VERBS, UPSTREAM_VERBS
from tito_bench.cli.main import build_parser

RunTito = Callable[..., "subprocess.CompletedProcess[str]"]

UPSTREAM = """
import sys
def main():
    print("upstream", sys.argv[1:])
    return 5
"""


@pytest.fixture
def run_tito(clean_environ: Mapping[str, str], tmp_path: Path) -> RunTito:
    """Run the script, with `upstream` as the source of TinyTorch's tito.main, if given."""

    def run(
        *words: str, upstream: str | None = None, environ: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[str]:
        site = tmp_path / "site"
        if upstream is not None:
            (site / "tito").mkdir(parents=True, exist_ok=True)
            (site / "tito" / "__init__.py").touch()
            (site / "tito" / "main.py").write_text(upstream)
        code = "import sys; from tito_bench.cli.tito import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            env={**clean_environ, "PYTHONPATH": str(site), **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.mark.parametrize("upstream", [None, UPSTREAM])
def test_our_words_are_ours_with_or_without_tinytorch(
    upstream: str | None, run_tito: RunTito
) -> None:
    done = run_tito("benchmark", "baseline", "--help", upstream=upstream)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: tito benchmark baseline")


def test_all_other_words_go_to_tinytorch_untouched(run_tito: RunTito) -> None:
    done = run_tito("module", "start", "01", "--flag", upstream=UPSTREAM)
    assert (done.returncode, done.stdout) == (5, "upstream ['module', 'start', '01', '--flag']\n")


def test_a_verb_by_itself_is_tinytorchs_where_that_is_installed(run_tito: RunTito) -> None:
    assert run_tito("history", "--help").stdout.startswith("usage: tito history")
    done = run_tito("history", "--help", upstream=UPSTREAM)
    assert (done.returncode, done.stdout) == (5, "upstream ['history', '--help']\n")


def test_help_shows_both(run_tito: RunTito) -> None:
    done = run_tito("--help", upstream=UPSTREAM)
    assert done.stdout.startswith("usage: tito")
    assert done.stdout.endswith("TinyTorch's own commands:\n\nupstream ['--help']\n")


def test_without_tinytorch_its_words_are_an_error_that_says_so(run_tito: RunTito) -> None:
    done = run_tito("module", "start", "01")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'module' is not a command of tito-bench, and TinyTorch" in done.stderr


def test_without_tinytorch_help_is_ours(run_tito: RunTito) -> None:
    done = run_tito("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: tito ")


def test_a_fault_within_tinytorch_is_tinytorchs_to_report(run_tito: RunTito) -> None:
    done = run_tito("module", upstream="import no_such_module\n")
    assert done.returncode == 1
    assert "No module named 'no_such_module'" in done.stderr


def test_handing_over_imports_nothing_that_takes_time(
    run_tito: RunTito, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = ["argparse", "msgspec", "numpy", "rich", "tito_bench.cli.main", "tito_bench.errors"]
    upstream = f"import sys\ndef main():\n    print([n for n in {slow} if n in sys.modules])\n"
    done = run_tito("module", upstream=upstream)
    assert done.stdout == "[]\n"


# -- the words of both -------------------------------------------------------------------------


def test_the_table_of_verbs_is_that_of_the_argument_tree() -> None:
    tree = build_parser("tito")
    (groups,) = (action.choices for action in tree._actions if action.dest == "==SUPPRESS==")
    for group, verbs in OUR_VERBS.items():
        (found,) = (a.choices for a in groups[group]._actions if a.dest == "==SUPPRESS==")
        assert set(found) == verbs


def test_the_shared_verbs_are_those_that_tinytorch_has_as_well() -> None:
    assert set(UPSTREAM_VERBS) == set(upstream_tito.VERBS["community"])
    assert {"map", "profile", "sync"} == SHARED_VERBS


def theirs(words: str, run_tito: RunTito, **more: Mapping[str, str]) -> dict[str, object] | None:
    """What TinyTorch's command understood of the words, None where it did not get them."""
    done = run_tito(*words.split(), upstream=upstream_tito.MAIN, **more)
    if done.returncode != 7:
        return None
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "words",
    [
        f"{word} {verb} {line}"
        for word, verbs in upstream_tito.VERBS.items()
        for verb, lines in verbs.items()
        for line in lines
        if word != "benchmark"
    ],
)
def test_every_verb_and_option_of_tinytorch_reaches_it(words: str, run_tito: RunTito) -> None:
    found = theirs(words, run_tito)
    assert found is not None
    understood = found["upstream"]
    assert isinstance(understood, dict)
    given = words.split()
    assert understood["command"] == given[0]
    for word in given[1:]:
        name = word.lstrip("-").replace("-", "_")
        assert word in understood.values() or understood.get(name) is True


@pytest.mark.parametrize(
    "words",
    [
        *(f"{group} {verb}" for group, verbs in OUR_VERBS.items() for verb in sorted(verbs)),
        *(word for word in COMMANDS if word != "server"),
    ],
)
def test_every_verb_of_ours_is_ours_but_those_that_both_have(words: str, run_tito: RunTito) -> None:
    group, _, verb = words.partition(" ")
    done = run_tito(*words.split(), "--help", upstream=upstream_tito.MAIN)
    shared = group == "community" and verb in SHARED_VERBS
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: tito {words}")
    assert ("--project" in done.stdout or "SHELL" in done.stdout or not verb) != shared
    always = run_tito("bench", *words.split(), "--help", upstream=upstream_tito.MAIN)
    assert always.returncode == 0
    assert always.stdout.startswith(f"usage: tito bench {words}")
    assert "--project" in always.stdout or "SHELL" in always.stdout or not verb


@pytest.mark.parametrize("words", ["benchmark baseline", "community join", "benchmark"])
def test_an_option_that_is_not_ours_goes_to_tinytorch(words: str, run_tito: RunTito) -> None:
    done = run_tito(*words.split(), "--of-tomorrow", upstream=UPSTREAM)
    assert (done.returncode, done.stdout) == (5, f"upstream {[*words.split(), '--of-tomorrow']}\n")
    alone = run_tito("bench", *words.split(), "--of-tomorrow", upstream=UPSTREAM)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "unrecognized arguments: --of-tomorrow" in alone.stderr


def test_an_option_that_nobody_has_is_a_usage_error(run_tito: RunTito) -> None:
    done = run_tito("benchmark", "baseline", "--of-tomorrow")
    assert (done.returncode, done.stdout) == (2, "")
    assert "unrecognized arguments: --of-tomorrow" in done.stderr


def test_a_no_to_uploads_reaches_tinytorch(
    run_tito: RunTito, clean_environ: Mapping[str, str]
) -> None:
    found = theirs("community sync --disable-auto", run_tito, environ={"TITO_NO_SYNC": "1"})
    assert found is not None
    assert found["consent"] == {"TITO_NO_SYNC": "1", "CI": None}
    kept = Path(clean_environ["HOME"]) / ".tinytorch" / "sync.json"
    assert json.loads(kept.read_text()) == {"auto_sync": False}


def test_help_of_community_says_whose_the_verbs_are(run_tito: RunTito) -> None:
    done = run_tito("community", "--help", upstream=UPSTREAM)
    said = " ".join(done.stdout.split())
    for verb in UPSTREAM_VERBS:
        assert f"`{verb}`" in said or f" {verb}`" in said
    assert "`tito bench community map`, `profile`, `sync`" in said
    done = run_tito("bench", "community", "--help", upstream=UPSTREAM)
    assert "TinyTorch" not in done.stdout


@pytest.mark.parametrize("verb", sorted(OUR_VERBS["community"]))
def test_without_tinytorch_all_our_verbs_are_ours(verb: str, run_tito: RunTito) -> None:
    done = run_tito("community", verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: tito community {verb}")


@pytest.mark.parametrize("words", ["community login", "community no-such", "benchmark no-such"])
def test_without_tinytorch_a_verb_of_its_own_is_an_error_that_says_so(
    words: str, run_tito: RunTito
) -> None:
    done = run_tito(*words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{words!r} is not a command of tito-bench, and TinyTorch" in done.stderr


# What the design began with (`/tito` of autumn 2025); each has worked since.
FIRST_COMMANDS = (
    "benchmark baseline --subject numpy --quick --skip-submit",
    "community join --yes",
    "community profile",
    "community update --yes",
    "community stats",
    "community leave --force",
)


@pytest.mark.parametrize("upstream", [None, upstream_tito.MAIN])
def test_the_first_commands_of_all_work_under_tito(upstream: str | None, run_tito: RunTito) -> None:
    for words in FIRST_COMMANDS:
        done = run_tito(*words.split(), upstream=upstream)
        expected = 7 if upstream and words == "community profile" else 0
        assert done.returncode == expected, (words, done.stderr)
    done = run_tito("benchmark", "capstone", "--skip-submit", "--track", "all", upstream=upstream)
    assert "no package" in done.stderr.lower() or "tinytorch" in done.stderr.lower()
    assert done.returncode == 1
