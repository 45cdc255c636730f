"""Environments, limits and streams that a command may be started with: real processes."""

from __future__ import annotations

import os
import random
import resource
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from records.made_record import made_record, save_record
from robustness.commands import QUICK_BASELINE, Outcome, Sandbox, fault, start_command
from robustness.servers import HEALTHY, Server

__all__ = ["SURROUNDINGS", "try_surroundings"]

_AWAY = "https://community.example"
"""A host that is only ever named to a proxy."""
_WEBSITE = frozenset({"sync"})
_EVERY = (
    ("--help",),
    ("doctor", "--json"),
    ("community", "update", "--country", "de"),
    ("community", "profile", "--json"),
    ("community", "stats"),
    ("community", "sync"),
    ("benchmark", "history"),
    ("benchmark", "report", "--html", "page.html", "--force"),
    ("benchmark", "compare", "latest~1", "latest", "--json"),
    (*QUICK_BASELINE, "--skip-submit"),
    ("community", "leave", "--force"),
)
"""The last one is to work wherever anything does."""


@dataclass(frozen=True)
class Surroundings:
    """What differs from a plain start.

    `changes` are of the environment, None removes a variable. `fails` are the verbs that may, or
    must, end with 1 and one line; `*` for all. `child` runs in the process before it becomes
    Python.
    """

    changes: Mapping[str, str | None] = field(default_factory=dict)
    fails: frozenset[str] = frozenset()
    api_url: str | None = None
    child: Callable[[], object] | None = None
    how: Mapping[str, Any] = field(default_factory=dict)


def _limit(which: int, soft: int) -> Callable[[], object]:
    return lambda: resource.setrlimit(which, (soft, soft))


def _closed(number: int) -> Callable[[], object]:
    return lambda: os.close(number)


def _proxy(**changes: str) -> Surroundings:
    return Surroundings(changes, _WEBSITE, _AWAY)


def _home(home: str | None) -> Surroundings:
    """Without a home that holds, nothing can be agreed to, and what was agreed to is not known."""
    return Surroundings({"HOME": home}, frozenset({"sync", "update"}))


_OWN = {name: Surroundings({name: value}) for name, value in {
    "PYTHONOPTIMIZE": "2", "PYTHONDEVMODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0",
    "PYTHONMALLOC": "debug", "PYTHONTRACEMALLOC": "5", "PYTHONFAULTHANDLER": "1",
    "PYTHONSAFEPATH": "1", "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error", "PYTHONBREAKPOINT": "no.such",
    "PYTHONSTARTUP": "/there/is/none", "PYTHONPYCACHEPREFIX": "/proc/none",
    "PYTHONINTMAXSTRDIGITS": "640", "PYTHONCASEOK": "1", "PYTHONPATH": "/there/is/none:\udcff",
}.items()}  # fmt: skip

SURROUNDINGS: Mapping[str, Surroundings] = {
    "nothing odd": Surroundings(),
    "no variable at all": Surroundings(
        dict.fromkeys((*os.environ, "HOME")), frozenset({"sync", "update"})
    ),
    # -- ways out
    "a proxy that is not there": _proxy(HTTPS_PROXY="http://127.0.0.1:1"),
    "a SOCKS proxy that is not there": _proxy(ALL_PROXY="socks5://127.0.0.1:1"),
    "a proxy of SOCKS 4": _proxy(HTTPS_PROXY="socks4://127.0.0.1:1"),
    "a proxy for gopher": _proxy(ALL_PROXY="gopher://127.0.0.1:1"),
    "a proxy that is no address": _proxy(https_proxy="::::"),
    "a proxy with a port too large": _proxy(HTTPS_PROXY="http://127.0.0.1:99999"),
    "a proxy that is no text": _proxy(HTTPS_PROXY="http://\udcff"),
    "an odd NO_PROXY": _proxy(HTTPS_PROXY="http://127.0.0.1:1", NO_PROXY="[::1,*x,,:0/9"),
    "proxies before this machine": Surroundings(
        {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "socks5://127.0.0.1:1"}
    ),
    "certificates that are not there": _proxy(
        SSL_CERT_FILE="/there/is/none", HTTPS_PROXY="http://127.0.0.1:1"
    ),
    "certificates that are none": _proxy(SSL_CERT_FILE=__file__, HTTPS_PROXY="http://127.0.0.1:1"),
    "a folder as certificates": _proxy(SSL_CERT_FILE="/", HTTPS_PROXY="http://127.0.0.1:1"),
    "no folder of certificates": _proxy(SSL_CERT_DIR="/none", HTTPS_PROXY="http://127.0.0.1:1"),
    "keys of TLS to nowhere": _proxy(SSLKEYLOGFILE="/none/x", HTTPS_PROXY="http://127.0.0.1:1"),
    # -- words and bytes
    "locale C without UTF-8": Surroundings(
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ),
    "locale POSIX": Surroundings({"LC_ALL": "POSIX"}),
    "a locale that is not installed": Surroundings({"LC_ALL": "tr_TR.UTF-8"}),
    "a locale that is none": Surroundings({"LC_ALL": "\udcff/.."}),
    "streams in ASCII": Surroundings({"PYTHONIOENCODING": "ascii"}),
    "streams in ASCII, strictly": Surroundings({"PYTHONIOENCODING": "ascii:strict"}),
    "streams in code page 1252": Surroundings({"PYTHONIOENCODING": "cp1252"}),
    "streams in UTF-16": Surroundings({"PYTHONIOENCODING": "utf-16-le"}),
    "no TERM": Surroundings({"TERM": None}),
    "TERM=dumb": Surroundings({"TERM": "dumb"}),
    "a TERM that is none": Surroundings({"TERM": "\udcff" * 2000}),
    "NO_COLOR": Surroundings({"NO_COLOR": "1"}),
    "0 columns": Surroundings({"COLUMNS": "0", "LINES": "0"}),
    "-5 columns": Surroundings({"COLUMNS": "-5"}),
    "1 column": Surroundings({"COLUMNS": "1"}),
    "100,000 columns": Surroundings({"COLUMNS": "100000"}),
    "columns as text": Surroundings({"COLUMNS": "wide", "LINES": "high"}),
    "a time zone that is none": Surroundings({"TZ": "\udcff:/etc/passwd"}),
    # -- places
    "no HOME": _home(None),
    "an empty HOME": _home(""),
    "a HOME that is not there": Surroundings({"HOME": "/proc/none"}, frozenset({"sync", "update"})),
    "a file as HOME": _home(__file__),
    "a HOME that is relative": _home("home"),
    "a TMPDIR that is not there": Surroundings({"TMPDIR": "/there/is/none"}),
    "a file as TMPDIR": Surroundings({"TMPDIR": __file__}),
    "a state folder that takes nothing": Surroundings(
        {"XDG_STATE_HOME": "/proc/none"}, frozenset({"sync", "update"})
    ),
    "a state folder that is relative": Surroundings({"XDG_STATE_HOME": "state"}),
    # -- nobody there, or somebody who says no
    "CI": Surroundings({"CI": "true"}),
    "GITHUB_ACTIONS": Surroundings({"GITHUB_ACTIONS": "true"}),
    "a notebook": Surroundings({"JPY_PARENT_PID": "1"}),
    "DO_NOT_TRACK": Surroundings({"DO_NOT_TRACK": "1"}),
    "TITO_NO_SYNC": Surroundings({"TITO_NO_SYNC": "1"}),
    # -- numbers of threads, and our own
    "threads as text": Surroundings({"OMP_NUM_THREADS": "many", "OPENBLAS_NUM_THREADS": "-1"}),
    "a target that is none": Surroundings(
        {"TITO_KERNELS_TARGET": "abacus"}, frozenset({"doctor", "baseline"})
    ),
    **_OWN,
    # -- limits
    "24 open files": Surroundings(child=_limit(resource.RLIMIT_NOFILE, 24), fails=frozenset("*")),
    "8 open files": Surroundings(child=_limit(resource.RLIMIT_NOFILE, 8), fails=frozenset("*")),
    "files of 0 bytes": Surroundings(child=_limit(resource.RLIMIT_FSIZE, 0), fails=frozenset("*")),
    "files of 1,000 bytes": Surroundings(
        child=_limit(resource.RLIMIT_FSIZE, 1000), fails=frozenset("*")
    ),
    "no core": Surroundings(child=_limit(resource.RLIMIT_CORE, 0)),
    "a stack of 512 KiB": Surroundings(child=_limit(resource.RLIMIT_STACK, 2**19)),
    "a locked memory of nothing": Surroundings(child=_limit(resource.RLIMIT_MEMLOCK, 0)),
    "the lowest priority": Surroundings(child=lambda: os.nice(19)),
    "files for nobody but the owner": Surroundings(child=lambda: os.umask(0o777) and None),
    "files for everybody": Surroundings(child=lambda: os.umask(0) and None),
    "all signals blocked": Surroundings(
        child=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ),
    "all signals ignored": Surroundings(
        child=lambda: [
            signal.signal(number, signal.SIG_IGN)
            for number in (
                signal.SIGINT,
                signal.SIGTERM,
                signal.SIGHUP,
                signal.SIGPIPE,
                signal.SIGALRM,
            )
        ]
    ),
    "children that nobody waits for": Surroundings(
        child=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    ),
    # -- streams
    "no standard input": Surroundings(child=_closed(0)),
    "no standard output": Surroundings(child=_closed(1), fails=frozenset("*")),
    "no standard error": Surroundings(child=_closed(2)),
    "a full standard output": Surroundings(how={"stdout": "/dev/full"}, fails=frozenset("*")),
    "a reader who has left": Surroundings(how={"stdout": "left"}, fails=frozenset("*")),
}


def try_surroundings(part: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Try `count` of the surroundings with every command; `part` is which half of them."""
    outcome = Outcome()
    names = sorted(SURROUNDINGS)[int(part) :: 2]
    with Server(root / "server") as server:
        for number, name in enumerate(rng.sample(names, min(count, len(names)))):
            _try(name, root / str(number), server, outcome)
    return outcome


def _try(name: str, root: Path, server: Server, outcome: Outcome) -> None:
    odd = SURROUNDINGS[name]
    box = Sandbox(root)
    box.make()
    for slowdown in (2.0, 4.0):
        save_record(box.project / ".tito" / "benchmarks", made_record(slowdown=slowdown))
    server.behave(HEALTHY)
    box.connect(odd.api_url or server.url)
    box.do("community", "join", "--country", "ke", "--share")
    environ = {**box.environ, **odd.changes}
    environ = {name: value for name, value in environ.items() if value is not None}
    for words in _EVERY:
        how = dict(odd.how)
        if odd.child is not None:
            how["preexec_fn"] = odd.child
        if how.get("stdout") == "/dev/full":
            how["stdout"] = os.open("/dev/full", os.O_WRONLY)
        elif how.get("stdout") == "left":
            hear, how["stdout"] = os.pipe()
            os.close(hear)
        try:
            ran = start_command(words, box.project, environ, **how)
        finally:
            if isinstance(how.get("stdout"), int):
                os.close(how["stdout"])
        outcome.tried += 1
        verb = words[1] if len(words) > 1 and words[0] != "doctor" else words[0]
        may_fail = verb in odd.fails or "*" in odd.fails or verb == "doctor"
        silent = odd.how.get("stdout") == "left"
        shown = () if "*" in odd.fails else words  # else there may be nothing to be read
        wrong = fault(ran, shown, frozenset({0, 1} if may_fail else {0}))
        if wrong and not (silent and wrong == "it failed without a word"):
            outcome.failed.append(f"{' '.join(words)}, {name}: {wrong}\n{ran.said[-2000:]}")
    left = (box.project / ".tinytorch" / "community" / "profile.json").exists()
    if left and "*" not in odd.fails:
        outcome.failed.append(f"{name}: leave has left the profile where it was")
