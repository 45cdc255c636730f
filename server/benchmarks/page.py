"""Writes docs/measured/server.md: what every command here prints.

    python benchmarks/page.py [COMMAND ...] [--list] [--printed FILE]

All of them take hours on a machine that does nothing else. With COMMAND, such as "mentors.py",
only those that begin so run, and the rest of the page stays as it is. With --printed they do not
run either: FILE says what the one COMMAND printed elsewhere, such as by a long run in pieces.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

_SERVER = Path(__file__).resolve().parents[1]
_PAGE = _SERVER.parent / "docs" / "measured" / "server.md"
_TITLE = """# The community server, measured

Written by `python benchmarks/page.py` in `server/`: what each command printed, with the machine
and the load of others at the start. Rates and times are of that machine; only CPU, bytes and what
stands side by side in one run carry over. What follows from them: [scale.md](../design/scale.md).
"""
_COMMANDS = (
    ("load.py", "Messages: group commit beside one transaction a message; wrk, 32 connections"),
    ("million.py", "A million members on SQLite, and a release of all tables beside writes"),
    ("million.py --postgresql", "The same on PostgreSQL"),
    ("mentors.py", "10,000 ask for mentors at once, on SQLite"),
    ("mentors.py --postgresql", "The same on PostgreSQL"),
    ("streams.py", "5,000 streams in one process"),
    ("streams.py --postgresql", "The same in two processes, which PostgreSQL tells of each other"),
    ("forget.py", "Forgetting a day of a million students beside writes, on SQLite"),
    ("forget.py --postgresql", "The same on PostgreSQL"),
    ("move.py", "A million members from SQLite to PostgreSQL while students send"),
    ("kill.py", "kill -9 under load"),
    ("kill.py --postgresql", "The same on PostgreSQL"),
    ("restart.py", "Starting, and memory when idle"),
    ("watcher.py", "How often a watcher of two releases is right (see privacy.md)"),
    (
        "PEERS_STEPS=100000 pytest -q -s tests/peers/test_machine.py",
        "Groups, matches, blocks: 100,000 random steps on each database",
    ),
    (
        "SCHEMATHESIS_CASES=2000 pytest -q tests/test_api.py",
        "docs/api.yaml: 2,000 generated requests an operation and way, every answer documented",
    ),
)


def _run(command: str) -> str:
    """Run one of the commands; what it printed. Raises CalledProcessError."""
    environ = dict(os.environ)
    words = shlex.split(command)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environ[name] = value
    program = ["-m", *words] if words[0] == "pytest" else [f"benchmarks/{words[0]}", *words[1:]]
    return subprocess.run(
        [sys.executable, *program], cwd=_SERVER, env=environ, check=True, stdout=subprocess.PIPE,
        text=True,
    ).stdout  # fmt: skip


def _sections(page: str) -> dict[str, str]:
    """Return what stands on the page by the command that printed it."""
    found = re.findall(
        r"```text\n\$ (?:python (?:benchmarks/)?)?(.*?)\n(.*?)\n```", page, re.DOTALL
    )
    return dict(found)


def _written(printed: dict[str, str]) -> str:
    text = _TITLE
    for command, words in _COMMANDS:
        if command in printed:
            shown = command if "pytest" in command else f"python benchmarks/{command}"
            text += f"\n## {words}\n\n```text\n$ {shown}\n{printed[command]}\n```\n"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", metavar="COMMAND")
    parser.add_argument("--list", action="store_true", help="only show which there are")
    parser.add_argument("--printed", metavar="FILE", type=Path, help="what was printed elsewhere")
    options = parser.parse_args()
    is_meant = str.__eq__ if options.printed else str.startswith
    chosen = [
        command
        for command, _ in _COMMANDS
        if not options.commands or any(is_meant(command, one) for one in options.commands)
    ]
    printed = _sections(_PAGE.read_text(encoding="utf-8")) if _PAGE.exists() else {}
    for command in chosen:
        print(command, flush=True)
        if not options.list:
            text = options.printed.read_text(encoding="utf-8") if options.printed else _run(command)
            printed[command] = text.strip()
            _PAGE.write_text(_written(printed), encoding="utf-8")


if __name__ == "__main__":
    main()
