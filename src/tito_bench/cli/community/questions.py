"""The questions of `join` and `update`, the flags that answer them, and how both are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tito_bench.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.community.profile import Profile

__all__ = [
    "FIELDS",
    "Field",
    "add_field_flags",
    "add_share_flag",
    "answers",
    "value_of",
    "with_answers",
]

# Beside COURSE_TYPES and EXPERIENCE_LEVELS of community/profile.py, whose import
# would cost `--help` 40 ms; a test keeps them the same.
_COURSE_TYPES = ("university", "bootcamp", "self-paced", "other")
_EXPERIENCE = ("beginner", "intermediate", "advanced", "expert")

CLEAR = "-"


@dataclass(frozen=True)
class Field:
    """One field of the profile that a student may fill in."""

    name: str
    flag: str
    title: str
    choices: tuple[str, ...] = ()


FIELDS = (
    Field("country", "--country", "Country"),
    Field("institution", "--institution", "Institution"),
    Field("course_type", "--course-type", "Course type", _COURSE_TYPES),
    Field("experience", "--experience", "Experience", _EXPERIENCE),
)


def add_field_flags(parser: argparse.ArgumentParser, *, clearable: bool) -> None:
    """Add the flag of each field, and `--cohort`."""
    clears = f"; {CLEAR} clears it" if clearable else ""
    extra = (CLEAR,) if clearable else ()
    for field in FIELDS:
        parser.add_argument(
            field.flag,
            choices=(*field.choices, *extra) if field.choices else None,
            help=f"{_HELP[field.name]}{clears}",
        )
    parser.add_argument("--cohort", help="cohort, instead of the one of today's date" + clears)


def add_share_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--share`, the consent of those who are not asked."""
    parser.add_argument(
        "--share",
        action="store_true",
        help="agree to send this to the website of .tinytorch/config.json, if it is on",
    )


_HELP = {
    "country": "by any of its names or ISO codes",
    "institution": "where you learn",
    "course_type": "how you learn",
    "experience": "how far you were before",
}


def answers(
    options: argparse.Namespace, session: CommunityContext, current: Profile | None, ask: bool
) -> dict[str, str | None]:
    """Return what the flags and the student say, checked; fields not mentioned are to stay.

    Raises `UsageError` for a flag that cannot be understood; a typed answer
    that cannot is asked for again.
    """
    found: dict[str, str | None] = {}
    for field in FIELDS:
        given = getattr(options, field.name)
        if given is not None:
            found[field.name] = _read(field, given)
        elif ask:
            before = value_of(current, field.name) if current else None
            answer = _ask(field, session, before)
            if answer:
                found[field.name] = _read(field, answer)
    if options.cohort is not None:
        from tito_bench.community.cohort import named_cohort

        found["cohort"] = None if options.cohort == CLEAR else named_cohort(options.cohort)
    return found


def with_answers(profile: Profile, found: dict[str, str | None]) -> Profile:
    """Return the profile with the answers in their places."""
    from msgspec.structs import replace

    context = replace(
        profile.context,
        course_type=found.get("course_type", profile.context.course_type),
        experience_level=found.get("experience", profile.context.experience_level),
        cohort=found.get("cohort", profile.context.cohort),
    )
    country = found.get("country", profile.location.country)
    institution = found.get("institution", profile.institution.name)
    return replace(
        profile,
        location=replace(profile.location, country=country),
        institution=replace(profile.institution, name=institution),
        context=context,
    )


def value_of(profile: Profile, name: str) -> str | None:
    """Return the current value of a field."""
    return {
        "country": profile.location.country,
        "institution": profile.institution.name,
        "course_type": profile.context.course_type,
        "experience": profile.context.experience_level,
        "cohort": profile.context.cohort,
    }[name]


def _read(field: Field, text: str) -> str | None:
    """Return the value that a text stands for; None clears the field."""
    if text.strip() == CLEAR:
        return None
    if field.name == "country":
        from tito_bench.community.country import resolve_country

        return resolve_country(text) if text.strip() else None
    if field.choices:
        matches = [one for one in field.choices if one.startswith(text.strip().lower())]
        if len(matches) != 1 or not text.strip():
            raise UsageError(f"{field.title}: one of {', '.join(field.choices)}")
        return matches[0]
    from tito_bench.community.profile import institution_name

    return institution_name(text)


def _ask(field: Field, session: CommunityContext, before: str | None) -> str:
    """Ask until the answer can be read; an empty one skips or keeps."""
    from tito_bench.safe_text import safe_text

    hint = f" ({', '.join(field.choices)})" if field.choices else ""
    now = f" [{safe_text(before)}; Enter keeps, {CLEAR} clears]" if before else " [Enter skips]"
    while True:
        answer = session.streams.ask(f"{field.title}{hint}{now}: ", flag=field.flag)
        try:
            if answer:
                _read(field, answer)
        except UsageError as error:
            session.say(f"  {error}")
            continue
        return answer
