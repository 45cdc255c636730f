"""A stand-in for the command of TinyTorch 0.2.0: its words, verbs and options, and nothing more.

`MAIN` is the source of `tito/main.py`. It prints what it understood as JSON, keeps what
`community sync --disable-auto` says as TinyTorch does, and ends with 7, or 2 for what it
does not know.
"""

from __future__ import annotations

__all__ = ["MAIN", "VERBS"]

# For each word its verbs, and for each verb the options it knows, as one line of the shell.
VERBS: dict[str, dict[str, tuple[str, ...]]] = {
    "setup": {"": ("",)},
    "update": {"": ("",)},
    "system": {"health": ("",), "info": ("",), "jupyter": ("",), "reset": ("",)},
    "module": {
        "start": ("01", "01 --exercise", "01 --assignment"),
        "complete": ("01",),
        "test": ("01",),
        "path": ("01",),
        "list": ("", "--json"),
        "status": ("",),
        "reset": ("01",),
    },
    "dev": {"test": ("",), "export": ("",)},
    "package": {"reset": ("",), "nbdev": ("",)},
    "nbgrader": {"generate": ("",)},
    "milestone": {"list": ("",), "run": ("03",), "status": ("",)},
    "community": {
        "login": ("",),
        "logout": ("",),
        "profile": ("",),
        "status": ("",),
        "map": ("",),
        "sync": ("", "--enable-auto", "--disable-auto"),
    },
    "benchmark": {"baseline": ("", "--skip-submit"), "capstone": ("", "--track speed")},
    "olympics": {"": ("",)},
}

MAIN = f"""
import argparse, json, os, sys
from pathlib import Path

VERBS = {VERBS!r}


def parser():
    top = argparse.ArgumentParser(prog="tito", description="TinyTorch")
    top.add_argument("--version", action="version", version="TinyTorch 0.2.0")
    top.add_argument("--verbose", "-v", action="store_true")
    top.add_argument("--no-color", action="store_true")
    words = top.add_subparsers(dest="command")
    for word, verbs in VERBS.items():
        group = words.add_parser(word)
        of_word = group.add_subparsers(dest="verb") if "" not in verbs else None
        for verb, lines in verbs.items():
            added = group if of_word is None else of_word.add_parser(verb)
            for line in lines:
                for option in line.split():
                    if option.startswith("--"):
                        takes = "store" if option == "--track" else "store_true"
                        added.add_argument(option, action=takes)
            if any(line[:1].isdigit() for line in lines):
                added.add_argument("number")
    return top


def main():
    found = parser().parse_args()
    if getattr(found, "disable_auto", False):
        home = Path.home() / ".tinytorch"
        home.mkdir(exist_ok=True)
        (home / "sync.json").write_text(json.dumps({{"auto_sync": False}}))
    consent = {{name: os.environ.get(name) for name in ("TITO_NO_SYNC", "CI")}}
    print(json.dumps({{"upstream": vars(found), "consent": consent}}))
    return 7
"""
