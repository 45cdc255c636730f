"""`tito` where tito-bench and TinyTorch are both installed, in every order, by the real pip.

What TinyTorch's command sees when our script hands over is compared with what
it sees when its own script starts it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
from typing import Any

import pytest

from packages.terminal import read_to_end
from packages.tito_environment import TitoEnvironment
from tito_bench.cli.commands import SHARED_VERBS, UPSTREAM_VERBS

UPSTREAM = """
import json, os, sys, time

def main():
    words = sys.argv[1:]
    if "--wait" in words:
        try:
            print("waiting", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            if "--catch" not in words:
                raise
            print("cancelled", flush=True)
            return 130
    if words and words[0] == "--end-with":
        return {"none": None, "true": True, "text": "the end"}.get(words[1], words[1])
    if words and words[0] == "--exit":
        sys.exit(int(words[1]))
    me = sys.modules["__main__"]
    print(json.dumps({
        "argv": sys.argv, "stdin": sys.stdin.buffer.read().hex(), "cwd": os.getcwd(),
        "main": [me.__name__, me.__file__, me.__spec__, sys.path[0]],
        "upstream": __name__, "interrupt": str(__import__("signal").getsignal(2)),
    }))
    return 7
"""

OURS_FIRST, THEIRS_FIRST = ("ours", "theirs"), ("theirs", "ours")


@pytest.fixture(scope="module")
def tito(tmp_path_factory: pytest.TempPathFactory) -> TitoEnvironment:
    pytest.importorskip("pip", reason="needs pip")
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TITO_", "PYTHON", "PIP_", "COVERAGE", "NO_COLOR"))
    }
    return TitoEnvironment(tmp_path_factory.mktemp("tito"), UPSTREAM, environ)


def who_answers(tito: TitoEnvironment, *words: str) -> str:
    """Whose command it is that `tito WORDS` reaches, if the script is there at all."""
    if tito.script("tito") is None:
        return "no script"
    done = tito.run("tito", *words)
    if done.stdout.startswith(b"usage: tito"):
        return "ours"
    if done.returncode == 7 and json.loads(done.stdout)["upstream"] == "tito.main":
        return "theirs"
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"TinyTorch, which may have it, is not installed" in done.stderr
    return "nobody"


@pytest.mark.parametrize(
    ("history", "module", "benchmark"),
    [
        (("ours",), "nobody", "ours"),
        (("theirs",), "theirs", "theirs"),
        (OURS_FIRST, "theirs", "theirs"),
        (THEIRS_FIRST, "theirs", "ours"),
        ((*OURS_FIRST, "repair ours"), "theirs", "ours"),
        ((*OURS_FIRST, "newer ours"), "theirs", "ours"),
        ((*THEIRS_FIRST, "newer ours"), "theirs", "ours"),
        ((*OURS_FIRST, "newer theirs"), "theirs", "theirs"),
        ((*THEIRS_FIRST, "newer theirs"), "theirs", "theirs"),
        ((*OURS_FIRST, "no theirs"), "no script", "no script"),
        ((*THEIRS_FIRST, "no theirs"), "no script", "no script"),
        ((*THEIRS_FIRST, "no theirs", "repair ours"), "nobody", "ours"),
        ((*OURS_FIRST, "no ours"), "no script", "no script"),
        ((*THEIRS_FIRST, "no ours"), "no script", "no script"),
        ((*THEIRS_FIRST, "no ours", "repair theirs"), "theirs", "theirs"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, tuple) else value,
)
def test_who_answers_after_every_order_of_steps(
    history: tuple[str, ...], module: str, benchmark: str, tito: TitoEnvironment
) -> None:
    tito.bring_to(*history)
    assert who_answers(tito, "module", "start", "01") == module
    assert who_answers(tito, "benchmark", "--help") == benchmark
    assert who_answers(tito, "community", "--help") == benchmark
    installed = "ours" in history and "no ours" not in history
    assert (tito.script("tito-bench") is not None) == installed


@pytest.mark.parametrize(
    ("history", "finding", "remedy"),
    [
        (OURS_FIRST, "upstream_tito", "pip install --force-reinstall --no-deps tito-bench"),
        ((*THEIRS_FIRST, "no theirs"), "lost_tito", "--force-reinstall --no-deps tito-bench"),
        ((*OURS_FIRST, "repair ours"), None, ""),
    ],
)
def test_doctor_says_who_owns_the_script_and_how_to_repair_it(
    history: tuple[str, ...], finding: str | None, remedy: str, tito: TitoEnvironment
) -> None:
    tito.bring_to(*history)
    # Its dependencies are those of the tests; the environment has none.
    environ = {"PATH": str(tito.scripts), "PYTHONPATH": sysconfig.get_path("purelib")}
    document = json.loads(tito.run("tito-bench", "doctor", "--json", environ=environ).stdout)
    found = {f["code"]: f["remedy"] for f in document["findings"] if "_tito" in f["code"]}
    assert list(found) == ([] if finding is None else [finding])
    assert remedy in "".join(found.values())
    owners = {script["name"]: script["owner"] for script in document["scripts"]}
    expected = {"upstream_tito": "TinyTorch", "lost_tito": None, None: "tito-bench"}[finding]
    assert owners.get("tito") == expected
    assert owners["tito-bench"] == "tito-bench"


def both_ways(
    tito: TitoEnvironment, *words: str, stdin: bytes = b""
) -> list[subprocess.CompletedProcess[bytes]]:
    """What TinyTorch's own script does, and what ours does."""
    done = []
    for history in (("theirs",), THEIRS_FIRST):
        tito.bring_to(*history)
        done.append(tito.run("tito", *words, stdin=stdin))
    return done


@pytest.mark.parametrize(
    "words",
    [
        ("module", "start", "01"),
        ("module", "--json", "benchmark", "--", "-h", "--project=x"),
        ("test", "", "two words", "$HOME *", "größer\n"),
        ("--verbose", "benchmark"),
        ("--version",),
    ],
)
def test_arguments_input_and_main_module_are_as_upstream_expects(
    words: tuple[str, ...], tito: TitoEnvironment
) -> None:
    theirs, ours = both_ways(tito, *words, stdin=b"\x00\xffline\r\n")
    assert (ours.returncode, ours.stdout, ours.stderr) == (7, theirs.stdout, b"")
    seen: dict[str, Any] = json.loads(ours.stdout)
    assert (seen["argv"][1:], bytes.fromhex(seen["stdin"])) == (list(words), b"\x00\xffline\r\n")


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (("--end-with", "none"), 0, b""),
        (("--end-with", "true"), 1, b""),
        (("--end-with", "text"), 1, b"the end"),
        (("--exit", "0"), 0, b""),
        (("--exit", "42"), 42, b""),
    ],
)
def test_whatever_upstream_ends_with_is_the_end(
    words: tuple[str, ...], status: int, complaint: bytes, tito: TitoEnvironment
) -> None:
    theirs, ours = both_ways(tito, *words)
    assert (ours.returncode, ours.stderr.strip()) == (status, complaint)
    assert (theirs.returncode, theirs.stderr.strip()) == (status, complaint)


@pytest.mark.parametrize("verb", UPSTREAM_VERBS)
def test_verbs_that_upstream_has_are_upstreams(verb: str, tito: TitoEnvironment) -> None:
    tito.bring_to(*THEIRS_FIRST)
    assert who_answers(tito, "community", verb) == "theirs"
    tito.bring_to("ours")
    if verb in SHARED_VERBS:
        assert who_answers(tito, "community", verb, "--help") == "ours"
    else:
        assert who_answers(tito, "community", verb) == "nobody"


def test_the_last_line_of_a_run_says_that_the_script_is_upstreams_again(
    tito: TitoEnvironment,
) -> None:
    words = ("benchmark", "baseline", "--subject", "numpy", "--quick")
    environ = {"PATH": str(tito.scripts), "PYTHONPATH": sysconfig.get_path("purelib")}
    for history, said in ((OURS_FIRST, True), ((*OURS_FIRST, "repair ours"), False)):
        tito.bring_to(*history)
        done = tito.run("tito-bench", *words, "--skip-submit", environ=environ)
        last = " ".join(done.stdout.decode().split("\n\n")[-1].split())
        assert ("`tito update`" in last) == said
        assert last.endswith("pip install --force-reinstall --no-deps tito-bench") == said


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_shows_both(words: tuple[str, ...], tito: TitoEnvironment) -> None:
    tito.bring_to(*THEIRS_FIRST)
    done = tito.run("tito", *words)
    ours, theirs = done.stdout.decode().split("TinyTorch's own commands:")
    assert done.returncode == 7
    assert "benchmark" in ours
    assert "community" in ours
    assert json.loads(theirs)["argv"][1:] == list(words)


# A terminal of its own, in which Ctrl-C interrupts, whatever the tests' own process ignores.
_TERMINAL = """
import fcntl, os, signal, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [(("--catch",), 130, b"cancelled"), ((), -signal.SIGINT, b"KeyboardInterrupt")],
    ids=["caught by upstream", "caught by nobody"],
)
@pytest.mark.parametrize("history", [("theirs",), THEIRS_FIRST], ids="-".join)
def test_ctrl_c_in_a_terminal(
    history: tuple[str, ...],
    words: tuple[str, ...],
    status: int,
    said: bytes,
    tito: TitoEnvironment,
) -> None:
    tito.bring_to(*history)
    ours, theirs = os.openpty()
    command = [str(tito.script("tito")), "module", "start", "01", "--wait", *words]
    with subprocess.Popen(
        [sys.executable, "-c", _TERMINAL, *command], stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while b"waiting" not in shown:
            shown += os.read(ours, 1024)
        os.write(ours, b"\x03")
        shown += read_to_end(ours)
    assert process.returncode == status
    assert said in shown
