"""Every check of this project by name: `nox -s lint`, `nox -l` lists them.

CI runs the same sessions (`.ci/run`). Each has a virtual environment of its own, made from what
pyproject.toml asks for.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "imports", "types", "tests"]

ROOT = Path(__file__).parent


def requirements(*extras: str) -> list[str]:
    """Return what this project needs to run, and what each of its `extras` adds."""
    project = nox.project.load_toml(ROOT / "pyproject.toml")["project"]
    added = (one for name in extras for one in project["optional-dependencies"][name])
    return [*project["dependencies"], *added]


def project(*extras: str) -> str:
    """Return what to install: this checkout, or the wheel of it that TITO_BENCH_WHEEL names."""
    what = os.environ.get("TITO_BENCH_WHEEL", ".")
    return f"{what}[{','.join(extras)}]" if extras else what


def has_server() -> bool:
    """Return whether the community server is in this checkout."""
    return (ROOT / "server" / "pyproject.toml").is_file()


@nox.session
def lint(session: nox.Session) -> None:
    """Code style, workflows, pyproject.toml and shell scripts."""
    session.install(*requirements("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "tools/lint_workflows.py")


@nox.session
def imports(session: nox.Session) -> None:
    """Arrows between folders only go down."""
    session.install(*requirements("lint"))
    session.run("lint-imports", env={"PYTHONPATH": "src"})


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict."""
    session.install(*requirements("lint", "website"))
    session.run("mypy")
    if has_server():
        session.install(project(), "./server[test]")
        with session.chdir("server"):
            session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, those of pages, pictures and notebooks included; words go on to pytest."""
    session.install(project("test", "png", "browser", "notebook"))
    session.run("pytest", *session.posargs)


@nox.session
def server(session: nox.Session) -> None:
    """Run the tests of the community server, where it is in this checkout."""
    if not has_server():
        session.skip("there is no server/ in this checkout")
    session.install(project("website"), "./server[test]")
    with session.chdir("server"):
        session.run("pytest", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Break the files that differ from `main` in named ways, each of which a test must see."""
    session.run("python", "tools/mutants.py", *(session.posargs or ["--since", "main"]))


@nox.session
def robustness(session: nox.Session) -> None:
    """Try to break the commands; `-- --short` for a few tries of each area."""
    session.install(".[test]")
    session.run("python", "tools/break_it.py", *session.posargs)


@nox.session
def kernels(session: nox.Session) -> None:
    """Run the kernels under sanitizers, and clang-tidy."""
    session.install(project("test"))
    session.run("python", "tools/sanitize.py", *session.posargs)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build sdist and wheels and look into them; `-- --quick` for one wheel."""
    session.run("python", "tools/build_wheels.py", *session.posargs)


@nox.session
def rehearse(session: nox.Session) -> None:
    """Install a release as people do, from an index on the loopback; upgrade an old project."""
    session.run("python", "tools/rehearse.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Check every link, file and command that a document names, and build the site."""
    session.install(project("test", "docs"))
    session.run("pytest", "tests/test_docs.py", "tests/test_readme.py", "tests/test_shell_files.py")
    out = session.posargs[0] if session.posargs else session.create_tmp() + "/site"
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "--quiet", "docs", out)
    session.log(f"site: {out}/index.html")
