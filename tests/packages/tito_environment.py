"""A virtual environment in which tito-bench and a stand-in for TinyTorch come and go.

Both are real wheels, installed by the real pip, so that what happens to the
script `tito`, which both bring, is what happens to a student.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path

__all__ = ["TitoEnvironment", "Words"]

Words = tuple[str, ...]

_PIP = ("--disable-pip-version-check", "--quiet")
_INSTALL = ("install", "--no-index", "--no-deps", "--no-compile", "--no-cache-dir")
_AGAIN = (*_INSTALL, "--force-reinstall")
_WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class TitoEnvironment:
    """One environment, brought into the state that follows a history of steps.

    A step is "ours" or "theirs" (install), "newer ours" or "newer theirs"
    (upgrade), "repair ours" or "repair theirs" (the command that doctor and
    the README name), "no ours" or "no theirs" (uninstall).
    """

    def __init__(self, folder: Path, upstream: str, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._root = folder / "an environment"
        self._environ = {**environ, "PIP_CONFIG_FILE": os.devnull}
        ours = _own_files()
        wheels = {
            "ours": _wheel(folder, "tito_bench", "0.1.0", ours),
            "newer ours": _wheel(folder, "tito_bench", "0.1.1", ours),
            "theirs": _wheel(folder, "tinytorch", "0.2.0", _upstream_files(upstream)),
            "newer theirs": _wheel(folder, "tinytorch", "0.2.1", _upstream_files(upstream)),
        }
        self._steps: dict[str, Words] = {
            **{name: (*_INSTALL, str(wheel)) for name, wheel in wheels.items()},
            "repair ours": (*_AGAIN, str(wheels["ours"])),
            "repair theirs": (*_AGAIN, str(wheels["theirs"])),
            "no ours": ("uninstall", "--yes", "tito-bench"),
            "no theirs": ("uninstall", "--yes", "tinytorch"),
        }
        self._history: Words | None = None

    @property
    def scripts(self) -> Path:
        """The folder of the scripts."""
        return self._root / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def python(self) -> str:
        """The interpreter."""
        return str(self.scripts / "python")

    def script(self, name: str) -> str | None:
        """The path of a script, if there is one of that name."""
        return shutil.which(name, path=str(self.scripts))

    def bring_to(self, *history: str) -> None:
        """Bring the environment into the state that follows these steps, taken in this order."""
        if self._history == history:
            return
        snapshot = self._folder / "states" / "-".join(("state", *history)).replace(" ", "_")
        if snapshot.exists():
            shutil.rmtree(self._root, ignore_errors=True)
            shutil.copytree(snapshot, self._root, symlinks=True)
        elif history:
            self.bring_to(*history[:-1])
            self._pip(*self._steps[history[-1]])
            shutil.copytree(self._root, snapshot, symlinks=True)
        else:
            venv.create(self._root, with_pip=False, symlinks=sys.platform != "win32")
            shutil.copytree(self._root, snapshot, symlinks=True)
        self._history = history

    def run(
        self, name: str, *words: str, stdin: bytes = b"", environ: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a script of the environment."""
        script = self.script(name)
        assert script is not None, f"no script {name}"
        return subprocess.run(
            [script, *words],
            input=stdin,
            env={**self._environ, **environ},
            cwd=self._folder,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def _pip(self, *words: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", self.python, *_PIP, *words]
        subprocess.run(command, env=self._environ, cwd=self._folder, check=True, timeout=100)


def _own_files() -> dict[str, bytes]:
    """The files of the installed tito-bench as they were in its wheel, without its metadata."""
    found = distribution("tito-bench")
    files = {}
    for file in found.files or ():
        if file.parts[0] == "tito_bench" and "__pycache__" not in file.parts:
            files[file.as_posix()] = Path(str(file.locate())).read_bytes()
    return files | {"entry_points.txt": (found.read_text("entry_points.txt") or "").encode()}


def _upstream_files(main: str) -> dict[str, bytes]:
    """TinyTorch as far as its command goes."""
    return {
        "tito/__init__.py": b"",
        "tito/main.py": main.encode(),
        "entry_points.txt": b"[console_scripts]\ntito = tito.main:main\n",
    }


def _wheel(folder: Path, name: str, version: str, files: Mapping[str, bytes]) -> Path:
    """Write a wheel; a file without a folder is metadata."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
    placed = {path if "/" in path else f"{info}/{path}": data for path, data in files.items()}
    placed |= {f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": _WHEEL.encode()}
    record = "".join(f"{path},{_digest(data)},{len(data)}\n" for path, data in placed.items())
    placed[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for path, data in placed.items():
            packed.writestr(path, data)
    return wheel


def _digest(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
