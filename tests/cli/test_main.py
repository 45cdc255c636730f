"""The command as a whole: help, version, words that are no commands, quick starts."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tito_bench import __version__
from tito_bench.cli.commands import VERBS
from tito_bench.cli.main import build_parser

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


def test_version(run_cli: RunCli) -> None:
    done = run_cli("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"tito-bench {__version__}\n", "")


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_names_the_groups_and_where_the_data_stays(
    words: tuple[str, ...], run_cli: RunCli
) -> None:
    done = run_cli(*words)
    assert (done.returncode, done.stderr) == (0, "")
    for shown in ("usage: tito-bench", "benchmark", "community", "stays on this machine"):
        assert shown in done.stdout


def test_help_is_the_same_whether_or_not_the_groups_are_imported() -> None:
    assert build_parser(words=["--help"]).format_help() == build_parser().format_help()


@pytest.mark.parametrize("words", [("benchmark", "--help"), ("benchmark", "baseline", "--help")])
def test_every_level_has_its_help(words: tuple[str, ...], run_cli: RunCli) -> None:
    done = run_cli(*words)
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: tito-bench {' '.join(words[:-1])}")


def test_a_group_without_a_verb_shows_its_help_as_an_error(run_cli: RunCli) -> None:
    done = run_cli("benchmark")
    assert (done.returncode, done.stdout) == (2, "")
    assert "baseline" in done.stderr


@pytest.mark.parametrize("words", [("bench",), ("benchmark", "base"), ("--colour",)])
def test_a_word_that_is_none_of_ours_is_a_usage_error(
    words: tuple[str, ...], run_cli: RunCli
) -> None:
    done = run_cli(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[-1] in done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_of_benchmark_needs_no_other_word(verb: str, run_cli: RunCli) -> None:
    short, long = run_cli(verb, "--help"), run_cli("benchmark", verb, "--help")
    assert (short.returncode, long.returncode) == (0, 0)
    assert short.stdout.startswith(f"usage: tito-bench {verb} ")
    said = [done.stdout.partition("\n\n")[2] for done in (short, long)]
    assert said[0] == said[1] != ""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("basline",), "'baseline'"),
        (("Baseline",), "'baseline'"),
        (("benchmark", "expain"), "'explain'"),
        (("communty", "join"), "'community'"),
        (("community", "jion"), "'join'"),
        (("baseline", "--quik"), "'--quick'"),
        (("baseline", "--packge=x"), "'--package'"),
        (("baseline", "--subject", "nunpy"), "'numpy'"),
        (("explain", "matmull_256"), "'matmul_256'"),
        (("compare", "lastest", "latest"), "'latest'"),
        (("report", "./recrd.json"), "'record.json'"),
        (("capstone", "--check", "recrd.json"), "'record.json'"),
        (("capstone", "--model", "modle.py:make", "--input-shape", "1x4"), "'model.py'"),
        (("capstone", "--model", "model.py:mkae", "--input-shape", "1x4"), "'make'"),
        (("baseline", "--project", "follder"), "'folder'"),
        (("baseline", "--subject", "tinytorch", "--package", "follder"), "'folder'"),
    ],
)
def test_a_word_that_is_nearly_one_is_answered_with_that_one(
    words: tuple[str, ...], meant: str, run_cli: RunCli, project: Path
) -> None:
    (project / "folder").mkdir()
    (project / "record.json").write_text("{}")
    (project / "model.py").write_text("def make(): ...\n")
    done = run_cli(*words)
    assert done.returncode in {1, 2}
    assert f"did you mean {meant}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_word_that_is_near_to_nothing_is_answered_without_a_guess(run_cli: RunCli) -> None:
    assert "did you mean" not in run_cli("zzz").stderr


def test_no_help_shows_a_sign_twice() -> None:
    def all_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
        yield parser
        for action in parser._actions:
            if isinstance(action.choices, dict):
                for below in action.choices.values():
                    yield from all_of(below)

    for parser in all_of(build_parser()):
        assert "%%" not in parser.format_help()


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["benchmark", "baseline", "--help"], ["compare", "--help"]],
)
def test_help_imports_neither_numpy_nor_rich(
    words: list[str], clean_environ: Mapping[str, str]
) -> None:
    code = f"""
import json, sys
from tito_bench.cli.main import main
try:
    main({words!r})
finally:
    loaded = [name for name in sys.modules if name.split(".")[0] in
              ("numpy", "rich", "msgspec", "psutil", "dataclasses", "httpx", "filelock")]
    sys.stderr.write(json.dumps(loaded))
"""
    environ = {k: v for k, v in clean_environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert json.loads(done.stderr) == []


def test_a_folder_that_was_removed_meanwhile(
    clean_environ: Mapping[str, str], tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r});"
        "from tito_bench.cli.main import main; sys.exit(main(['benchmark', 'baseline']))"
    )
    if sys.platform == "win32":
        pytest.skip("Windows keeps the current folder of a process")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean_environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("tito-bench: error: the current folder does not exist any more")


def test_a_named_project_that_is_not_there(run_cli: RunCli, tmp_path: Path) -> None:
    done = run_cli("benchmark", "baseline", "--project", str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("tito-bench: error: --project: the folder")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_few_words_to_a_reader_who_left(clean_environ: Mapping[str, str]) -> None:
    """Little enough to be still in the buffer when the command returns."""
    code = (
        "import argparse, sys; from tito_bench.cli.main import _run;"
        "options = argparse.Namespace(run=lambda options, streams: streams.out.write('x') * 0);"
        "sys.exit(_run(options, 'tito-bench'))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean_environ, "PYTHONUNBUFFERED": ""},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


_NOBODY_READS = """
import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
done = subprocess.run([sys.executable, "-m", "tito_bench", *sys.argv[1:]], stdout=writer)
sys.exit(done.returncode)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("words", [(), ("--help",), ("--version",), ("completions", "bash")])
def test_help_to_a_reader_who_left(
    words: tuple[str, ...], clean_environ: Mapping[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _NOBODY_READS, *words],
        env={**clean_environ, "PYTHONUNBUFFERED": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_help_that_a_full_disk_cannot_take(clean_environ: Mapping[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tito_bench", "--help"],
            env={**clean_environ, "PYTHONUNBUFFERED": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "tito-bench: error: standard output: No space left on device\n"


SERVER = """
def main(argv, prog):
    print(prog, list(argv))
    return 3
"""


def _with_server(
    environ: Mapping[str, str], folder: Path, source: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run with another server's command line, or with none at all, in the place of the real one."""
    package = folder / "tito_bench_server" / "cli"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "main.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "tito_bench", *words],
        env={**environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", [["run", "--port", "0"], ["--help"], ["--json", "--"], []])
def test_all_words_of_server_go_to_it_untouched(
    clean_environ: Mapping[str, str], tmp_path: Path, words: list[str]
) -> None:
    done = _with_server(clean_environ, tmp_path, SERVER, "server", *words)
    assert (done.returncode, done.stdout) == (3, f"tito-bench server {words}\n")


def test_a_fault_within_the_server_is_its_own_to_report(
    clean_environ: Mapping[str, str], tmp_path: Path
) -> None:
    done = _with_server(clean_environ, tmp_path, "import no_such_module\n", "server", "run")
    assert done.returncode == 1
    assert "No module named 'no_such_module'" in done.stderr


@pytest.mark.parametrize("words", [[], ["run"], ["--help"]])
def test_without_the_server_one_sentence_says_how_to_get_it(
    clean_environ: Mapping[str, str], words: list[str]
) -> None:
    code = f"""
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name == "tito_bench_server":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, NotInstalled())
from tito_bench.cli.main import main
sys.exit(main(["server", *{words!r}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean_environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "tito-bench: error: the community server is a package of its own; install it: "
        "pip install 'tito-bench[server]'\n"
    )
