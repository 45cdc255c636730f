"""What the verbs that measure do with a record: options for it, saving, a submission, the exit."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import TYPE_CHECKING

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import add_verbose, file_path, points
from tito_bench.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tito_bench.cli.streams import Streams
    from tito_bench.records.project import ProjectRoot

_LATER = "tito-bench community submit latest"

__all__ = [
    "add_record_options",
    "check_output",
    "check_outputs",
    "exit_code",
    "first_problem",
    "offer_submission",
    "save",
    "say_whose_tito",
]


def add_record_options(parser: argparse.ArgumentParser) -> None:
    """Add `--strict`, `--verbose`, `--min-score`, `--output`, `--submit`, `--skip-submit`."""
    parser.add_argument("--strict", action="store_true", help="exit 3 if the result is not stable")
    add_verbose(parser)
    parser.add_argument(
        "--min-score", type=points, metavar="N", help="exit 1 if the score is below N (0 to 100)"
    )
    parser.add_argument(
        "--output", type=file_path, metavar="FILE", help="write the record to FILE as well"
    )
    submit = parser.add_mutually_exclusive_group()
    submit.add_argument(
        "--submit", action="store_true", help="prepare a submission without being asked"
    )
    submit.add_argument("--skip-submit", action="store_true", help="never ask about a submission")


def check_output(path: Path | None) -> None:
    """Fail before the measurement, not after it, where FILE cannot be written."""
    from tito_bench.records.store import check_writable, show_path

    if path is None:
        return
    if path.exists() and not path.is_file() and not path.is_dir():
        # It would be replaced, not written to.
        raise StoreError(f"cannot write {show_path(path)}: it is a device; name a file")
    check_writable(path)


def check_outputs(folder: Path, output: Path | None) -> None:
    """Fail before the measurement where neither FILE nor `folder` of the project takes a file.

    With FILE, that the project takes none is said after it.
    """
    from tito_bench.records.store import check_can_add

    check_output(output)
    if output is None:
        check_can_add(folder)


def first_problem(*writes: Callable[[], None]) -> StoreError | None:
    """Do all of them, whatever becomes of the others; return the first error."""
    problems = []
    for write in writes:
        try:
            write()
        except StoreError as error:
            problems.append(error)
    return problems[0] if problems else None


def save(
    data: bytes, kind: str, root: ProjectRoot, options: argparse.Namespace, streams: Streams
) -> tuple[str | None, StoreError | None]:
    """Keep a record in the project, and in FILE; where it is, and what went wrong.

    What cannot be saved is still to be shown, so the error is handed back.
    """
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.store import add_stamped, write_atomic

    paths: list[Path] = []

    def keep() -> None:
        paths.append(add_stamped(Layout(root.path).benchmarks, kind, streams.now(), data))

    def write_output() -> None:
        if options.output is not None:
            write_atomic(options.output, data)

    problem = first_problem(keep, write_output)
    return paths[0].relative_to(root.path).as_posix() if paths else None, problem


def offer_submission(
    record: bytes, root: ProjectRoot, options: argparse.Namespace, streams: Streams
) -> None:
    """Ask once in a project whether to prepare a submission; later, and without a terminal,
    only `--submit` does."""
    if options.skip_submit:
        return
    if not options.submit:
        if options.json or not streams.is_interactive() or _asked_before(root):
            return
        streams.people.write("\n")
        question = "Prepare a submission? It stays on this machine."
        yes = streams.confirm(question, flag="--submit or --skip-submit")
        _remember_asking(root)
        if not yes:
            streams.people.write(f"Not asked again; for later: {_LATER}\n")
            return
    from tito_bench.records.submission import SubmissionChoices, write_submission

    written = write_submission(root.path, record, SubmissionChoices(), streams.now())
    shown = written.relative_to(root.path).as_posix()
    streams.people.write(f"\nSubmission prepared: {shown}\nNothing left this machine.\n")


def _asked_before(root: ProjectRoot) -> bool:
    """Whether there is a folder of submissions, be it an empty one, as after a no."""
    from tito_bench.records.project_layout import Layout

    return Layout(root.path).submissions.exists()


def _remember_asking(root: ProjectRoot) -> None:
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.store import DISK

    with suppress(OSError):  # then it is asked again
        DISK.make_folder(Layout(root.path).submissions)


def exit_code(
    status: str, score: float | None, options: argparse.Namespace, streams: Streams
) -> int:
    """Return the exit code of a record with that verdict and score; say where it is too low."""
    if status == "invalid" or score is None:
        return Exit.FAILED
    if options.min_score is not None and score < options.min_score:
        asked = f"{options.min_score:g}"
        streams.people.write(f"\nThe score is {score:.1f}: below --min-score {asked}.\n")
        return Exit.FAILED
    if options.strict and status == "unstable":
        return Exit.UNSTABLE
    return Exit.OK


def say_whose_tito(streams: Streams) -> None:
    """End a run with whose the script `tito` is, where TinyTorch has put its own in our place."""
    from tito_bench.doctor.scripts import own_folder, taken_back
    from tito_bench.report.wording import words
    from tito_bench.report.wrapping import wrapped

    found = taken_back(streams.environ, own_folder())
    if found is not None:
        streams.people.write("\n")
        for line in wrapped(" ".join(words(found)), streams.console().width):
            streams.people.write(f"{line}\n")
