"""`tito-bench community cohort`: how far one's cohort is, and where one is in it.

The server tells everybody the same; the place in it is worked out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.community.peers import Peers, Span
    from tito_bench.community.profile import Progress
    from tito_bench.website.community_api import About, CohortTable

__all__ = ["add_parser", "run"]

_MODULES = 20
_MILESTONES_SHOWN = 6


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "cohort",
        help="show how far your cohort is, and where you are in it",
        description="Fetch how far the members of your cohort are, which is the same for all who "
        "ask, and work out on this machine where you are among them. Nothing of your progress or "
        "score is sent. No ranks.",
    )
    parser.add_argument(
        "--cohort",
        metavar="NAME",
        help="another cohort than your own; '-' is the whole course",
    )
    parser.add_argument(
        "--bands",
        action="store_true",
        help="also say whether you are in the middle half or first quarter",
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Fetch the tables, work out the place, show both."""
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.cli.community.progress import refreshed_progress

    session = open_session(options, streams)
    api = session.community_api()
    profile = session.joined_profile().value
    about = api.about()
    name = _chosen(options.cohort, profile.context.cohort, about)
    table, document = api.cohort(name)
    progress = refreshed_progress(session, profile.progress)
    place = _place(table, progress, bands=options.bands)
    if not session.streams.json:
        _show(session, table)
        session.say("", *_sentences(table, progress, place))
        if options.cohort is None and name is None and profile.context.cohort:
            session.say("Of your own cohort no table is published yet; this is the whole course.")
    session.finish({"address": api.address.url, "cohort": document, "you": place})
    return Exit.OK


def _chosen(wanted: str | None, own: str | None, about: About) -> str | None:
    """Choose the cohort to ask for, by the name that the server itself gave.

    None is the whole course. A cohort of one's own that the server did not name is not
    told to it.
    """
    from tito_bench.errors import UsageError
    from tito_bench.safe_text import safe_text

    if wanted == "-":
        return None
    named = {name.casefold(): name for name in about.cohorts}
    if wanted is None:
        return named.get((own or "").casefold())
    found = named.get(wanted.casefold())
    if found is None:
        known = ", ".join(safe_text(name, 60) for name in about.cohorts[:20]) or "none yet"
        raise UsageError(
            f"--cohort: no table of {safe_text(wanted, 60)} is published; there are: {known}"
        )
    return found


def _place(table: CohortTable, progress: Progress, *, bands: bool) -> dict[str, Any]:
    """Return where one is, for people and programs; nothing where nothing is published."""
    from dataclasses import replace

    from tito_bench.community.peers import band_of_score, peers_at

    def among(spans: Sequence[Span], other: int, figure: int) -> Peers | None:
        found = peers_at(spans, other, figure) if spans else None
        return replace(found, band=None) if found and not bands else found

    score = progress.capstone_score
    quartiles = table.capstone.quartiles if table.capstone else None
    return {
        "modules_completed": progress.modules_completed,
        "milestones_passed": progress.milestones_passed,
        "modules": among(table.modules, table.modules_other_at_least, progress.modules_completed),
        "milestones": among(
            table.milestones, table.milestones_other_at_least, progress.milestones_passed
        ),
        "capstone_band": band_of_score(quartiles, score)
        if bands and quartiles and score is not None
        else None,
    }


def _show(session: CommunityContext, table: CohortTable) -> None:
    from tito_bench.cli.community.released import head

    session.say(head(table))
    _spans(session, "modules finished", table.modules, table.modules_other_at_least)
    _spans(session, "milestones passed", table.milestones, table.milestones_other_at_least)
    kinds = [(one.course_type, f"{one.at_least}+") for one in table.course_types]
    _table(session, "course type", kinds, table.course_types_other_at_least)
    names = [(one.name, f"{one.at_least}+") for one in table.institutions]
    _table(session, "institution", names, 0)
    if table.capstone is not None:
        low, middle, high = table.capstone.quartiles
        session.say(
            f"Capstone scores of {table.capstone.people_at_least}+ people: half of them are from "
            f"{low} to {high}, the middle is {middle}"
        )


def _spans(session: CommunityContext, what: str, spans: Sequence[Span], other: int) -> None:
    _table(session, what, [(span.text, f"{span.at_least}+") for span in spans], other)


def _table(
    session: CommunityContext, what: str, rows: Sequence[tuple[str, str]], other: int
) -> None:
    if rows:
        rest = [("not shown apart", f"{other}+")] if other else []
        session.table((what, "people"), [*rows, *rest], "")


def _sentences(table: CohortTable, progress: Progress, place: dict[str, Any]) -> list[str]:
    """Say where one is, in words; below the middle, what comes next."""
    from tito_bench.cli.community.released import of_whom

    done = progress.modules_completed
    peers: Peers | None = place["modules"]
    said = [f"You have finished {done} of {_MODULES} modules."]
    if peers is not None:
        parts = []
        if peers.span is not None and peers.alike:
            parts.append(f"{peers.alike}+ are at {peers.span.text} as you are")
        if peers.beyond:
            parts.append(f"{peers.beyond}+ beyond")
        if parts:
            said.append(f"Of {of_whom(table)}, {' and '.join(parts)}.")
        if peers.band is not None:
            said.append(f"By modules you are in the {peers.band}.")
        elif peers.next_figure is not None:
            left = peers.next_figure - done
            more = "module" if left == 1 else "modules"
            said.append(f"{left} more {more}, and you are at {peers.next_figure}.")
    if place["capstone_band"] is not None:
        said.append(f"By capstone score you are in the {place['capstone_band']}.")
    said.append("This was worked out here; nothing of your progress or score was sent for it.")
    return said
