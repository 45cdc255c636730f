"""`tito-bench community export`: profile and submissions as one file for an instructor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options, file_path

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "export",
        help="write profile and submissions into one file for your instructor",
        description="Write one JSON file with the shareable part of your profile and all your "
        "submissions. You hand it over yourself; nothing is sent.",
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=file_path,
        metavar="FILE",
        help="default: tinytorch_export_<time>.json in the project; an existing file is kept",
    )
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Collect, write, show."""
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.records.store import add_stamped, show_path, write_atomic, write_new
    from tito_bench.website.payload import body_bytes

    session = open_session(options, streams)
    document = _collected(session)
    data = body_bytes(document)
    disk, now = session.documents.disk, streams.now()
    if options.file is None:
        path = add_stamped(session.layout.root, "tinytorch_export", now, data, disk)
    else:
        path = streams.cwd / options.file
        (write_atomic if options.force else write_new)(path, data, disk)
    session.say(f"Exported to {show_path(path)}, exactly:")
    session.show_exactly(data)
    session.say("Nothing left this machine: hand the file over yourself.")
    session.finish(document | {"path": str(path)})
    return Exit.OK


def _collected(session: CommunityContext) -> dict[str, Any]:
    from tito_bench import __version__
    from tito_bench.records.store import utc_text
    from tito_bench.website.payload import profile_payload

    profile = session.joined_profile().value
    return {
        "schema": 1,
        "kind": "community_export",
        "exported_at": utc_text(session.streams.now()),
        "tito_bench_version": __version__,
        "profile": profile_payload(profile),
        "submissions": _submissions(session),
    }


def _submissions(session: CommunityContext) -> list[dict[str, Any]]:
    """Collect the submissions of this program and those that TinyTorch's own commands left."""
    from tito_bench.errors import CorruptFile
    from tito_bench.records.schema import Unreadable, decode
    from tito_bench.records.store import read_bytes, show_path
    from tito_bench.records.submission import SUBMISSION, shared_part, submission_object

    found: list[dict[str, Any]] = []
    for path in sorted(session.layout.submissions.glob("*.json")):
        try:
            document = session.documents.load(SUBMISSION, path)
        except CorruptFile as error:
            session.say(f"Note: {error}")
            continue
        if document is not None:
            found.append(submission_object(shared_part(document.value)))
    for path in sorted(session.layout.course_submissions.glob("*.json")):
        data = read_bytes(path, session.documents.disk)
        try:
            old = decode(SUBMISSION, data or b"", show_path(path))
        except Unreadable as error:  # not ours: neither moved nor repaired
            session.say(f"Note: {show_path(path)} is left out: {error}")
            continue
        found.append(submission_object(shared_part(old.value)))
    return found
