"""The `tito` script beside TinyTorch's own: our words are ours, all others are theirs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tito_bench.cli.completions import completion_script
from tito_bench.cli.tito import SHARED_VERBS, THEIR_VERBS

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

    def run(*words: str, upstream: str | None = None) -> subprocess.CompletedProcess[str]:
        site = tmp_path / "site"
        if upstream is not None:
            (site / "tito").mkdir(parents=True)
            (site / "tito" / "__init__.py").touch()
            (site / "tito" / "main.py").write_text(upstream)
        code = "import sys; from tito_bench.cli.tito import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            env={**clean_environ, "PYTHONPATH": str(site)},
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


def test_verbs_that_are_upstreams_are_none_of_ours() -> None:
    ours = completion_script("tito", "fish")
    assert "-a join" in ours
    for _group, verb in THEIR_VERBS:
        assert f"-a {verb} " not in ours
    for _group, verb in SHARED_VERBS:
        assert f"-a {verb} " in ours


@pytest.mark.parametrize(("group", "verb"), sorted(SHARED_VERBS))
def test_a_verb_of_both_is_tinytorchs_where_it_is_installed(
    group: str, verb: str, run_tito: RunTito
) -> None:
    theirs = run_tito(group, verb, "--help", upstream=UPSTREAM)
    assert (theirs.returncode, theirs.stdout) == (5, f"upstream ['{group}', '{verb}', '--help']\n")


@pytest.mark.parametrize("verb", ["map", "cohort", "connect", "me", "open"])
def test_without_tinytorch_these_verbs_are_ours(verb: str, run_tito: RunTito) -> None:
    done = run_tito("community", verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: tito community {verb}")


@pytest.mark.parametrize("verb", ["cohort", "connect", "me", "open"])
def test_verbs_that_tinytorch_has_not_are_ours_beside_it(verb: str, run_tito: RunTito) -> None:
    done = run_tito("community", verb, "--help", upstream=UPSTREAM)
    assert done.stdout.startswith(f"usage: tito community {verb}")
