"""`tito-bench community stats`: one's own way, or a class without its persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options, file_path, points
from tito_bench.errors import StoreError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import TextIO

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.community.classroom import ClassStatistics
    from tito_bench.community.progress import Course
    from tito_bench.community.small_groups import Bin
    from tito_bench.records.read import CourseFile, RecordHeader

__all__ = ["add_parser", "run"]

_SHOWN_RECORDS = 12
_SHOWN_UNREAD = 20
_ROWS_AT_ONCE = 1000
_BAR_WIDTH = 20


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "stats",
        help="your own progress over time, or that of a class",
        description="Show your scores and progress over time. With --from: counts of a class from "
        "exported files, in which no group is small enough to point at a person. No rankings. "
        "With --from and --csv: a gradebook, one line a file, for you alone.",
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
        "--roster",
        type=file_path,
        metavar="FILE",
        help="with --from and --csv: your own list of names, as CSV: file or anonymous id, name",
    )
    parser.add_argument(
        "--at-least",
        type=points,
        metavar="N",
        help="with --from and --csv: a column that says whether the best score reaches N",
    )
    parser.add_argument(
        "--recheck",
        type=file_path,
        metavar="DIR",
        help="measure the project in each folder of DIR again on this machine, three times each; "
        "this runs the code in them",
    )
    parser.add_argument(
        "--website", action="store_true", help="fetch the website's numbers, if it is on"
    )
    add_common_options(parser, "csv")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Show one's own history, or a class."""
    from tito_bench.cli.community.community_context import open_session

    if options.recheck is not None:
        return _recheck(options, streams)
    if options.sources:
        return _gradebook(options, streams) if options.csv else _class(options, streams)
    for option in ("csv", "roster", "at_least"):
        if getattr(options, option) not in {None, False}:
            raise UsageError(f"--{option.replace('_', '-')} goes with --from FOLDER")
    session = open_session(options, streams)
    return _website(session) if options.website else _own(session)


def _own(session: CommunityContext) -> int:
    from tito_bench.cli.community.progress import course_of
    from tito_bench.community.profile import Progress
    from tito_bench.community.progress import refreshed
    from tito_bench.community.streaks import streaks
    from tito_bench.report.numbers import counted

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
            f"({counted(run_of_days.active_days, 'day')} in all)",
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
    from tito_bench.community.classroom import SMALLEST_GROUP, read_class
    from tito_bench.community.handed_in import exported_files
    from tito_bench.report.numbers import counted

    if options.min_group < SMALLEST_GROUP:
        raise UsageError(f"--min-group: at least {SMALLEST_GROUP}, to protect every student")
    sources = [streams.cwd / source for source in options.sources]
    found = read_class(exported_files(sources), options.min_group, streams.now())
    if streams.json:
        streams.write_json(found)
        return Exit.OK
    out = streams.people
    people = counted(found.people, "person", "people")
    out.write(f"{people} in {counted(found.files, 'file')}\n")
    if found.unidentified:
        why = "without an anonymous id, which says nothing of how many people"
        out.write(f"{counted(found.unidentified, 'file')} {why}\n")
    _unread(found, out)
    if found.people < found.smallest_group:
        out.write(f"Fewer than {found.smallest_group} people: nothing more is shown.\n")
        return Exit.OK
    _tables(streams, found)
    return Exit.OK


def _unread(found: ClassStatistics, out: TextIO) -> None:
    """Name the files that are in no table, the first of many."""
    from pathlib import Path

    from tito_bench.records.store import show_path
    from tito_bench.report.numbers import counted

    if found.unreadable:
        out.write(f"In no table: {counted(len(found.unreadable), 'file')}\n")
    out.writelines(
        f"  {show_path(Path(file.file))}: {file.reason}\n"
        for file in found.unreadable[:_SHOWN_UNREAD]
    )
    more = len(found.unreadable) - _SHOWN_UNREAD
    if more > 0:
        out.write(f"  and {more} more; --json names all\n")


def _gradebook(options: argparse.Namespace, streams: Streams) -> int:
    """Write a line for each file as it is read: a class may be large."""
    from itertools import islice

    from tito_bench.community.gradebook import read_gradebook, read_roster
    from tito_bench.community.handed_in import exported_files
    from tito_bench.records.store import read_bytes, show_path
    from tito_bench.report.gradebook_table import gradebook_columns
    from tito_bench.report.table import csv_text

    roster = {}
    if options.roster is not None:
        path = streams.cwd / options.roster
        data = read_bytes(path)
        if data is None:
            raise StoreError(f"--roster: there is no file {show_path(path)}; check the name")
        roster = read_roster(data, show_path(path))
    sources = [streams.cwd / source for source in options.sources]
    rows = read_gradebook(exported_files(sources), roster, options.at_least, streams.now())
    columns = gradebook_columns(options.at_least)
    streams.write_document(csv_text(columns, list(islice(rows, _ROWS_AT_ONCE))))
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        streams.write_document(csv_text(columns, part, head=False))
    return Exit.OK


def _recheck(options: argparse.Namespace, streams: Streams) -> int:
    """Measure handed-in projects; exit code 1 where one of them has no score."""
    from tito_bench.cli.live import live_progress
    from tito_bench.community.recheck import projects_in, recheck, summarise_recheck
    from tito_bench.report.recheck_table import RECHECKED, recheck_lines
    from tito_bench.report.table import csv_text

    projects = projects_in(streams.cwd / options.recheck)
    with live_progress(streams) as progress:
        found = [recheck(project, streams.environ, streams.now, progress) for project in projects]
    summary = summarise_recheck(found, options.min_group)
    if options.csv:
        streams.write_document(csv_text(RECHECKED, found))
    elif streams.json:
        streams.write_json({"packages": found, "class": summary})
    else:
        for line in recheck_lines(found, summary, streams.console().width):
            streams.people.write(f"{line}\n")
    return Exit.OK if all(one.score is not None for one in found) else Exit.FAILED


def _tables(streams: Streams, found: ClassStatistics) -> None:
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
    for kind, middle in (("baseline", found.baseline_median), ("capstone", found.capstone_median)):
        if middle is not None:
            console.print(f"Median {kind} score: {middle}")
    for title, counts in tables.items():
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column(title, overflow="fold")
        table.add_column("people", justify="right")
        for name, count in counts.items():
            table.add_row(plain(name), str(count))
        console.print(table)
    if found.hardest:
        console.print("What the class found hard: times as long as native code, by the middle one")
        for one in found.hardest:
            name = one.name.replace("_", " ")
            console.print(plain(f"  {name}: {one.slowdown:g}x ({one.people} people)"))


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
