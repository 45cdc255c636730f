"""Rehearse a release: everything is in an index on the loopback, and installed from it.

    python tools/rehearse.py [--before COMMIT]

Builds wheels and sdists of tito-bench and tito-bench-server, checks that their pages on an index
render, and installs them as the README says: `pip install tito-bench`, `uvx tito-bench`,
`pipx install tito-bench`, `pip install 'tito-bench[server]'`. Then upgrades over an earlier
version, with a project that was made by it: COMMIT, by default the newest tag, else the first
commit of the history that is here. Prints what was done as a table.
"""

import argparse
import json
import os
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain import ROOT, CommandFailed, run
from wheel_lab.building import lab
from wheel_lab.package_index import package_index
from wheel_lab.pythons import clean_environ, run_baseline

_EARLIER = "0.0.1"
"""The version given to what is upgraded from, where it states the present one."""
_VERSION = re.compile(r'^((?:__)?version(?:__)?) = "[^"]+"$', re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """Files of the release, and where people get them from."""

    files: list[Path]
    url: str
    work: Path

    def environ(self, **more: str) -> dict[str, str]:
        """Return an environment in which pip, uv and pipx look into our index first."""
        # What the release depends on still comes from the index that is set up on this machine.
        return {
            **clean_environ(),
            "PIP_EXTRA_INDEX_URL": self.url,
            "UV_INDEX": self.url,
            "UV_CACHE_DIR": str(self.work / "uv-cache"),
            **more,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", metavar="COMMIT", help="what is upgraded from")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tito-bench-rehearsal-") as name:
        work = Path(name)
        files = [*build(ROOT, work / "new"), *build(ROOT / "server", work / "new-server")]
        with package_index(work / "index", files) as url:
            release = Release(files, url, work)
            steps: tuple[tuple[str, Callable[[], str]], ...] = (
                ("pages of the index render", lambda: render(release)),
                ("pip install tito-bench", lambda: with_pip(release)),
                ("uvx tito-bench benchmark baseline", lambda: with_uvx(release)),
                ("pipx install tito-bench", lambda: with_pipx(release)),
                ("pip install 'tito-bench[server]'", lambda: with_server(release)),
                ("upgrade, with an old project", lambda: upgrade(release, options.before)),
            )
            print("| what | came of it | s |\n|---|---|---|")
            for what, do in steps:
                started = time.monotonic()
                try:
                    said = do()
                except CommandFailed as error:
                    failed += 1
                    said = f"FAILED: {error}"
                print(f"| {what} | {said} | {time.monotonic() - started:.0f} |", flush=True)
    return 1 if failed else 0


def build(sources: Path, out: Path) -> list[Path]:
    """Return the wheel and the sdist of the project at `sources`."""
    run(lab(), "-m", "build", "--outdir", out, sources)
    return sorted(out.iterdir())


def render(release: Release) -> str:
    return run(lab(), "-m", "twine", "check", "--strict", *release.files).strip().splitlines()[-1]


def with_pip(release: Release) -> str:
    python = _venv(release.work / "pip")
    run(python, "-m", "pip", "install", "-q", "tito-bench", environ=release.environ())
    return run_baseline([python.with_name("tito-bench")], release.work / "pip" / "project")


def with_uvx(release: Release) -> str:
    environ = release.environ()
    command = [lab().with_name("uv"), "tool", "run", "--python", sys.executable, "tito-bench"]
    return run_baseline(command, release.work / "uvx", environ)


def with_pipx(release: Release) -> str:
    home = release.work / "pipx"
    environ = release.environ(PIPX_HOME=str(home / "home"), PIPX_BIN_DIR=str(home / "bin"))
    run(lab(), "-m", "pipx", "install", "--python", sys.executable, "tito-bench", environ=environ)
    return run_baseline([home / "bin" / "tito-bench"], home / "project", environ)


def with_server(release: Release) -> str:
    python = _venv(release.work / "server")
    run(python, "-m", "pip", "install", "-q", "tito-bench[server]", environ=release.environ())
    script = python.with_name("tito-bench")
    said = run(script, "server", "--help", environ=clean_environ())
    return said.splitlines()[0]


def upgrade(release: Release, before: str | None) -> str:
    """Make a project with an earlier version, upgrade, and read it with this one."""
    commit = before or _before()
    old = _earlier(commit, release.work / "earlier")
    python, project = _venv(release.work / "upgrade"), release.work / "upgrade" / "project"
    script = python.with_name("tito-bench")
    wheel = next(file for file in build(old, release.work / "old") if file.suffix == ".whl")
    run(python, "-m", "pip", "install", "-q", wheel, environ=release.environ())
    run_baseline([script], project)
    run(script, "community", "join", "--yes", cwd=project, environ=clean_environ())
    run(python, "-m", "pip", "install", "-q", "--upgrade", "tito-bench", environ=release.environ())
    run_baseline([script], project)

    def read(*words: str) -> object:
        said = run(script, *words, "--json", cwd=project, environ=clean_environ())
        # What is for people stands beside it, on the other stream.
        return json.JSONDecoder().raw_decode(said, said.index("\n{") + 1)[0]

    found = read("benchmark", "history")
    records = found["records"] if isinstance(found, Mapping) else ()
    if len(records) != 2:
        raise CommandFailed(f"of two records, one of each version, {len(records)} are shown")
    read("benchmark", "compare", "latest~1", "latest")
    read("community", "profile")
    return f"from {commit[:12]}: history, compare and profile read what it made"


def _before() -> str:
    """Return the newest tag, else the first commit; of a shallow clone that may be the present."""
    tags = run("git", "tag", "--sort=-creatordate", cwd=ROOT).split()
    if tags:
        return tags[0]
    return run("git", "rev-list", "--max-parents=0", "HEAD", cwd=ROOT).split()[-1]


def _earlier(commit: str, folder: Path) -> Path:
    """Return the sources of `commit`, unpacked, with a version below the present one."""
    archive = folder.with_suffix(".tar")
    run("git", "archive", f"--output={archive}", commit, cwd=ROOT)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    for file in ("pyproject.toml", "src/tito_bench/__init__.py"):
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(_VERSION.sub(rf'\1 = "{_EARLIER}"', text, count=1), "utf-8")
    return folder


def _venv(home: Path) -> Path:
    run(sys.executable, "-m", "venv", home / "venv")
    return home / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


if __name__ == "__main__":
    sys.exit(main())
