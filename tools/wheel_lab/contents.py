"""What must be true of a wheel and an sdist before anybody installs them."""

import re
import zipfile
from pathlib import Path

from toolchain import CACHE, ROOT, CommandFailed, run

from wheel_lab.building import lab

__all__ = ["LARGEST_WHEEL_BYTES", "check_sdist", "check_wheel", "tags"]

LARGEST_WHEEL_BYTES = 1_000_000
"""What is shipped by accident (debug symbols, a data set) is larger than what is left to this."""

_NATIVE = re.compile(r"tito_bench/_native\.(abi3|cpython-3\d+t-\w+-linux-gnu)\.so")
_SYMBOL_SECTIONS = (b".symtab", b".debug_info", b".debug_line")
_SHIPPED = re.compile(
    r"(?:.*/)?"  # folders have entries of their own
    r"|tito_bench/(?:[a-z_]+/)*(?:[a-z0-9_]+\.(?:pyi?|npz|json|tsv)|py\.typed)"
    r"|tito_bench/report/templates/[a-z_]+\.(?:(?:html|svg)\.)?(?:jinja|css)"
    r"|tito_bench/completions/tito-bench\.(?:bash|zsh|fish|powershell)"
    r"|tito_bench-[\d.]+\.data/data/share/(?:man|bash-completion|zsh|fish)/.*"
    r"|tito_bench-[\d.]+\.dist-info/.*"
)


def tags(wheel: Path) -> str:
    """Return the last three parts of a wheel's name: Python, ABI and platforms."""
    return "-".join(wheel.stem.split("-")[-3:])


def check_wheel(wheel: Path, work: Path) -> str:
    """Return what was found, in one line.

    It was built in `work`: neither that nor another folder of this machine may be named in it.
    Raises CommandFailed where the wheel is wrong.
    """
    size = wheel.stat().st_size
    if size > LARGEST_WHEEL_BYTES:
        raise CommandFailed(f"{wheel.name}: {size} B, more than {LARGEST_WHEEL_BYTES}")
    with zipfile.ZipFile(wheel) as archive:
        _check_files(archive.namelist())
        # `work` also as part of a relative path.
        named = [work.name.encode(), *(f"{path}/".encode() for path in (CACHE, ROOT, Path.home()))]
        for name in archive.namelist():
            content = archive.read(name)
            found = next((folder for folder in named if folder in content), None)
            if found is not None:
                raise CommandFailed(f"{wheel.name}: {name} names {found.decode()}")
            if _NATIVE.fullmatch(name):
                left = [section for section in _SYMBOL_SECTIONS if section in content]
                if left:
                    raise CommandFailed(f"{wheel.name}: {name} has {left}: not stripped")
    python = lab()
    run(python, "-m", "abi3audit", "--strict", wheel)
    # W002, the same file twice: shells look for completions in `share`, the command in the package.
    run(python.with_name("check-wheel-contents"), "--ignore", "W002", wheel)
    run(python, "-m", "twine", "check", "--strict", wheel)
    return f"{size / 1000:.0f} kB; abi3audit, check-wheel-contents, twine: nothing found"


def check_sdist(sdist: Path) -> str:
    """Return the same of an sdist: what PyPI would refuse."""
    run(lab(), "-m", "twine", "check", "--strict", sdist)
    return f"{sdist.stat().st_size / 1000:.0f} kB; twine: nothing found"


def _check_files(names: list[str]) -> None:
    native = [name for name in names if _NATIVE.fullmatch(name)]
    if len(native) != 1:
        raise CommandFailed(f"one extension module expected, found {native}")
    odd = [name for name in names if name not in native and not _SHIPPED.fullmatch(name)]
    if odd:
        raise CommandFailed(f"shipped by mistake: {odd}")
