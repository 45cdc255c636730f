"""Installing as people do: each function is one of them, and says in a line what came of it."""

import shutil
import sys
import time
from pathlib import Path

from foreign_python import emulated_cpu
from toolchain import CommandFailed, run

from wheel_lab.building import lab
from wheel_lab.package_index import package_index
from wheel_lab.pythons import clean_environ, install_wheel, run_baseline

__all__ = ["NEWCOMERS", "refused_by_old_python"]

_COMPILER = (
    "cc",
    "gcc",
    "as",
    "ld",
    "ar",
    "ranlib",
    "strip",
    "sh",
    "uname",
    "env",
    "cat",
    "rm",
    "make",
)
_SOURCE_SECONDS = 30
_WHEEL_SECONDS = 5
_NOBODY = 54321
"""A user id that no account has."""


def from_source_with_only_a_compiler(folder: Path, sdist: Path, wheel: Path) -> str:
    """Run pip install SDIST where nothing but a C compiler is on the PATH."""
    del wheel
    python = _venv(folder)
    environ = {**clean_environ(), "PATH": str(_only(folder / "path", _COMPILER))}
    started = time.monotonic()
    run(python, "-m", "pip", "install", "-q", sdist, environ=environ)
    seconds = time.monotonic() - started
    said = run_baseline([_script(python)], folder / "project", environ)
    return f"{_within(seconds, _SOURCE_SECONDS)}; {said}"


def from_wheel_without_compiler(folder: Path, sdist: Path, wheel: Path) -> str:
    """Run pip install WHEEL with nothing on the PATH, its dependencies in pip's cache."""
    del sdist
    environ = {**clean_environ(), "PATH": str(_only(folder / "path", ())), "CC": "no-compiler"}
    warm, python = _venv(folder / "warm"), _venv(folder)
    install = ("-m", "pip", "install", "-q", "--only-binary", ":all:", wheel)
    run(warm, *install, environ=environ)
    started = time.monotonic()
    run(python, *install, environ=environ)
    seconds = time.monotonic() - started
    uv = _uv_seconds(folder / "uv", wheel)
    said = run_baseline([_script(python)], folder / "project", environ)
    return f"pip {_within(seconds, _WHEEL_SECONDS)}, uv {uv:.1f} s; {said}"


def with_uv_tool(folder: Path, sdist: Path, wheel: Path) -> str:
    """Run uv tool install WHEEL."""
    del sdist
    places = {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin")}
    environ = {**clean_environ(), **places}
    run(lab().with_name("uv"), "tool", "install", "--quiet", wheel, environ=environ)
    return run_baseline([folder / "bin" / "tito-bench"], folder / "project", environ)


def with_pipx_run(folder: Path, sdist: Path, wheel: Path) -> str:
    """Run pipx run --spec WHEEL tito-bench."""
    del sdist
    environ = {**clean_environ(), "PIPX_HOME": str(folder / "pipx")}
    command = [lab(), "-m", "pipx", "run", "--python", sys.executable, "--spec", wheel]
    return run_baseline([*command, "tito-bench"], folder / "project", environ)


def with_spaces_and_letters(folder: Path, sdist: Path, wheel: Path) -> str:
    """Run where the paths of environment and project have spaces and letters outside ASCII."""
    del sdist
    place = folder / "Zoë Müller" / "Κώδικας 深層学習"
    python = install_wheel(Path(sys.executable), place / "mein venv", wheel)
    return run_baseline([_script(python)], place / "Übung 1")


def with_read_only_site_packages(folder: Path, sdist: Path, wheel: Path) -> str:
    """Mount site-packages read-only, as in a computer lab. Needs root."""
    del sdist
    python = install_wheel(Path(sys.executable), folder / "venv", wheel)
    home, project = folder / "venv", folder / "project"
    mount = f"mount --bind '{home}' '{home}' && mount -o remount,bind,ro '{home}'"
    script = folder / "read-only"
    refuses = f"! touch '{home}/x' 2>/dev/null"
    script.write_text(f"#!/bin/sh\n{mount} && {refuses} && exec '{_script(python)}' \"$@\"\n")
    script.chmod(0o755)
    return run_baseline(["unshare", "--mount", script], project)


def without_home(folder: Path, sdist: Path, wheel: Path) -> str:
    """Run as a user without account: no name, no home, no variable that gives one. Needs root."""
    del sdist
    python = install_wheel(_readable_python(), folder / "venv", wheel)
    (folder / "project").mkdir(mode=0o777)
    (folder / "project").chmod(0o777)
    nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return run_baseline([*nobody, _script(python)], folder / "project", environ)


def on_a_cpu_without_avx2(folder: Path, sdist: Path, wheel: Path) -> str:
    """Run on an Intel Nehalem of 2008, under qemu: one AVX instruction would kill it."""
    del sdist
    python = install_wheel(Path(sys.executable), folder / "venv", wheel)
    script = emulated_cpu(folder, python, "Nehalem")
    said = run_baseline([script, "-m", "tito_bench"], folder / "project")
    if "kernels sse2" not in said:
        raise CommandFailed(f"not the kernels of this CPU: {said}")
    return said


NEWCOMERS = (
    from_source_with_only_a_compiler,
    from_wheel_without_compiler,
    with_uv_tool,
    with_pipx_run,
    with_spaces_and_letters,
    with_read_only_site_packages,
    without_home,
    on_a_cpu_without_avx2,
)


def refused_by_old_python(old: Path, folder: Path, files: list[Path]) -> str:
    """Ask pip and uv of Python 3.10 for tito-bench from an index that has `files`."""
    home = folder / "venv"
    run(lab().with_name("uv"), "venv", "--quiet", "--seed", "--python", old, home)
    python = home / "bin" / "python"
    with package_index(folder / "index", files) as url:
        pip = (python, "-m", "pip", "install", "--index-url", url, "tito-bench")
        said = run(*pip, environ=clean_environ(), expected=1)
        uv = (lab().with_name("uv"), "pip", "install", "--python", python, "--index-url", url)
        said_by_uv = run(*uv, "tito-bench", environ=clean_environ(), expected=1)
    for name, words in (("pip", said), ("uv", said_by_uv)):
        if "3.11" not in words or "Python" not in words:
            raise CommandFailed(f"{name} does not say why:\n{words}")
    reason = next(line for line in said.splitlines() if "3.11" in line)
    return f"pip: {reason.strip()}"


def _venv(folder: Path) -> Path:
    run(sys.executable, "-m", "venv", folder / "venv")
    return folder / "venv" / "bin" / "python"


def _script(python: Path) -> Path:
    return python.with_name("tito-bench")


def _only(folder: Path, programs: tuple[str, ...]) -> Path:
    """Return a folder with links to these programs, where they exist, and nothing else."""
    folder.mkdir(parents=True)
    for name in programs:
        found = shutil.which(name)
        if found is not None:
            (folder / name).symlink_to(Path(found).resolve())
    return folder


def _readable_python() -> Path:
    """Return a Python of 3.11 or newer that any user may run: not one in root's home."""
    for path in ("/usr/bin/python3", "/usr/local/bin/python3", sys.executable):
        if shutil.which(path):
            said = run(path, "-c", "import sys; print(sys.version_info >= (3, 11))")
            if said.strip() == "True":
                return Path(path)
    raise CommandFailed("no Python 3.11 or newer that any user may run")


def _uv_seconds(folder: Path, wheel: Path) -> float:
    install_wheel(Path(sys.executable), folder / "warm", wheel)
    started = time.monotonic()
    install_wheel(Path(sys.executable), folder / "timed", wheel)
    return time.monotonic() - started


def _within(seconds: float, most: float) -> str:
    """Return the time a person waited; more than was promised is said, not hidden."""
    return f"{seconds:.1f} s" + (f" (more than {most} s)" if seconds > most else "")
