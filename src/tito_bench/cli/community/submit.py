"""`tito-bench community submit`: make a submission of a benchmark record, on this machine."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tito_bench.cli.community.questions import add_share_flag
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options
from tito_bench.cli.record_selector import naming_skipped
from tito_bench.records.record_words import RECORD_WORDS
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.records.submission import SubmissionChoices

__all__ = ["add_parser", "run"]

_CHOICES = {
    "system-info": "the machine's hardware and the versions of Python, NumPy and BLAS",
    "anonymous-id": "your random id",
}


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "submit",
        help="prepare a submission from a benchmark record",
        description="Show exactly what a submission would hold and write it to "
        ".tinytorch/submissions/. It stays on this machine.",
    )
    parser.add_argument(
        "record",
        metavar="RECORD",
        help=RECORD_WORDS,
    )
    for flag, what in _CHOICES.items():
        parser.add_argument(
            f"--{flag}", action=argparse.BooleanOptionalAction, help=f"include {what}"
        )
    parser.add_argument("--dry-run", action="store_true", help="show it, write nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing; include what flags name")
    add_share_flag(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Build it, show its bytes, write it."""
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.records.store import add_stamped
    from tito_bench.records.submission import build_submission, submission_bytes
    from tito_bench.website.sharing import share

    session = open_session(options, streams)
    session.check_local()
    source, record = _record(options.record, session)
    now = streams.now()
    choices, identifier = _choices(options, session)
    data = submission_bytes(build_submission(record, choices, now, identifier))
    session.say(f"The submission of {source}, exactly:")
    session.show_exactly(data)
    path = None
    if options.dry_run:
        session.say("Dry run: nothing was written.")
    elif not session.asks or streams.confirm("Write it?", flag="--yes", default=True):
        written = add_stamped(session.layout.submissions, record["kind"], now, data)
        path = session.layout.shown(written)
        session.say(f"Submission prepared: {path}")
        share(session.sharing(), ("benchmarks",), options.share)
    session.finish({"record": source, "path": path, "bytes": data.decode()})
    return Exit.OK


def _record(word: str, session: CommunityContext) -> tuple[str, dict[str, Any]]:
    """Return the name for people of the record that `word` means, and all that is in it.

    Words count only records that count. Raises `UsageError` where none is meant, and
    `StoreError` where what is meant is none, or none that counts.
    """
    from dataclasses import replace

    from tito_bench.errors import StoreError
    from tito_bench.foreign_json import decode_foreign_json
    from tito_bench.records.read import choose_record, read_history
    from tito_bench.records.store import show_path

    folder, disk = session.layout.benchmarks, session.documents.disk
    cwd, now = session.streams.cwd, session.streams.now()
    history = read_history(folder, now, disk)
    counted = tuple(entry for entry in history.entries if entry.verdict != "invalid")
    for skipped in history.skipped:
        if skipped.skip == "unreadable":  # which may be the one that is meant
            raise StoreError(f"cannot read {show_path(folder / skipped.file)}: {skipped.detail}")
    named = (cwd / word, folder / word)
    if history.entries and not counted and not any(path.is_file() for path in named):
        raise StoreError("there is no record that counts; run: tito-bench benchmark baseline")
    with naming_skipped(history, session.streams):
        chosen = choose_record(word, replace(history, entries=counted), cwd, now, disk=disk)
        if chosen.entry.verdict == "invalid":
            raise StoreError(
                f"{show_path(chosen.path)} does not count (invalid); run the benchmark again"
            )
    # Of the bytes that were checked, whatever the file holds by now.
    record: dict[str, Any] = decode_foreign_json(chosen.data, unique_keys=False)
    return safe_text(chosen.path.name), record


def _choices(
    options: argparse.Namespace, session: CommunityContext
) -> tuple[SubmissionChoices, str | None]:
    """Return what the student agrees to include; without an answer it is left out."""
    from tito_bench.records.submission import SubmissionChoices

    profile = session.profile()
    identifier = profile.value.anonymous_id if profile else None
    system_info = _agreed(options.system_info, "system-info", session)
    anonymous_id = identifier is not None and _agreed(options.anonymous_id, "anonymous-id", session)
    if options.anonymous_id and identifier is None:
        session.say("No anonymous id is included: you have not joined here.")
    return SubmissionChoices(system_info, anonymous_id), identifier


def _agreed(given: bool | None, flag: str, session: CommunityContext) -> bool:
    if given is not None:
        return given
    if session.asks:
        return session.streams.confirm(f"Include {_CHOICES[flag]}?", flag=f"--{flag}")
    session.say(f"Left out: {_CHOICES[flag]} (--{flag} includes it).")
    return False
