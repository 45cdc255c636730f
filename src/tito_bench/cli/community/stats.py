"""`tito-bench community stats`: one's own way, or a class without its persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options, file_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.community.progress import Course
    from tito_bench.community.small_groups import Bin
    from tito_bench.records.read import CourseFile, RecordHeader

__all__ = ["add_parser", "run"]

_SHOWN_RECORDS = 12
_BAR_WIDTH = 20


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "stats",
        help="your own progress over time, or that of a class",
        description="Show your scores and progress over time. With --from: counts of a class from "
        "exported files, in which no group is small enough to point at a person. No rankings.",
    )
    parser.add_argument(
        "--from",
        dest="sources",
        nargs="+",
        type=file_path,
        metavar="DIR_OR_FILE",
        help="exported profiles and submissions of a class",
    )
    parser.add_argument(
        "--min-group",
        type=int,
        default=5,
        metavar="N",
        help="merge groups of fewer than N people (default: 5, at least 3)",
    )
    parser.add_argument(
        "--website", action="store_true", help="fetch the website's numbers, if it is on"
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Show one's own history, or a class."""
    from tito_bench.cli.community.community_context import open_session

    if options.sources:
        return _class(options, streams)
    session = open_session(options, streams)
    return _website(session) if options.website else _own(session)


def _own(session: CommunityContext) -> int:
    from tito_bench.cli.community.progress import course_of
    from tito_bench.community.profile import Progress
    from tito_bench.community.progress import refreshed
    from tito_bench.community.streaks import streaks

    profile = session.profile()
    course = course_of(session)
    progress = refreshed(profile.value.progress if profile else Progress(), course)
    history = _history(course)
    run_of_days = streaks(course.active_days, session.streams.now().date())
    if not session.streams.json:
        for kind in ("baseline", "capstone"):
            _chart(session, kind, [one for one in history if one["kind"] == kind])
        session.say(
            f"Modules completed: {progress.modules_completed}",
            f"Milestones passed: {progress.milestones_passed}{_milestones(course)}",
            f"Days in a row: {run_of_days.current_days} now, {run_of_days.longest_days} at most "
            f"({run_of_days.active_days} days in all)",
        )
        if profile is None:
            session.say("Join your cohort: tito-bench community join")
    session.finish(
        {
            "joined": profile is not None,
            "cohort": profile.value.context.cohort if profile else None,
            "progress": progress,
            "streaks": run_of_days,
            "history": history,
        }
    )
    return Exit.OK


def _milestones(course: Course) -> str:
    """Name the milestones that were passed, and the parts of those that were begun."""
    from tito_bench.community.progress import MILESTONES

    named = [MILESTONES[number] for number in sorted(course.milestones or ())]
    named += [
        f"of {MILESTONES[number]} part {', '.join(map(str, parts))}"
        for number, parts in sorted(course.milestone_parts.items())
    ]
    return f" ({', '.join(named)})" if named else ""


def _history(course: Course) -> list[dict[str, Any]]:
    """Return the records, and what TinyTorch's own commands left among them, oldest first."""
    found = [_record(one) for one in course.records]
    found += [_course_file(one) for one in course.course_files]
    return sorted(found, key=lambda one: (str(one["measured_at"] or ""), one["file"]))


def _record(record: RecordHeader) -> dict[str, Any]:
    return {
        "file": record.file,
        "kind": record.kind,
        "measured_at": record.created_at,
        "score": record.score,
        "status": record.verdict,
        "counts": record.verdict != "invalid",
    }


def _course_file(file: CourseFile) -> dict[str, Any]:
    return {
        "file": file.file,
        "kind": file.kind,
        "measured_at": file.measured_at,
        "score": file.score,
        "status": file.status,
        "counts": False,
    }


def _chart(session: CommunityContext, kind: str, history: Sequence[dict[str, Any]]) -> None:
    """Show one bar a record, oldest first."""
    session.say(f"{kind.capitalize()} scores over time:")
    if not history:
        session.say(f"  none yet: tito-bench benchmark {kind}")
    if len(history) > _SHOWN_RECORDS:
        session.say(f"  ({len(history) - _SHOWN_RECORDS} earlier ones not shown)")
    for one in history[-_SHOWN_RECORDS:]:
        day = one["measured_at"].date().isoformat() if one["measured_at"] else "?" * 10
        score, status = one["score"], one["status"]
        if one["counts"] and score is not None:
            note = "" if status == "stable" else f" ({status})"
            session.say(f"  {day} {_bar(session, score, 100)} {score:3.0f}{note}")
        else:
            session.say(f"  {day} - ({status if not one['counts'] else 'no score'})")
    session.say("")


def _bar(session: CommunityContext, value: float, full: float) -> str:
    filled = round(_BAR_WIDTH * value / full) if full else 0
    solid, empty = session.streams.symbol("█", "#"), session.streams.symbol("░", ".")
    return solid * filled + empty * (_BAR_WIDTH - filled)


def _class(options: argparse.Namespace, streams: Streams) -> int:
    """Show a class: no project is needed."""
    from tito_bench.community.classroom import SMALLEST_GROUP, exported_files, read_class
    from tito_bench.errors import UsageError

    if options.min_group < SMALLEST_GROUP:
        raise UsageError(f"--min-group: at least {SMALLEST_GROUP}, to protect every student")
    sources = [streams.cwd / source for source in options.sources]
    found = read_class(exported_files(sources), options.min_group)
    if streams.json:
        streams.write_json(found)
        return Exit.OK
    out = streams.people
    out.write(f"{found.people} people in {found.files} files\n")
    for count, what in (
        (found.unreadable, "could not be read as exports, profiles or submissions"),
        (found.unidentified, "hold no anonymous id, so they cannot be counted as people"),
    ):
        if count:
            out.write(f"{count} files {what}\n")
    if found.people < found.smallest_group:
        out.write(f"Fewer than {found.smallest_group} people: nothing more is shown.\n")
        return Exit.OK
    _tables(streams, found)
    return Exit.OK


def _tables(streams: Streams, found: Any) -> None:
    from rich import box
    from rich.table import Table

    from tito_bench.safe_text import plain

    tables: dict[str, dict[str, int]] = {
        "Cohort": found.cohorts,
        "Country": found.countries,
        "Course type": found.course_types,
        "Whose code": found.whose_code,
        "Modules completed": _labels(found.modules_completed),
        "Baseline score": _labels(found.baseline_scores),
        "Capstone score": _labels(found.capstone_scores),
    }
    console = streams.console()
    for title, counts in tables.items():
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column(title, overflow="fold")
        table.add_column("people", justify="right")
        for name, count in counts.items():
            table.add_row(plain(name), str(count))
        console.print(table)


def _labels(bins: Sequence[Bin]) -> dict[str, int]:
    labels: dict[str, int] = {}
    for one in bins:
        if one.low is None:
            label = "none" if one.high == 0 else f"none, or up to {one.high:g}"
        else:
            label = f"{one.low:g}" if one.low == one.high else f"{one.low:g} to {one.high:g}"
        labels[label] = one.count
    return labels


def _website(session: CommunityContext) -> int:
    """Fetch the community's numbers. Sends nothing but the request."""
    from tito_bench.errors import TitoBenchError
    from tito_bench.safe_text import safe_text
    from tito_bench.website.client import Client

    address = session.permission.address
    if not session.permission.allowed or address is None:
        session.say(f"Nothing was fetched: the website is {session.permission.reason}.")
        session.finish({"state": session.permission.reason, "website": None})
        return Exit.OK
    answer = Client(address).get("/api/community/stats")
    if answer.outcome != "accepted" or answer.document is None:
        raise TitoBenchError(f"the website gave no numbers: {answer.reason}; try again later")
    rows = [
        (safe_text(str(name), 60), safe_text(str(value), 60))
        for name, value in list(answer.document.items())[:50]
        if isinstance(value, str | int | float)
    ]
    if not session.streams.json:
        session.table(("what", "value"), rows, "From the website")
    session.finish({"state": session.permission.reason, "website": answer.document})
    return Exit.OK
