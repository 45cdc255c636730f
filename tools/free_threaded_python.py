"""A Python without a GIL, where no package has one: from the source of Debian's Python.

    python tools/free_threaded_python.py FOLDER

Debian packages no free-threaded Python, and there is none on PyPI or in npm that does not fetch it
from elsewhere when it is installed; but any Python of 3.13 or newer builds as one. Takes Debian,
root and some minutes of compiling.
"""

import os
import sys
import tarfile
from pathlib import Path

from toolchain import CommandFailed, install_debian, run, virtual_environment

__all__ = ["VERSION", "install", "make"]

VERSION = "3.13"
_SUITE = "trixie"
# What Python's own modules are compiled with; without ssl no pip runs, so uv installs for it.
_LIBRARIES = ("build-essential", "libffi-dev", "zlib1g-dev")
_OPTIONS = (
    "--quiet", "--disable-gil", "--disable-test-modules", "--without-ensurepip", "CFLAGS=-O1 -g0",
)  # fmt: skip


def make(folder: Path) -> Path:
    """The interpreter, installed in folder/python."""
    folder.mkdir(parents=True, exist_ok=True)
    install_debian(*_LIBRARIES)
    with tarfile.open(_source(folder / "source")) as archive:
        archive.extractall(folder / "build", filter="data")
    sources = next((folder / "build").iterdir())
    run("./configure", *_OPTIONS, f"--prefix={folder / 'python'}", cwd=sources)
    run("make", "-s", f"-j{os.cpu_count()}", cwd=sources)
    run("make", "-s", "install", cwd=sources)
    return folder / "python" / "bin" / f"python{VERSION}t"


def install(python: Path, home: Path, uv: Path, sdist: Path, *packages: str) -> Path:
    """The interpreter of a new virtual environment with `packages`, and tito-bench alone.

    Without its dependencies: msgspec has no build for this Python, and the kernels need none.
    """
    run(uv, "venv", "--quiet", "--python", python, home)
    inside = home / "bin" / "python"
    pip = (uv, "pip", "install", "--quiet", "--python", inside)
    run(*pip, "--only-binary", ":all:", *packages)
    run(*pip, "--no-deps", sdist)
    return inside


def _source(folder: Path) -> Path:
    """The archive that Debian builds its Python from, by way of apt and this machine's mirror."""
    (folder / "lists" / "partial").mkdir(parents=True)
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)",
                 "Created-By: Packages", "Origin: Debian")  # fmt: skip
    mirrors = [words[0] for words in map(str.split, listed.splitlines()) if words[-1] == "main"]
    if not mirrors:
        raise CommandFailed("apt-get knows no mirror of Debian's packages")
    sources = folder / "sources.list"
    mirror = min(mirrors, key=len)  # that of security updates is longer
    sources.write_text(f"deb-src [check-valid-until=no] {mirror} {_SUITE} main\n")
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    run(*apt, "update")
    run(*apt, "source", "--download-only", "--tar-only", f"python{VERSION}", cwd=folder)
    return next(folder.glob("*.orig.tar.*"))


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    python = make(folder)
    uv = virtual_environment(folder / "uv", "uv").with_name("uv")
    print(f"{python}\nto install for it: {uv} pip install --python {python} ...")
    return 0


if __name__ == "__main__":
    sys.exit(main())
