"""An explanation as people read it in a terminal, from 40 columns upwards."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Console

from tito_bench.explain.causes import Cause, amount
from tito_bench.measure.evidence import Place
from tito_bench.records.explanation import Explanation, OperationExplanation, Split
from tito_bench.report.capstone_view import ratio_text
from tito_bench.report.numbers import duration, three_digits, times
from tito_bench.report.terminal import Symbols, print_subject
from tito_bench.report.wording import LESSONS, words
from tito_bench.report.wrapping import Line, print_line
from tito_bench.safe_text import safe_text
from tito_bench.score import POINTS_PER_DOUBLING
from tito_bench.subjects.course_modules import COURSE_MODULES

__all__ = ["print_explanation"]

_INDENT = "   "
_LONGEST = 400  # characters of one sentence
_MOSTLY_UNEXPLAINED = 0.5
_NATIVE = {"kernel": "native kernel", "blas": "native BLAS"}
_WHERE = {
    "python_loop": "The line that ran most:",
    "temporaries": "Made by",
    "float64_copies": "Made by",
}
_MODULES = {module.number: str(module) for module in COURSE_MODULES}


def print_explanation(
    console: Console,
    explanation: Explanation,
    symbols: Symbols,
    *,
    detailed: bool,
    verbose: bool = False,
) -> None:
    """Print it: with all there is to say of the operations where `detailed`, else in short.

    `verbose` prints all facts of code and machine.
    """
    for line in _lines(explanation, symbols, detailed):
        print_line(console, line)
    system, operations = explanation.system_info, explanation.operations
    print_subject(console, explanation.subject, system, operations, None, verbose=verbose)
    if explanation.subject.note:
        console.print()
        note = safe_text(explanation.subject.note, _LONGEST)
        print_line(console, Line(symbols.note, note, "yellow"))


def _lines(explanation: Explanation, symbols: Symbols, detailed: bool) -> Iterator[Line]:
    yield Line("", "")
    yield Line(symbols.target, "Where the time goes", "bold")
    for operation in explanation.operations:
        yield Line("", "")
        yield _heading(operation, symbols)
        if detailed and operation.split is not None:
            own = explanation.subject.name != "numpy"
            yield from _split(operation, operation.split, own)
        yield from _reasons(operation, symbols, detailed)
    yield from _optimisations(explanation, symbols)
    if not detailed:
        name = explanation.operations[0].name
        yield Line("", "")
        yield Line("", f"More on one of them: tito-bench benchmark explain {name}")


def _optimisations(explanation: Explanation, symbols: Symbols) -> Iterator[Line]:
    """Tell what each gives; one reason for several that could not be tried is said once."""
    if not explanation.optimisations:
        return
    yield Line("", "")
    yield Line(symbols.bullet, "What your optimisations give", "bold")
    reasons: dict[str, list[str]] = {}
    for one in explanation.optimisations:
        if one.failure is not None:
            reasons.setdefault(one.failure.reason, []).append(one.name)
        elif one.figures is not None:
            found = one.figures
            gives = ratio_text(found.speedup, found.speedup_interval)
            near = times(found.optimised_slowdown)
            text = f"{found.name} beside your {found.against}: {gives}; {near} from native"
            yield Line(_INDENT, text)
    for reason, names in reasons.items():
        yield Line(_INDENT, safe_text(f"{', '.join(names)}: {reason}", _LONGEST))


# -- one operation ---------------------------------------------------------------------------


def _heading(operation: OperationExplanation, symbols: Symbols) -> Line:
    title = operation.name.replace("_", " ")
    if operation.failure is not None:
        reason = safe_text(operation.failure.reason, _LONGEST)
        return Line(symbols.bullet, f"{title}: not measured ({reason})", "bold")
    if operation.split is None:
        return Line(symbols.bullet, f"{title}: no rounds", "bold")
    text = f"{title}: slowdown {times(operation.split.slowdown)}"
    if operation.points_lost is not None:
        text += f", costs {max(0.0, operation.points_lost):.1f} points"
    elif not operation.scored:
        text += ", not scored"
    return Line(symbols.bullet, text, "bold")


def _reasons(operation: OperationExplanation, symbols: Symbols, detailed: bool) -> Iterator[Line]:
    if operation.unseen is not None:
        reason = safe_text(operation.unseen.reason, _LONGEST)
        yield Line(_INDENT, f"Why is not known: {reason}")
        return
    if operation.near_native:
        yield Line(_INDENT, "As near to native as it gets: there is nothing to explain.", "green")
        return
    if operation.evidence is None:
        return
    for cause in operation.causes if detailed else operation.causes[:1]:
        if detailed:
            yield Line("", "")
        yield from _cause(cause, symbols, detailed)
    if not detailed and len(operation.causes) > 1:
        more = len(operation.causes) - 1
        yield Line(_INDENT, f"And {more} more cause{'' if more == 1 else 's'}.", "dim")
    yield from _rest(operation, detailed)


def _split(operation: OperationExplanation, split: Split, own: bool) -> Iterator[Line]:
    """Tell the parts of the time; `own`: the code is the student's, not NumPy alone."""
    calls = operation.dispatch_calls
    parts = [
        (_NATIVE[operation.native_reference], split.native_ns),
        (f"{calls} array call{'' if calls == 1 else 's'}", split.dispatch_ns),
        ("what remains", split.remaining_ns),
    ]
    for name, ns in parts:
        share = f"{100 * ns / split.subject_ns:.0f}%"
        yield Line(_INDENT, f"{name:<15}{_ms(ns):>11} {share:>5}")
    whole = "your code" if own else "NumPy alone"
    yield Line(_INDENT, f"{whole:<15}{_ms(split.subject_ns):>11}  100%", "bold")
    if own and split.plain_ns is not None:
        yield Line(_INDENT, f"{'NumPy alone':<15}{_ms(split.plain_ns):>11}", "dim")
    yield from _figure(operation, split)


def _figure(operation: OperationExplanation, split: Split) -> Iterator[Line]:
    """Tell the figure that the score is made of, the native one beside it, and the points."""
    if operation.interpreter_share > 0:
        least, ratio = _ms(split.subject_ns / split.slowdown), times(split.slowdown)
        text = f"{'at least':<15}{least:>11}        {ratio:>7}  (of loops; this counts)"
        yield Line(_INDENT, text, "bold")
        native_ns = split.native_ns + split.dispatch_ns
        ratio = times(split.subject_ns / native_ns)
        yield Line(_INDENT, f"{'native':<15}{_ms(native_ns):>11}        {ratio:>7}", "dim")
    if split.slowdown <= 1:
        return
    doublings = math.log2(split.slowdown)
    own = POINTS_PER_DOUBLING * doublings
    text = f"{times(split.slowdown)} is {three_digits(doublings)} doublings, each worth"
    text += f" {POINTS_PER_DOUBLING:.0f} points: {three_digits(own)}"
    if operation.points_lost:
        text += f"; this operation is {operation.points_lost / own:.0%} of the score, so"
        text += f" {three_digits(operation.points_lost)} points of it"
    yield Line(_INDENT, f"{text}.")


def _cause(cause: Cause, symbols: Symbols, detailed: bool) -> Iterator[Line]:
    sentence, remedy = words(cause)
    certainty = "Measured" if cause.certainty == "measured" else "Likely"
    yield Line(_INDENT, f"{certainty}: {safe_text(sentence, _LONGEST)}")
    for place in cause.places if detailed else cause.places[:1]:
        yield from _place(cause, place)
    if detailed and cause.cost_ns is not None:
        yield Line(_INDENT, f"That is about {_ms(cause.cost_ns)} of each call.")
    yield Line(_INDENT + symbols.note, remedy)
    lessons = "; ".join(f"{_MODULES[number]} ({what})" for number, what in LESSONS[cause.code])
    yield Line(_INDENT, f"Taught in {lessons}.", "dim")


def _place(cause: Cause, place: Place) -> Iterator[Line]:
    """Tell a line, with how often it ran or how much it asked for, and where to edit it."""
    count = f"{place.count:,} times" if cause.code == "python_loop" else amount(place.count)
    where = place.line
    if place.edited_at not in {"", _file_and_line(place)}:
        where = f"{place.edited_at} ({place.line})"
    yield Line(_INDENT, f"{_WHERE[cause.code]} {safe_text(where, _LONGEST)} ({count})")
    if place.text:
        yield Line(_INDENT * 2, safe_text(place.text, _LONGEST), "cyan")


def _file_and_line(place: Place) -> str:
    file, _, line = place.line.rpartition(":")
    return f"{file}, line {line}"


def _rest(operation: OperationExplanation, detailed: bool) -> Iterator[Line]:
    share = operation.unexplained_share
    if not operation.causes:
        text = "The measurement shows no single cause."
    elif share is not None and share > _MOSTLY_UNEXPLAINED:
        text = f"For {100 * share:.0f}% of what remains the measurement shows no cause."
    else:
        return
    if detailed:
        yield Line("", "")
    yield Line(_INDENT, text)


def _ms(ns: float) -> str:
    return duration(ns / 1e6)
