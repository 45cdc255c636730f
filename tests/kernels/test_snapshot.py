"""What must be the same after code has run, and answers that only the worker can have given."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
import textwrap
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tito_bench import _native

KEY = bytes(range(16))


class Thing:
    """One that is watched."""

    def method(self) -> None:
        """Do nothing."""


def _names(snapshot: _native.Snapshot, names: dict[Any, Any]) -> None:
    snapshot.watch_names("names", names, closed=True)


# What is watched, how, what is done to it, and what is said.
def _cases() -> dict[str, tuple[Callable[[_native.Snapshot], object], Callable[[], object], str]]:
    names, open_names = {"a": [], "b": []}, {"a": []}
    thing, items = SimpleNamespace(part=[]), [[], []]
    other, array = Thing(), np.arange(64, dtype=np.float32)
    state = ["before"]

    def function() -> int:
        return 1

    table = gc.get_referents(vars(Thing))[0]
    return {
        "another value": (lambda s: _names(s, names), lambda: names.update(b=[]), "names.b"),
        "a name too many": (lambda s: _names(s, dict(names)), lambda: None, ""),
        "a name less": (
            lambda s: s.watch_names("open", open_names, closed=False),
            open_names.clear,
            "open.a",
        ),
        "a new name where there may be some": (
            lambda s: s.watch_names("open", open_names, closed=False),
            lambda: open_names.update(a=open_names["a"], c=[]),
            "",
        ),
        "an attribute": (
            lambda s: s.watch_attribute("thing.part", thing, "part"),
            lambda: setattr(thing, "part", []),
            "thing.part",
        ),
        "an attribute that was not there": (
            lambda s: s.watch_attribute("thing.new", thing, "new"),
            lambda: setattr(thing, "new", []),
            "thing.new",
        ),
        "a class": (
            lambda s: s.watch_attribute("the class of other", other, "__class__"),
            lambda: setattr(other, "__class__", type("Another", (Thing,), {})),
            "the class of other",
        ),
        "a method, past the class": (
            lambda s: s.watch_names("Thing", table, closed=True),
            lambda: table.update(method=None),
            "Thing.method",
        ),
        "items": (lambda s: s.watch_items("items", items), items.pop, "items"),
        "an answer": (
            lambda s: s.watch_answer("state", lambda: state[0]),
            lambda: state.insert(0, "after"),
            "state",
        ),
        "a function's code": (
            lambda s: s.watch_function("function", function),
            lambda: setattr(function, "__code__", (lambda: 2).__code__),
            "function",
        ),
        "a function's defaults": (
            lambda s: s.watch_function("function", function),
            lambda: setattr(function, "__defaults__", ()),
            "function",
        ),
        "numbers": (
            lambda s: s.watch_numbers("array", array),
            lambda: array.fill(0),
            "the numbers of array",
        ),
    }


@pytest.mark.parametrize("case", _cases())
def test_what_is_another_is_named(case: str) -> None:
    watch, change, said = _cases()[case]
    snapshot = _native.Snapshot()
    watch(snapshot)
    assert snapshot.changed() is None
    change()
    assert (snapshot.changed() or "") == said


def test_of_a_table_only_what_is_asked_for_must_stay() -> None:
    names: dict[str, object] = {"a": 1, "b": 2, "c": 3}
    snapshot = _native.Snapshot()
    snapshot.watch_names("names", names, closed=False, asked_for={"c", "d"})
    names |= {"a": 0, "b": 0, "d": 0}
    assert snapshot.changed() is None
    names["c"] = 0
    assert snapshot.changed() == "names.c"


def test_a_closed_table_has_no_name_more() -> None:
    names: dict[str, object] = {"a": 1}
    snapshot = _native.Snapshot()
    snapshot.watch_names("names", names, closed=True)
    names["__slotnames__"] = []  # the `copy` module's
    assert snapshot.changed() is None
    names["b"] = 2
    assert snapshot.changed() == "names"


@pytest.mark.parametrize("place", [0, 31, 63])
def test_any_number_is_looked_at_within_64_times(place: int) -> None:
    array = np.arange(64, dtype=np.float32)
    snapshot = _native.Snapshot()
    snapshot.watch_numbers("array", array)
    array[place] += 1
    assert sum(snapshot.changed() is not None for _ in range(64)) == 1


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=30
    )


HELD = """
    import sys
    from tito_bench import _native
    class Judge:
        limit = 5.0
    snapshot, hooks = _native.Snapshot(), _native.Hooks()
    snapshot.watch_attribute("Judge.limit", Judge, "limit")
    hooks.hold(snapshot, lambda error: type(error).__name__)
    def student():
        {does}
    try:
        hooks.call(student)
        print("judged by", Judge.limit)
    except _native.Raised as raised:
        print("raised", *raised.args, raised.__context__)
    """


@pytest.mark.parametrize(
    ("does", "code", "out", "error"),
    [
        ("pass", 0, "judged by 5.0\n", ""),
        ("Judge.limit = 9.0", 1, "", "the code under test replaced Judge.limit\n"),
        ("1 / 0", 0, "raised ZeroDivisionError None\n", ""),
        ("hooks.__init__()", 0, "judged by 5.0\n", ""),
        ("hooks.hold(_native.Snapshot(), str)", 0, "raised RuntimeError None\n", ""),
    ],
)
def test_nothing_goes_on_where_who_judges_is_another(
    does: str, code: int, out: str, error: str
) -> None:
    done = run(HELD.format(does=does))
    assert (done.returncode, done.stdout, done.stderr) == (code, out, error)


def test_no_object_of_the_judges_is_made_again() -> None:
    kernels = _native.Kernels("portable")
    best = _native.Kernels().target
    other = _native.Kernels()
    other.__init__("portable")  # type: ignore[misc]
    assert (kernels.target, other.target) == ("portable", best)


def test_what_is_left_of_a_result_runs_nothing() -> None:
    class Loud(np.ndarray):
        """Any class of theirs."""

    array = np.ones(3, dtype=np.float32)
    copy = _native.detach(array, np.ndarray)
    assert np.array_equal(copy, array)
    assert not np.shares_memory(copy, array)
    assert _native.detach(array.view(Loud), np.ndarray) == "Loud"
    assert _native.detach(np.array([Thing()]), np.ndarray) == "ndarray"
    assert _native.detach(None, np.ndarray) == "NoneType"


# Appendix A of the paper: key 00 01 ... 0f, text 00 01 ... 0e.
def test_the_seal_is_that_of_the_paper() -> None:
    if sys.byteorder == "little":
        assert _native.seal(KEY, 0, bytes(range(15))) == b"a129ca6149be45e5"


def test_a_seal_is_of_one_key_one_number_and_one_text() -> None:
    seals = {
        _native.seal(key, number, text)
        for key in (KEY, KEY[::-1])
        for number in (1, 2)
        for text in (b"", b"one", b"one two three")
    }
    assert len(seals) == 12
    with pytest.raises(ValueError, match="16 bytes"):
        _native.seal(b"short", 1, b"")


def test_every_answer_is_sealed_in_its_order() -> None:
    answers = io.BytesIO()
    questions = io.BytesIO(KEY + b"a\nb\n")
    _native.answer_questions(questions, answers, lambda line: line.strip().upper())  # type: ignore[arg-type]
    said = [line.partition(b" ") for line in answers.getvalue().splitlines()]
    assert [text for _, _, text in said] == [b"A", b"B"]
    assert [sealed for sealed, _, _ in said] == [
        _native.seal(KEY, 1, b"A"), _native.seal(KEY, 2, b"B"),
    ]  # fmt: skip
