"""Which scripts of a name are on PATH, and whose they are.

TinyTorch's own distribution installs a script `tito` as well; pip lets the
last one win, without a word.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from tito_bench.note import Note

__all__ = ["Owner", "Script", "find_scripts", "judge_scripts", "own_folder", "taken_back"]

Owner = Literal["tito-bench", "TinyTorch", "another program"]

_HEAD_BYTES = 65_536
_UPSTREAM = Note("upstream_tito", "warning", "tito", "TinyTorch")


class Script(msgspec.Struct, frozen=True):
    """A script on PATH: the folder it is in, whose it is, and whether it is of this Python."""

    name: str
    folder: str
    owner: Owner
    of_this_python: bool


def own_folder() -> Path:
    """Return the folder of this Python's scripts."""
    return Path(sysconfig.get_path("scripts"))


def find_scripts(name: str, environ: Mapping[str, str], own: Path) -> list[Script]:
    """Return all scripts of this name, in the order in which a shell finds them."""
    found = []
    for folder in dict.fromkeys(environ.get("PATH", "").split(os.pathsep)):
        path = shutil.which(name, path=folder) if folder else None
        # On Windows `which` looks in the current folder as well, whatever it is told.
        if path is not None and _same(Path(path).parent, Path(folder)):
            script = Path(path)
            # pipx and uv put links to the scripts of hidden environments on PATH.
            of_this_python = _same(script.resolve().parent, own) or _same(script.parent, own)
            found.append(Script(name, folder, _owner(script), of_this_python))
    return found


def judge_scripts(tito: list[Script], tito_bench: list[Script]) -> list[Note]:
    """Find what is wrong with the scripts found; nothing of it stops a measurement."""
    findings = []
    for name, scripts in (("tito-bench", tito_bench), ("tito", tito)):
        if scripts is tito and not tito and any(s.of_this_python for s in tito_bench):
            # They were installed together; uninstalling TinyTorch takes the one that it has too.
            findings.append(Note("lost_tito", "warning", name, ""))
        elif not scripts:
            findings.append(Note("no_tito", "info", name, ""))
        elif _is_upstreams(scripts):
            findings.append(_UPSTREAM)
        elif scripts[0].owner != "tito-bench":
            findings.append(Note("foreign_tito", "warning", name, scripts[0].owner))
        elif not scripts[0].of_this_python:
            findings.append(Note("hidden_tito", "warning", name, scripts[0].folder))
    return findings


def taken_back(environ: Mapping[str, str], own: Path) -> Note | None:
    """Return the finding of `judge_scripts` that TinyTorch has put its own `tito` in our place."""
    scripts = find_scripts("tito", environ, own)
    return _UPSTREAM if _is_upstreams(scripts) else None


def _is_upstreams(scripts: list[Script]) -> bool:
    """Tell whether a shell finds TinyTorch's script, in the folder where ours would be."""
    return bool(scripts) and scripts[0].owner == "TinyTorch" and scripts[0].of_this_python


def _owner(path: Path) -> Owner:
    text = _text(path)
    if "tito_bench" in text:
        return "tito-bench"
    if "tito.main" in text or "tinytorch" in text.lower():
        return "TinyTorch"
    return "another program"


def _text(path: Path) -> str:
    """Return the Python text of a script; on Windows it is packed at the end of an .exe."""
    try:
        with zipfile.ZipFile(path) as packed:
            return packed.read("__main__.py").decode("utf-8", "replace")
    except (OSError, KeyError, zipfile.BadZipFile):
        pass
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
