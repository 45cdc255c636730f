"""What peers' verbs show: tables and sentences of what the community server answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tito_bench.cli.community.community_context import CommunityContext

__all__ = ["show"]

_LONGEST = 400
_EVENTS = {
    "group asked": "somebody asks to join your group: tito-bench community groups show {}",
    "group accepted": "you are in: tito-bench community groups show {}",
    "group declined": "a group you asked has no place for you; there are others",
    "group left": "somebody has left your group {}",
    "group closed": "a group of yours has ended",
    "match proposed": "there is a match for you: tito-bench community mentors",
    "match met": "both of you said yes; the contact: tito-bench community mentors",
    "match over": "a match has ended",
    "offer paused": "a learner had no answer from you, so your offer is paused: "
    "tito-bench community mentors offer",
    "request lapsed": "your request for a mentor has ended; you can ask again",
}


def show(session: CommunityContext, path: str, found: Mapping[str, Any]) -> None:
    """Show the answer to a question by its path, made harmless first.

    Raises `AskingFailed` for an answer of another shape.
    """
    from tito_bench.website.community_api import AskingFailed

    try:
        _SHOWN[path](session, _harmless(found))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AskingFailed(
            "the answer is not that of a community server; is this the right address, and is its "
            "server as new as this command?"
        ) from error


def _harmless(found: Any) -> Any:
    if isinstance(found, str):
        return safe_text(found, _LONGEST)
    if isinstance(found, list):
        return [_harmless(one) for one in found]
    if isinstance(found, dict):
        return {key: _harmless(value) for key, value in found.items()}
    return found


def _span(found: Mapping[str, Any]) -> str:
    low, high = found["from"], found["to"]
    return str(low) if low == high else f"{low}-{high}"


def _utc(found: Mapping[str, Any]) -> str:
    return f"UTC{found['from']:+d} to {found['to']:+d}"


def _roster(session: CommunityContext, found: Mapping[str, Any]) -> None:
    if found["card"] is None:
        session.say(
            "The roster is seen by those who are on it. Put yourself there: "
            "tito-bench community roster join HANDLE"
        )
        return
    rows = [
        (one["handle"] + mark, _span(one["modules"]), one["country"] or "")
        for mark, cards in ((" (you)", [found["card"]]), ("", found["cards"]))
        for one in cards
    ]
    session.table(("who", "modules", "country"), rows, "The roster")


def _ladder(session: CommunityContext, found: Mapping[str, Any]) -> None:
    if not found["on_ladder"]:
        session.say(
            "The ladder is seen by those on it: tito-bench community roster join ... --ladder"
        )
    elif not found["enough"]:
        session.say("Fewer than eight are on the ladder; it is shown from eight up.")
    else:
        rows = [
            (str(one["modules"]), str(one["milestones"]), ", ".join(one["handles"]))
            for one in found["rungs"]
        ]
        session.table(("modules", "milestones", "who"), rows, "Those of similar progress")


def _groups(session: CommunityContext, found: Mapping[str, Any]) -> None:
    for title, groups in (("Your groups", found["mine"]), ("With free places", found["groups"])):
        rows = [
            (
                one["id"],
                _span(one["modules"]),
                one["language"],
                _utc(one["utc"]),
                one["pace"],
                f"{one['places_free']} of {one['places']}",
                one["you"] or one["about"],
            )
            for one in groups
        ]
        if rows:
            heads = ("group", "modules", "language", "hours", "pace", "free", "")
            session.table(heads, rows, title)
    if found["groups"]:
        session.say("Ask to join: tito-bench community groups ask GROUP")
    else:
        session.say(
            "No other group has a free place. Make one: "
            "tito-bench community groups new --modules 5-8 --contact TEXT"
        )


def _group(session: CommunityContext, found: Mapping[str, Any]) -> None:
    session.say(
        f"Group {found['id']}: modules {_span(found['modules'])}, "
        f"{found['language']}, {_utc(found['utc'])}, {found['pace']}, "
        f"{found['places_free']} of {found['places']} places free"
    )
    if found["about"]:
        session.say(found["about"])
    rows = [
        (
            one["handle"] + (" (you)" if one["handle"] == found["handle"] else ""),
            "asks to join" if one["state"] == "asked" else "in",
            _span(one["modules"]),
            one["language"],
            _utc(one["utc"]),
        )
        for one in found["seats"]
    ]
    if rows:
        session.table(("who", "", "modules", "language", "hours"), rows, "")
    if any(one["state"] == "asked" for one in found["seats"]):
        answer = f"tito-bench community groups answer {found['id']} HANDLE"
        session.say(f"Let one in: {answer}; or not: {answer} --no")
    if found["contact"] is not None:
        session.say(f"Contact: {found['contact']}")
    elif found["you"] == "asked":
        session.say("You have asked; the contact is shown when you are in.")


def _matches(session: CommunityContext, found: Mapping[str, Any]) -> None:
    from tito_bench.report.numbers import counted

    offer, request = found["offer"], found["request"]
    if offer is not None:
        state = "paused" if offer["paused"] else f"{offer['places_free']} of {offer['places']} free"
        session.say(f"You offer to be a mentor ({state}).")
    for one in found["matches"]:
        _match(session, one)
    if request is not None and not found["matches"]:
        asked = counted(request["waits_days"], "day")
        session.say(f"You asked {asked} ago; nobody who fits is free yet.")
    days = found["median_wait_days"]
    if days is not None:
        longer = "longer than " if found["median_wait_is_longer"] else ""
        session.say(
            f"Of those who asked in the last 30 days, half waited {longer}{counted(days, 'day')}."
        )
    if found["queue_closed"] and request is None and not found["matches"]:
        session.say(
            "More wait than the mentors here can take. A study group is quicker: "
            "tito-bench community groups find"
        )


def _match(session: CommunityContext, one: Mapping[str, Any]) -> None:
    other = (
        f"a learner at module {one['module']}"
        if one["you_are"] == "mentor"
        else f"a mentor who says: finished {one['mentor_says_finished']} of 20"
    )
    name = one["id"]
    session.say(f"Match {name}: {other}, {one['language']}, {_utc(one['utc'])}")
    answer = f"tito-bench community mentors answer {name}"
    if one["contact"] is not None:
        session.say(f"    Contact: {one['contact']}", f"    End it: {answer} --no")
    elif one["you_said_yes"]:
        session.say("    You said yes; the contact is shown when both have.")
    else:
        session.say(f"    Yes: {answer} --contact TEXT; or no: {answer} --no")


def _blocks(session: CommunityContext, found: Mapping[str, Any]) -> None:
    rows = [
        (one["id"], f"{one['kind']} {one['ref']}", str(one["days_ago"])) for one in found["blocks"]
    ]
    if rows:
        session.table(("block", "as you named them", "days ago"), rows, "Whom you have blocked")
        session.say("Take one back: tito-bench community unblock BLOCK")
    else:
        session.say("You have blocked nobody.")


def _inbox(session: CommunityContext, found: Mapping[str, Any]) -> None:
    for one in found["events"]:
        words = _EVENTS.get(one["kind"], one["kind"])
        session.say(f"{one['number']:>4}  {words.format(one['ref'])}")
    if not found["events"]:
        session.say("Nothing new.")


_SHOWN: dict[str, Callable[[CommunityContext, Mapping[str, Any]], None]] = {
    "roster": _roster,
    "ladder": _ladder,
    "groups": _groups,
    "groups/{id}": _group,
    "matches": _matches,
    "blocks": _blocks,
    "inbox": _inbox,
}
